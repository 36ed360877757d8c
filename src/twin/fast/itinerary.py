"""Where somebody goes, in order: ways walked at one speed, and pauses. Turned into positions in one stroke."""

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from dongsun.twin.crowd.trajectories import Walk
from dongsun.twin.fast.routes import Points, Routes, Way

SETTLING_S = 1.0
"""Stepping aside and back takes about this long."""


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

        Whoever keeps behind appears later and vanishes sooner, by that much of the way. None if never there.
        """
        appears_s = float(np.interp(place.behind_m, self._ways_m, self._times)) if place.behind_m else self._times[0]
        begin = max(first, math.ceil(appears_s * fps))
        stop = min(end, math.floor(self.now_s * fps) + 1)
        if stop - begin < 2 or not self._legs:
            return None
        times = np.arange(begin, stop) / fps
        along = np.maximum(np.interp(times, self._times, self._ways_m) - place.behind_m, 0.0)
        points = np.concatenate([leg.points for leg in self._legs])
        ways = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
        x, y = np.interp(along, ways, points[:, 0]), np.interp(along, ways, points[:, 1])
        if place.left_m:
            room = np.concatenate([leg.room_m for leg in self._legs])
            aside = np.copysign(np.minimum(abs(place.left_m), room), place.left_m)
            left = np.concatenate([leg.left for leg in self._legs])
            x += _settled(np.interp(along, ways, aside * left[:, 0]), fps)
            y += _settled(np.interp(along, ways, aside * left[:, 1]), fps)
        yaw = self._yaw(x, y, times)
        still = np.zeros(len(x), np.float32)
        xy = x.astype(np.float32), y.astype(np.float32)
        return Walk(person_id, begin - first, *xy, yaw.astype(np.float32), still, still, still, still)

    def _yaw(self, x: Points, y: Points, times: Points) -> npt.NDArray[np.float64]:
        dx, dy = np.gradient(x), np.gradient(y)
        moving = np.hypot(dx, dy) > 1e-3
        last = np.maximum.accumulate(np.where(moving, np.arange(len(x)), 0))
        yaw = np.arctan2(dy, dx)[last]
        for begins_s, ends_s, facing in self._facings:
            if not math.isnan(facing):
                a, b = np.searchsorted(times, [begins_s, ends_s])
                yaw[a:b] = facing
        return np.asarray(yaw, np.float64)


def _settled(values: Points, fps: int) -> Points:
    """A moving average over `SETTLING_S`, so that turning round swaps sides at walking pace."""
    half = max(1, round(SETTLING_S * fps / 2))
    sums = np.cumsum(np.concatenate([[0.0], np.pad(values, half, mode="edge")]))
    width = 2 * half + 1
    return np.asarray((sums[width:] - sums[:-width]) / width, np.float64)
