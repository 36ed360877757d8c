"""A kinematic crowd: everybody walks the shortest way from place to place, thousands of hours a minute.

What people want is drawn by the very code that the full crowd uses (`dongsun.twin.crowd.agenda`). What is left out is
avoidance: people step a little aside, and walk through one another where they meet. Gait fields are zero.
"""

from dataclasses import dataclass, field

import numpy as np

from dongsun.twin.crowd.agenda import Errand, Party, draw_parties, draw_shift
from dongsun.twin.crowd.arrivals import seconds_of_day
from dongsun.twin.crowd.trajectories import Member, Trajectories, Walk
from dongsun.twin.fast.figure import figure
from dongsun.twin.fast.itinerary import Itinerary, Place
from dongsun.twin.fast.places import Places
from dongsun.twin.plan.frozen import FloorPoint
from dongsun.twin.plan.twin_plan import TwinPlan

SIDE_M = 0.12
"""People keep this far (one sigma) beside the shortest way."""
ABREAST_M = 0.55
BEHIND_M = 0.7


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
        DongsunError: The shop can't be entered, there is no room before any shelf, or nobody can come at that hour.
    """
    first, end = round(warmup_s * plan.fps), round((warmup_s + duration_s) * plan.fps)
    span_s, clock_s = warmup_s + duration_s, seconds_of_day(starts_at) - warmup_s
    places, rng = Places.of(plan), np.random.default_rng([seed, 71])
    parties = draw_parties(plan, person_ids, places.spots, places.floor, rng, clock_s=clock_s, span_s=span_s)
    parties += [draw_shift(plan, index, places.spots, places.floor, rng, span_s) for index in range(plan.staff.count)]
    usher, walks = _Usher(places, rng, span_s), list[Walk]()
    for party in parties:
        formation = _formation(party, rng)
        for trip in usher.trips(party):
            found = (
                trip.walk(member.person_id, place, plan.fps, first, end)
                for member, place in zip(party.members, formation, strict=True)
            )
            walks += [walk for walk in found if walk is not None]
    walks.sort(key=lambda walk: (walk.first_frame, walk.person_id))
    members: dict[int, Member] = {m.person_id: m for party in parties for m in party.members}
    return Trajectories(plan.fps, end - first, tuple(walks), dict(sorted(members.items())))


def _formation(party: Party, rng: np.random.Generator) -> list[Place]:
    """Where each of a party keeps: abreast two by two, or one behind another."""
    side = float(np.clip(rng.normal(0.0, SIDE_M), -2 * SIDE_M, 2 * SIDE_M))
    if not party.abreast or len(party.members) == 1:
        return [Place(side, k * BEHIND_M) for k in range(len(party.members))]
    return [Place(side + (k % 2 - 0.5) * ABREAST_M, k // 2 * BEHIND_M) for k in range(len(party.members))]


@dataclass
class _Usher:
    """Turns errands into itineraries."""

    places: Places
    rng: np.random.Generator
    span_s: float
    served_until_s: dict[str, list[float]] = field(default_factory=dict)

    def trips(self, party: Party) -> list[Itinerary]:
        """One itinerary for each unbroken presence of the party that begins within the span."""
        speed = min(figure(m.person_id, m.child).walking_speed_m_s for m in party.members)
        trips: list[Itinerary] = []
        now_s = 0.0
        for errand in party.errands:
            if errand.kind == "enter":
                now_s += errand.pause_s
                if now_s >= self.span_s:
                    break
                trips.append(Itinerary(self.places.routes, self._kerb(errand), now_s, speed))
            elif not trips:  # in the store from the beginning
                assert errand.spot is not None
                trips.append(Itinerary(self.places.routes, errand.spot.at, now_s, speed))
            self._do(trips[-1], errand)
            now_s = trips[-1].now_s
        return trips

    def _do(self, trip: Itinerary, errand: Errand) -> None:
        if errand.kind in ("enter", "leave"):
            lanes = self.places.thresholds[errand.door]
            trip.go(lanes[int(self.rng.integers(len(lanes)))])
            if errand.kind == "leave":
                trip.go(self._kerb(errand))
        elif errand.kind == "pay":
            self._pay(trip, errand)
        else:
            assert errand.spot is not None
            trip.go(errand.spot.at)
            trip.pause(errand.pause_s, errand.spot.facing_rad)

    def _pay(self, trip: Itinerary, errand: Errand) -> None:
        """Queues behind those who came before in the order of arrival, and is served; a full queue is left."""
        queue, ends = self.places.queues[errand.counter], self.served_until_s.setdefault(errand.counter, [])
        ahead = sum(end > trip.now_s for end in ends)
        if ahead >= len(queue):
            return
        trip.go(queue[ahead].at)
        wait_s = max((end - trip.now_s for end in ends), default=0.0)
        if wait_s > 0:
            trip.pause(wait_s, queue[ahead].facing_rad)
        trip.go(queue[0].at)
        trip.pause(errand.pause_s, queue[0].facing_rad)
        self.served_until_s[errand.counter] = [end for end in ends if end > trip.now_s - 3600.0] + [trip.now_s]

    def _kerb(self, errand: Errand) -> FloorPoint:
        points = self.places.kerbs[errand.door, errand.side]
        return points[int(self.rng.integers(len(points)))]
