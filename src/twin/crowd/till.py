"""A counter where people queue."""

import math

from dongsun.twin.crowd.floor import Spot
from dongsun.twin.crowd.ground import Walker

SERVED_ANYWAY_S = 12.0
"""Whoever is first but cannot reach the counter in this time is served where they are."""


class Till:
    """First come, first served; a party queues and is served as one.

    Args:
        places: Where people stand, the served one first.
    """

    def __init__(self, places: list[Spot]) -> None:
        self._places = places
        self._row: list[tuple[Walker, ...]] = []
        self._first_since_s = 0.0
        self._served_until_s: float | None = None

    @property
    def tail(self) -> Spot:
        """Where the next one to come would stand."""
        return self._places[min(self._length, len(self._places) - 1)]

    def join(self, party: tuple[Walker, ...], now_s: float) -> bool:
        """Queues up; False where the queue is full."""
        if self._length + len(party) > len(self._places):
            return False
        if not self._row:
            self._first_since_s = now_s
        self._row.append(party)
        return True

    def place_of(self, walker: Walker) -> Spot:
        """Where somebody in the queue should stand now."""
        ahead = [w for party in self._row for w in party]
        return self._places[ahead.index(walker)]

    def has_served(self, party: tuple[Walker, ...], service_s: float, now_s: float) -> bool:
        """Serves a party if it is first; True, once, when it is done and has left the queue."""
        if self._row[0] is not party:
            return False
        if self._served_until_s is None:
            near = math.dist(party[0].at, self._places[0].at) < 0.45
            if near or now_s - self._first_since_s > SERVED_ANYWAY_S:
                self._served_until_s = now_s + service_s
            return False
        if now_s < self._served_until_s:
            return False
        self._row.pop(0)
        self._served_until_s, self._first_since_s = None, now_s
        return True

    @property
    def _length(self) -> int:
        return sum(len(party) for party in self._row)
