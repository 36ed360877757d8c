"""A kinematic crowd: everybody walks the shortest way from place to place, thousands of hours a minute.

The visits are drawn from the plan's `visitors` as the full crowd's are; what is left out is avoidance: people step a
little aside, and walk through one another where they meet. Gait fields are zero.
"""

import math
from dataclasses import dataclass, field

import numpy as np

from dongsun.twin.crowd.trajectories import Member, Trajectories, Walk
from dongsun.twin.fast.figure import figure
from dongsun.twin.fast.itinerary import Itinerary, Place
from dongsun.twin.fast.places import DoorWay, Places
from dongsun.twin.plan.layout import Counter
from dongsun.twin.plan.twin_plan import TwinPlan

STAFF_FROM = 800_000
SIDE_M = 0.12
ABREAST_M = 0.55
BEHIND_M = 0.7
QUEUE_GAP_M = 0.7
LONGEST_QUEUE_S = 180.0
LOITER_S = 8.0
STAFF_PAUSE_S = 40.0
STAFF_AWAY_S = (20.0, 120.0)


def fast_simulate(
    plan: TwinPlan,
    person_ids: tuple[int, ...],
    *,
    seed: int,
    duration_s: float,
    warmup_s: float = 0.0,
    starts_at: str = "12:00",
) -> Trajectories:
    """Lets the people visit the shop, without avoidance.

    Args:
        plan: The shop; its `visitors` say what people do, its `staff` always take part.
        person_ids: Visitors; parties are drawn from them in order.
        seed: Of everything drawn.
        duration_s: Length of the result.
        warmup_s: How long the shop has been open when it begins.
        starts_at: Time of day at that moment, HH:MM.

    Raises:
        DongsunError: The shop can't be entered, or there is no room before any shelf.
    """
    first, end = round(warmup_s * plan.fps), round((warmup_s + duration_s) * plan.fps)
    places, rng = Places.of(plan), np.random.default_rng([seed, 71])
    hours, minutes = (int(part) for part in starts_at.split(":"))
    opened_s = hours * 3600 + minutes * 60 - warmup_s
    walks: list[Walk] = []
    members: dict[int, Member] = {}
    drawer = _Drawer(plan, places, rng, warmup_s + duration_s)
    for party in _parties(plan, person_ids, rng):
        members |= {m.person_id: m for m in party.members}
        arrives_s = _arrival(plan, opened_s, warmup_s + duration_s, rng)
        for trip in drawer.visits(party, arrives_s):
            walks += _walks(party, trip, plan.fps, first, end)
    for k in range(1, plan.staff.count + 1):
        someone = _Party((Member(STAFF_FROM + k, role="staff"),), (Place(_side(rng)),))
        members[STAFF_FROM + k] = someone.members[0]
        for trip in drawer.shift(someone):
            walks += _walks(someone, trip, plan.fps, first, end)
    walks.sort(key=lambda walk: (walk.first_frame, walk.person_id))
    return Trajectories(plan.fps, end - first, tuple(walks), dict(sorted(members.items())))


@dataclass(frozen=True)
class _Party:
    members: tuple[Member, ...]
    places: tuple[Place, ...]

    @property
    def speed_m_s(self) -> float:
        return min(figure(m.person_id, m.child).walking_speed_m_s for m in self.members)


def _walks(party: _Party, trip: Itinerary, fps: int, first: int, end: int) -> list[Walk]:
    pairs = zip(party.members, party.places, strict=True)
    found = (trip.walk(member.person_id, place, fps, first, end) for member, place in pairs)
    return [walk for walk in found if walk is not None]


def _parties(plan: TwinPlan, person_ids: tuple[int, ...], rng: np.random.Generator) -> list[_Party]:
    v, parties, taken = plan.visitors, [], 0
    while taken < len(person_ids):
        group = rng.random() < v.group_share
        ids = person_ids[taken : taken + (int(rng.integers(2, 5)) if group else 1)]
        child, abreast = rng.random() < v.child_share, rng.random() < v.abreast_share
        trolley, side = bool(rng.random() < v.trolley_share), _side(rng)
        group_id = ids[0] if len(ids) > 1 else -1
        members = tuple(
            Member(p, child=bool(child) and k > 0 and k == len(ids) - 1, group_id=group_id, trolley=trolley and k == 0)
            for k, p in enumerate(ids)
        )
        parties.append(_Party(members, tuple(_place(k, bool(abreast), side) for k in range(len(ids)))))
        taken += len(ids)
    return parties


