"""What every party wants of its visit, drawn before anybody takes a step."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from shapely.geometry import LineString, Point, Polygon

from dongsun.twin.crowd.arrivals import arrival_times
from dongsun.twin.crowd.floor import Spot, beside_door
from dongsun.twin.crowd.trajectories import Member
from dongsun.twin.plan.layout import Door
from dongsun.twin.plan.twin_plan import TwinPlan

STAFF_FROM = 800_000
"""Staff are STAFF_FROM + 1, + 2 …; visitors have lower numbers."""
LINE_NEAR_DOOR_M = 3.0
"""A camera's counting line so near to a door is where people stop and turn."""
ErrandKind = Literal["enter", "look", "stand", "pay", "leave"]


@dataclass(frozen=True)
class Errand:
    """One thing to do.

    Attributes:
        kind: `enter` and `leave` the scene by a door, `look` at a shelf, `stand` at a place, `pay` at a counter.
        pause_s: How long, once there; for `pay` how long the service takes; for `enter` how long they are away before.
        spot: Where; for `look` and `stand`.
        counter: Which; for `pay`.
        door: Which; for `enter` and `leave`.
        side: Of the pavement, −1 or 1; for `enter` and `leave`.
    """

    kind: ErrandKind
    pause_s: float = 0.0
    spot: Spot | None = None
    counter: str = ""
    door: str = ""
    side: int = 1


@dataclass(frozen=True)
class Party:
    """People who keep together, and all they do, in order. The first member leads.

    Whoever's first errand is not `enter` is in the store from the beginning.
    """

    members: tuple[Member, ...]
    abreast: bool
    errands: tuple[Errand, ...]


def draw_parties(
    plan: TwinPlan,
    person_ids: tuple[int, ...],
    spots: list[Spot],
    floor: Polygon,
    rng: np.random.Generator,
    *,
    clock_s: float,
    span_s: float,
) -> list[Party]:
    """The visitors' parties in order of arrival; together they are exactly `person_ids`, in that order.

    Args:
        plan: The store, with its `visitors`.
        person_ids: Who comes.
        spots: Places to look from.
        floor: The walkable floor.
        rng: Source of chance.
        clock_s: Time of day when the simulation begins, seconds since midnight.
        span_s: How long it lasts.
    """
    groups = _carve(plan, person_ids, rng)
    arrivals = arrival_times(plan.visitors, len(groups), clock_s=clock_s, span_s=span_s, rng=rng)
    draw = _Draw(plan, spots, floor, rng)
    return [draw.party(members, float(arrives_s)) for members, arrives_s in zip(groups, arrivals, strict=True)]


def _carve(plan: TwinPlan, person_ids: tuple[int, ...], rng: np.random.Generator) -> list[tuple[Member, ...]]:
    """Cuts the row of people into parties; a group's child comes last."""
    visitors, groups, begin = plan.visitors, [], 0
    while begin < len(person_ids):
        size = int(rng.choice([2, 3, 4], p=[0.7, 0.2, 0.1])) if rng.random() < visitors.group_share else 1
        ids = person_ids[begin : begin + size]
        child = len(ids) > 1 and rng.random() < visitors.child_share
        trolley = bool(rng.random() < visitors.trolley_share)
        group_id = ids[0] if len(ids) > 1 else -1
        groups.append(
            tuple(
                Member(p, child=child and p == ids[-1], group_id=group_id, trolley=trolley and p == ids[0]) for p in ids
            )
        )
        begin += size
    return groups


