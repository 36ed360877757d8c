"""Which visitors of the day are staff: by where they stay long, or by what they wear."""

import threading
from dataclasses import dataclass

from dongsun.contract.embedding import Embeddings
from dongsun.serve_edge.pipeline.look_set import LookSet

_LEAST_LOOKS = 3
"""Fewer looks of somebody are no evidence of a uniform."""
_MOST_WATCHED = 10_000
"""Visitors whose time in staff's zones is remembered; twice as many as a gallery holds."""


@dataclass(frozen=True)
class StaffRules:
    """How a store tells staff from visitors; the default tells nobody.

    Attributes:
        zones: Ids of zones in which only staff stay long.
        zone_s: Seconds in them, over the business day, that make somebody staff.
        uniforms: Unit rows (k, d), one a uniform; None without.
        uniform_similarity: Somebody whose looks are at least this like a uniform wears it.
    """

    zones: frozenset[str] = frozenset()
    zone_s: float = 120.0
    uniforms: Embeddings | None = None
    uniform_similarity: float = 1.0


class StaffRegister:
    """The business day's staff; it ends with the gallery that it belongs to. Cameras' threads may use it at once.

    Args:
        rules: Of the store.
    """

    def __init__(self, rules: StaffRules | None = None) -> None:
        self.rules = rules or StaffRules()
        self._lock = threading.Lock()
        self._zone_s: dict[int, float] = {}
        self._staff: set[int] = set()
        self._news: set[int] = set()

    @property
    def known(self) -> tuple[int, ...]:
        """Visitors taken for staff so far, ascending."""
        with self._lock:
            return tuple(sorted(self._staff))

    def is_staff(self, visitor_id: int | None) -> bool:
        """Whether a visitor is taken for staff; nobody known is not."""
        with self._lock:
            return visitor_id in self._staff

    def stayed(self, visitor_id: int, seconds: float) -> None:
        """A stay in one of the zones has ended."""
        with self._lock:
            total_s = self._zone_s.pop(visitor_id, 0.0) + seconds
            self._zone_s[visitor_id] = total_s
            if len(self._zone_s) > _MOST_WATCHED:
                del self._zone_s[next(iter(self._zone_s))]
            if total_s >= self.rules.zone_s:
                self._take(visitor_id)

    def staying(self, visitor_id: int, seconds: float) -> None:
        """Somebody has been in one of the zones for so long, and still is."""
        with self._lock:
            if self._zone_s.get(visitor_id, 0.0) + seconds >= self.rules.zone_s:
                self._take(visitor_id)

    def looked(self, visitor_id: int, looks: LookSet) -> None:
        """How a visitor looks, as far as is known."""
        uniforms = self.rules.uniforms
        if uniforms is None or len(looks) < _LEAST_LOOKS:
            return
        if float((uniforms @ looks.centre).max()) >= self.rules.uniform_similarity:
            with self._lock:
                self._take(visitor_id)

    def take_news(self) -> tuple[int, ...]:
        """Staff found since the last call: what was written of them as visitors is to be set right."""
        with self._lock:
            news, self._news = self._news, set()
            return tuple(sorted(news))

    def _take(self, visitor_id: int) -> None:
        if visitor_id not in self._staff:
            self._staff.add(visitor_id)
            self._news.add(visitor_id)
