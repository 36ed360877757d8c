"""Events that were kept before it was known whose they are."""

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass

from dongsun.serve_edge.ledger.batch import NamedEvent
from dongsun.serve_edge.pipeline.people import People
from dongsun.serve_edge.pipeline.staff_register import StaffRegister

_MOST = 1000
"""Events of tracks still in view; more than a crowd ever has."""


@dataclass(frozen=True)
class _Unnamed:
    idempotency_key: str
    track_id: int
    at_s: float


class LateNames:
    """Remembers a camera's unnamed events until somebody is recognised on their track, or the track has ended.

    A crossing is kept as it happens; a face at the door takes some seconds of looks to be told. Without this, nearly
    every entry would stay nobody's: returns couldn't be counted, nor staff's entries set right.
    """

    def __init__(self) -> None:
        self._waiting: deque[_Unnamed] = deque(maxlen=_MOST)

    def note(self, idempotency_key: str, track_id: int, at_s: float) -> None:
        """An event was kept without a visitor."""
        self._waiting.append(_Unnamed(idempotency_key, track_id, at_s))

    def resolve(self, people: People, ended: Collection[int], staff: StaffRegister) -> tuple[NamedEvent, ...]:
        """The events whose visitors are known by now, each once; those of ended tracks are waited for no longer."""
        if not self._waiting:
            return ()
        named: list[NamedEvent] = []
        still: list[_Unnamed] = []
        for event in self._waiting:
            visitor_id = people.visitor_of(event.track_id, event.at_s)
            if visitor_id is not None:
                named.append(NamedEvent(event.idempotency_key, visitor_id, staff.is_staff(visitor_id)))
            elif event.track_id not in ended:
                still.append(event)
        self._waiting = deque(still, maxlen=_MOST)
        return tuple(named)