def _place(k: int, abreast: bool, side: float) -> Place:
    """Abreast two by two, else one behind another."""
    row, column = (k // 2, k % 2) if abreast else (k, 0)
    return Place(side + (column - 0.5) * ABREAST_M if abreast else side, row * BEHIND_M)


def _side(rng: np.random.Generator) -> float:
    return float(np.clip(rng.normal(0.0, SIDE_M), -2 * SIDE_M, 2 * SIDE_M))


def _arrival(plan: TwinPlan, opened_s: float, span_s: float, rng: np.random.Generator) -> float:
    """Seconds after opening, distributed as the curve is high."""
    steps = np.linspace(0.0, span_s, max(2, math.ceil(span_s / 60) + 1))
    at = [(int(t[:2]) * 3600 + int(t[3:]) * 60, level) for t, level in sorted(plan.visitors.curve)]
    day = (opened_s + steps) % 86400
    level = np.interp(day, [t for t, _ in at], [v for _, v in at])
    mass = np.concatenate([[0.0], np.cumsum((level[1:] + level[:-1]) / 2)])
    if mass[-1] <= 0:
        return float(rng.uniform(0.0, span_s))
    return float(np.interp(rng.random() * mass[-1], mass, steps))


@dataclass
class _Drawer:
    """Draws what parties and staff do."""

    plan: TwinPlan
    places: Places
    rng: np.random.Generator
    span_s: float
    served: dict[int, list[float]] = field(default_factory=dict)

    def visits(self, party: _Party, arrives_s: float) -> list[Itinerary]:
        """A party's visit, and perhaps a second one."""
        v, rng = self.plan.visitors, self.rng
        trips = [self._visit(party, arrives_s)]
        if rng.random() < v.return_share:
            back_s = trips[0].now_s + float(rng.uniform(*v.return_after_s))
            if back_s < self.span_s:
                trips.append(self._visit(party, back_s))
        return trips

    def shift(self, party: _Party) -> list[Itinerary]:
        """A member of staff over the whole span: posts, rounds, and trips through the door."""
        rng, trips_per_s = self.rng, self.plan.staff.door_trips_per_hour / 3600
        trip = Itinerary(self.places.routes, self._post()[:2], 0.0, party.speed_m_s)
        trips = [trip]
        goes_out_s = self._next_trip(0.0, trips_per_s)
        while trip.now_s < self.span_s:
            if trip.now_s < goes_out_s:
                x, y, facing = self._post()
                trip.go((x, y))
                trip.pause(float(rng.gamma(2.0, STAFF_PAUSE_S / 2)), facing)
                continue
            door = self._door()
            trip.go(door.threshold)
            trip.go(self._street(door))
            back_s = trip.now_s + float(rng.uniform(*STAFF_AWAY_S))
            goes_out_s = self._next_trip(back_s, trips_per_s)
            trip = Itinerary(self.places.routes, self._street(door), back_s, party.speed_m_s)
            trip.go(door.threshold)
            trips.append(trip)
        return trips

    def _visit(self, party: _Party, arrives_s: float) -> Itinerary:
        v, rng, door = self.plan.visitors, self.rng, self._door()
        trip = Itinerary(self.places.routes, self._street(door), arrives_s, party.speed_m_s)
        trip.go(door.threshold)
        kind = rng.random()
        if kind < v.u_turn_share:
            trip.go(door.beyond)
            trip.pause(float(rng.uniform(0.3, 1.5)))
        else:
            if kind < v.u_turn_share + v.line_stander_share:
                trip.pause(float(rng.gamma(2.0, LOITER_S / 2)))
            self._browse(trip)
            if self.places.counters and rng.random() < v.queue_share:
                self._pay(trip)
            door = self._door()
        trip.go(door.threshold)
        trip.go(self._street(door))
        return trip

    def _browse(self, trip: Itinerary) -> None:
        v, rng, spots = self.plan.visitors, self.rng, self.places.spots
        count = min(int(rng.integers(v.stops[0], v.stops[1] + 1)), len(spots))
        for k in rng.choice(len(spots), size=count, replace=False):
            x, y, facing = spots[int(k)]
            trip.go((x, y))
            trip.pause(float(rng.gamma(2.0, v.pause_mean_s / 2)), facing)

    def _pay(self, trip: Itinerary) -> None:
        """Queues and is served. Parties are drawn one by one, so the queue is that of those drawn before."""
        k = int(self.rng.integers(len(self.places.counters)))
        counter, ends = self.places.counters[k], self.served.setdefault(k, [])
        waiting = [e for e in ends if trip.now_s < e < trip.now_s + LONGEST_QUEUE_S]
        trip.go(_in_queue(counter, len(waiting)))
        free_s = max(waiting, default=trip.now_s)
        if free_s > trip.now_s:
            trip.pause(free_s - trip.now_s)
        trip.go(_in_queue(counter, 0))
        trip.pause(float(self.rng.exponential(counter.service_mean_s)))
        ends.append(trip.now_s)

    def _door(self) -> DoorWay:
        weights = np.array([door.weight for door in self.places.doors])
        return self.places.doors[int(self.rng.choice(len(weights), p=weights / weights.sum()))]

    def _street(self, door: DoorWay) -> tuple[float, float]:
        return door.street[int(self.rng.integers(len(door.street)))]

    def _post(self) -> tuple[float, float, float]:
        if self.places.staff_spots and self.rng.random() < 0.5:
            return (*self.places.staff_spots[int(self.rng.integers(len(self.places.staff_spots)))], math.nan)
        return self.places.spots[int(self.rng.integers(len(self.places.spots)))]

    def _next_trip(self, now_s: float, per_s: float) -> float:
        return now_s + float(self.rng.exponential(1 / per_s)) if per_s > 0 else math.inf


def _in_queue(counter: Counter, ahead: int) -> tuple[float, float]:
    """Where one stands with so many people ahead; the last place is the end of the way."""
    assert counter.queue is not None
    corners = np.array(counter.queue, np.float64)
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(corners, axis=0).T))])
    at = min(ahead * QUEUE_GAP_M, float(along[-1]))
    return float(np.interp(at, along, corners[:, 0])), float(np.interp(at, along, corners[:, 1]))