@dataclass
class _Draw:
    """Draws stays."""

    plan: TwinPlan
    spots: list[Spot]
    floor: Polygon
    rng: np.random.Generator

    def __post_init__(self) -> None:
        self._free = self.floor.buffer(-0.3)
        weights = np.array([door.weight for door in self.plan.doors.values()])
        self._door_share = weights / weights.sum()

    def party(self, members: tuple[Member, ...], arrives_s: float) -> Party:
        """Everything that one party does."""
        visitors, rng = self.plan.visitors, self.rng
        errands = self._stay(arrives_s)
        if rng.random() < visitors.return_share:
            least, most = sorted(visitors.return_after_s)
            errands += self._stay(math.exp(rng.uniform(math.log(least), math.log(most))))
        return Party(members, bool(rng.random() < visitors.abreast_share), tuple(errands))

    def _stay(self, wait_s: float) -> list[Errand]:
        """One visit: in by a door, what they want, and out again."""
        rng, doors = self.rng, list(self.plan.doors)
        door = str(rng.choice(doors, p=self._door_share))
        enter = Errand("enter", wait_s, door=door, side=int(rng.choice([-1, 1])))
        if rng.random() < self.plan.visitors.u_turn_share:
            wanted = [Errand("stand", float(rng.uniform(0.2, 1.5)), self._doorway_spot(door, (-0.3, 0.9)))]
            door_out = door
        else:
            wanted = self._errands(door)
            door_out = door if rng.random() < 0.6 else str(rng.choice(doors, p=self._door_share))
        return [enter, *wanted, Errand("leave", door=door_out, side=int(rng.choice([-1, 1])))]

    def _errands(self, door_in: str) -> list[Errand]:
        visitors, rng = self.plan.visitors, self.rng
        errands = []
        if rng.random() < visitors.line_stander_share:
            stop = Errand("stand", float(4 + rng.gamma(2.0, 5.0)), self._doorway_spot(door_in, (-0.25, 0.25)))
            errands.append(stop)
        least, most = sorted(visitors.stops)
        count = min(int(rng.integers(least, most + 1)), len(self.spots))
        for k in rng.choice(len(self.spots), size=count, replace=False):
            errands.append(Errand("look", self._pause_s(), self.spots[int(k)]))
        tills = [name for name, counter in self.plan.counters.items() if counter.queue]
        if tills and rng.random() < visitors.queue_share:
            name = str(rng.choice(tills))
            service_s = 3.0 + float(rng.gamma(2.0, self.plan.counters[name].service_mean_s / 2))
            errands.append(Errand("pay", service_s, counter=name))
        return errands

    def _pause_s(self) -> float:
        return 0.2 * self.plan.visitors.pause_mean_s + float(self.rng.gamma(2.0, 0.4 * self.plan.visitors.pause_mean_s))

    def _doorway_spot(self, door_id: str, deeper_m: tuple[float, float]) -> Spot:
        """Somewhere on the counting line before a door, or in the doorway, so much farther in."""
        door, rng = self.plan.doors[door_id], self.rng
        width = math.dist(door.start, door.end)
        depth = self._line_depth_m(door)
        for _ in range(30):
            along = float(rng.uniform(-0.4, 0.4)) * width
            point = beside_door(self.plan, door, along, -depth - float(rng.uniform(*deeper_m)))
            if self._free.contains(Point(point)):
                return Spot(*point, float(rng.uniform(-math.pi, math.pi)))
        nearest = self._free.exterior.interpolate(
            self._free.exterior.project(Point(beside_door(self.plan, door, 0.0, -0.6)))
        )
        return Spot(nearest.x, nearest.y, float(rng.uniform(-math.pi, math.pi)))

    def _line_depth_m(self, door: Door) -> float:
        """How far inside people stop: at one of the counting lines near the door, or else just past the threshold."""
        middle, gate = Point(beside_door(self.plan, door, 0.0, 0.0)), LineString([door.start, door.end])
        lines = [line for camera in self.plan.cameras.values() for line in camera.lines.values()]
        depths = [
            gate.distance(centre)
            for line in lines
            if (centre := LineString([line.start, line.end]).centroid).distance(middle) < LINE_NEAR_DOOR_M
        ]
        return float(self.rng.choice(depths)) if depths else 0.3


def draw_shift(
    plan: TwinPlan, index: int, spots: list[Spot], floor: Polygon, rng: np.random.Generator, span_s: float
) -> Party:
    """One member of staff, and what they do all the span long; the first errand's spot is where they begin.

    The first ones stand behind the counters; the others, and now and then those too, work along the shelves.
    """
    posts = [
        Spot(*point, _towards(point, counter.queue[0] if counter.queue else _middle(plan)))
        for counter in plan.counters.values()
        for point in counter.staff_spots
        if floor.buffer(-0.1).contains(Point(point))
    ]
    post = posts[index] if index < len(posts) else None
    rate = plan.staff.door_trips_per_hour / 3600.0
    doors, now_s = list(plan.doors), 0.0
    errands: list[Errand] = []
    next_trip_s = float(rng.exponential(1 / rate)) if rate else math.inf
    while now_s < 1.3 * span_s + 60.0:  # the times are guesses: rather too many errands than too few
        if now_s >= next_trip_s:
            away_s = float(rng.uniform(0.05, 0.35)) * min(1 / rate, 600.0)
            door = str(rng.choice(doors))
            errands.append(Errand("leave", door=door, side=int(rng.choice([-1, 1]))))
            errands.append(Errand("enter", away_s, door=door, side=int(rng.choice([-1, 1]))))
            now_s += away_s + 20.0
            next_trip_s = now_s + float(rng.exponential(1 / rate))
        at_post = post is not None and (not errands or rng.random() < 0.8)
        spot = post if at_post and post is not None else spots[int(rng.integers(len(spots)))]
        pause_s = min(5.0 + float(rng.gamma(2.0, 30.0 if at_post else 10.0)), max(5.0, next_trip_s - now_s))
        errands.append(Errand("stand" if at_post else "look", pause_s, spot))
        now_s += pause_s + 4.0
    return Party((Member(STAFF_FROM + 1 + index, role="staff"),), False, tuple(errands))


def _middle(plan: TwinPlan) -> tuple[float, float]:
    centre = plan.floor_polygon.centroid
    return centre.x, centre.y


def _towards(point: tuple[float, float], target: tuple[float, float]) -> float:
    return math.atan2(target[1] - point[1], target[0] - point[0])
