"""Who has been here: visitors and their looks, for the length of a run or of a business day."""

import itertools
import math
import threading
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from dongsun.serve_edge.pipeline.gallery_policy import GalleryPolicy
from dongsun.serve_edge.pipeline.look_set import LookSet
from dongsun.serve_edge.pipeline.staff_register import StaffRegister


@dataclass
class Visitor:
    """A person who has been seen, perhaps on several tracks."""

    visitor_id: int
    looks: LookSet
    last_seen_s: dict[str, float] = field(default_factory=dict)
    """By camera."""

    @property
    def latest_s(self) -> float:
        """When any camera saw them last."""
        return max(self.last_seen_s.values(), default=0.0)

    def note(self, camera_id: str, time_s: float) -> None:
        """A camera sees them."""
        self.last_seen_s[camera_id] = max(self.last_seen_s.get(camera_id, time_s), time_s)


class Gallery:
    """Open-set identification of tracks: a known visitor, or a new one.

    A track is the visitor whose looks are most like its own, if that reaches the bundle's threshold and the policy's
    margin; or more than that, if the same camera has seen the visitor while the track was in view: two boxes may be
    around one person, and tracks exchange their people. But nobody is in two places at once, unless two cameras see
    the same place. Cameras that share a gallery must share their stream time's zero; it may be used from their threads.

    Args:
        similarity_threshold: The bundle's, at the precision in use; None without a re-ID model: every track is new.
        policy: What is kept and how it is compared.
        ids: Where visitors' ids come from; by default 1, 2, 3, …
        staff: Which of the visitors are staff; by default none.
    """

    def __init__(
        self,
        similarity_threshold: float | None,
        policy: GalleryPolicy,
        ids: Iterator[int] | None = None,
        staff: StaffRegister | None = None,
    ) -> None:
        self.staff = staff or StaffRegister()
        self._threshold = None if similarity_threshold is None else similarity_threshold + policy.margin
        self._policy = policy
        self._ids = itertools.count(1) if ids is None else ids
        self._lock = threading.Lock()
        self._visitors: dict[int, Visitor] = {}
        self.count = 0

    def __len__(self) -> int:
        return len(self._visitors)

    def identify(
        self,
        looks: LookSet,
        born_s: float,
        sure_s: float,
        camera_id: str = "",
        elsewhere: Collection[int] = (),
    ) -> int | None:
        """The visitor on a track seen from `born_s` and surely the same until `sure_s`, with its looks.

        Perhaps a new one; None if they are nobody known and the looks are too poor to found a visitor on. It is none
        of the visitors who are `elsewhere` in the camera's picture at this moment.
        """
        with self._lock:
            self._forget(sure_s)
            visitor = self._most_alike(looks, born_s, camera_id, elsewhere)
            if visitor is None:
                if self._threshold is not None and float(looks.weights.sum()) < self._policy.found_quality:
                    return None
                visitor = self._new()
            visitor.looks = visitor.looks.with_looks(looks, self._policy)
            visitor.note(camera_id, sure_s)
            self.staff.looked(visitor.visitor_id, visitor.looks)
            return visitor.visitor_id

    def seen(self, visitor_id: int, time_s: float, looks: LookSet, camera_id: str = "") -> None:
        """Notes that the visitor is in view at `time_s`, with the looks taken since."""
        with self._lock:
            visitor = self._visitors.get(visitor_id)
            if visitor is None:
                return
            visitor.note(camera_id, time_s)
            if len(looks) and self._policy.learn:
                visitor.looks = visitor.looks.with_looks(looks, self._policy)
                self.staff.looked(visitor_id, visitor.looks)

    def unseen_since(self, visitor_id: int, time_s: float, camera_id: str = "") -> None:
        """Takes back that the visitor was in view after `time_s`: it was somebody else."""
        with self._lock:
            if visitor := self._visitors.get(visitor_id):
                visitor.last_seen_s[camera_id] = min(visitor.last_seen_s.get(camera_id, time_s), time_s)

    def _most_alike(self, looks: LookSet, born_s: float, camera_id: str, elsewhere: Collection[int]) -> Visitor | None:
        if self._threshold is None:
            return None
        best: Visitor | None = None
        best_similarity = -math.inf
        for visitor in self._visitors.values():
            if visitor.visitor_id in elsewhere:
                continue
            overlaps = visitor.last_seen_s.get(camera_id, -math.inf) >= born_s + self._policy.overlap_s
            needed = self._threshold + (self._policy.overlap_margin if overlaps else 0.0)
            similarity = looks.similarity(visitor.looks, self._policy)
            if similarity is not None and similarity >= max(needed, best_similarity):
                best, best_similarity = visitor, similarity
        return best

    def _new(self) -> Visitor:
        if len(self._visitors) >= self._policy.most_visitors:
            oldest = min(self._visitors.values(), key=lambda v: v.latest_s)
            del self._visitors[oldest.visitor_id]
        visitor = Visitor(next(self._ids), LookSet())
        self._visitors[visitor.visitor_id] = visitor
        self.count += 1
        return visitor

    def _forget(self, now_s: float) -> None:
        if self._policy.forget_after_s is None:
            return
        before_s = now_s - self._policy.forget_after_s
        self._visitors = {key: v for key, v in self._visitors.items() if v.latest_s >= before_s}
