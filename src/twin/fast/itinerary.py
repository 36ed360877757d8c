"""Where somebody goes, in order: ways walked at one speed, and pauses. Turned into positions in one stroke."""

import math
from dataclasses import dataclass, field

import numpy as np

from dongsun.twin.crowd.trajectories import Walk
from dongsun.twin.fast.pacing import headings, paced
from dongsun.twin.fast.routes import Routes, Way


@dataclass(frozen=True)
class Place:
    """Where somebody of a party keeps relative to its leader: metres to the left, and behind along the way."""

    left_m: float = 0.0
    behind_m: float = 0.0


@dataclass
class Itinerary:
    """One unbroken presence of a party's leader, as it is put together.

    Attributes:
        routes: Of the shop.
        at: Where the leader is by now, metres.
        now_s: The time by now.
        speed_m_s: Of the whole party.
    """

    routes: Routes
    at: tuple[float, float]
    now_s: float
    speed_m_s: float
    _legs: list[Way] = field(default_factory=list)
    _times: list[float] = field(default_factory=list)
    _ways_m: list[float] = field(default_factory=list)
    _facings: list[tuple[float, float, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._times.append(self.now_s)
        self._ways_m.append(0.0)

    def go(self, to: tuple[float, float]) -> None:
        """Walks to a place by the shortest way."""
        if math.dist(self.at, to) < 0.05:
            return
        way = self.routes.way(self.at, to)
        self._legs.append(way)
        self.now_s += way.length_m / self.speed_m_s
        self._times.append(self.now_s)
        self._ways_m.append(self._ways_m[-1] + way.length_m)
        self.at = to

    def pause(self, seconds: float, facing_rad: float = math.nan) -> None:
        """Stands still; NaN keeps the direction."""
        self._facings.append((self.now_s, self.now_s + seconds, facing_rad))
        self.now_s += seconds
        self._times.append(self.now_s)
        self._ways_m.append(self._ways_m[-1])

    def walk(self, person_id: int, place: Place, fps: int, first: int, end: int) -> Walk | None:
        """Positions of one of the party in the frames [first, end) of the clock; sample 0 is `first`'s or later.

        Whoever keeps behind appears and vanishes later, by that much of the way. None if never there.
        """
        appears_s = float(np.interp(place.behind_m, self._ways_m, self._times)) if place.behind_m else self._times[0]
        begin = max(first, math.ceil(appears_s * fps))
        lag_s = place.behind_m / self.speed_m_s
        stop = min(end, math.floor((self.now_s + lag_s) * fps) + 1)
        if stop - begin < 2 or not self._legs:
            return None
        points, left = (
            np.concatenate([leg.points for leg in self._legs]),
            np.concatenate([leg.left for leg in self._legs]),
        )
        room = np.concatenate([leg.room_m for leg in self._legs])
        clock = np.array([*self._times, self.now_s + lag_s])
        ways = np.array([*self._ways_m, self._ways_m[-1] + place.behind_m])
        x, y = paced(points, left, room, clock, ways, begin, stop, fps, place.left_m, place.behind_m)
        yaw = headings(x, y)
        for begins_s, ends_s, facing in self._facings:
            if not math.isnan(facing):
                yaw[max(0, math.ceil(begins_s * fps) - begin) : max(0, math.ceil(ends_s * fps) - begin)] = facing
        still = np.zeros(len(x), np.float32)
        xy = x.astype(np.float32), y.astype(np.float32)
        return Walk(person_id, begin - first, *xy, yaw.astype(np.float32), still, still, still, still)
