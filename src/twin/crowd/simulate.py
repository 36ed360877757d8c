"""The visitors' and staff's routes: in by a door, browse, pay, leave, avoiding each other and the shelves (JuPedSim).

JuPedSim's collision-free speed model (Tordeux, Chraibi, Seyfried 2016) moves them; where they go and how long they
stay is `agenda`'s.
"""

import heapq

import numpy as np
from shapely.geometry import Point, Polygon

from dongsun.twin.crowd.agenda import Errand, Party, draw_parties, draw_shift
from dongsun.twin.crowd.arrivals import seconds_of_day
from dongsun.twin.crowd.floor import browsing_spots, kerb, outward, pavement, queue_places, walkable_floor
from dongsun.twin.crowd.ground import Ground
from dongsun.twin.crowd.motion import walk_of
from dongsun.twin.crowd.outing import Outing, Place
from dongsun.twin.crowd.spots import SpotBoard
from dongsun.twin.crowd.till import Till
from dongsun.twin.crowd.trajectories import Member, Trajectories
from dongsun.twin.people.person import Manner
from dongsun.twin.people.wardrobe import dress
from dongsun.twin.plan.twin_plan import TwinPlan

__all__ = ["browsing_spots", "outward", "pavement", "simulate", "walkable_floor"]

SIMULATION_STEP_S = 0.05
TICK_S = 0.1


def simulate(
    plan: TwinPlan,
    person_ids: tuple[int, ...],
    *,
    seed: int,
    duration_s: float,
    warmup_s: float = 0.0,
    starts_at: str = "12:00",
) -> Trajectories:
    """Lets visitors come and staff work.

    Args:
        plan: The shop; its staff take part besides.
        person_ids: The visitors, in order of arrival.
        seed: Of routes and pauses.
        duration_s: How long the result lasts.
        warmup_s: How long the shop has been open before the result begins.
        starts_at: Time of day when the result begins (HH:MM): `plan.visitors.curve` shapes arrivals around it.

    Raises:
        DongsunError: Furniture blocks the shop, so that no place to stand can be reached; or nobody can come at this
            time of day.
    """
    rng = np.random.default_rng([seed, 5])
    floor, span_s = walkable_floor(plan), duration_s + warmup_s
    spots = browsing_spots(plan, floor)
    clock_s = seconds_of_day(starts_at) - warmup_s
    parties = draw_parties(plan, person_ids, spots, floor, rng, clock_s=clock_s, span_s=span_s)
    staff = [draw_shift(plan, k, spots, floor, rng, span_s) for k in range(plan.staff.count)]
    members = {m.person_id: m for party in (*parties, *staff) for m in party.members}
    manners = {m.person_id: _manner(plan, m) for m in members.values()}
    per_frame = max(1, round(1 / (plan.fps * SIMULATION_STEP_S)))
    ground = Ground(floor, 1 / (plan.fps * per_frame), rng)
    place = Place(
        plan=plan,
        ground=ground,
        board=SpotBoard(spots),
        tills=_tills(plan, floor),
        kerbs={(name, side): kerb(plan, door, side, floor) for name, door in plan.doors.items() for side in (-1, 1)},
        speeds_m_s={p: manner.walking_speed_m_s for p, manner in manners.items()},
        rng=rng,
    )
    _run(_Schedule(place, parties, staff), ground, plan.fps, per_frame, round(span_s * plan.fps))
    first = round(warmup_s * plan.fps)
    walks = [
        walk
        for presence in ground.presences()
        if (walk := walk_of(presence, manners[presence.person_id], fps=plan.fps, first_frame=first, seed=seed))
    ]
    walks.sort(key=lambda w: (w.first_frame, w.person_id))
    return Trajectories(plan.fps, round(span_s * plan.fps) - first, tuple(walks), dict(sorted(members.items())))


def _manner(plan: TwinPlan, member: Member) -> Manner:
    uniform = plan.staff.uniform if member.role == "staff" else None
    return dress(member.person_id, plan.wardrobe, uniform, member.child).manner


def _tills(plan: TwinPlan, floor: Polygon) -> dict[str, Till]:
    free, tills = floor.buffer(-0.2), {}
    for name, counter in plan.counters.items():
        if counter.queue:
            places = queue_places(counter.queue)
            tills[name] = Till([spot for spot in places if free.contains(Point(spot.at))] or places[:1])
    return tills


class _Schedule:
    """Who is in the scene, and who is to enter it when. A tick touches only those in the scene."""

    def __init__(self, place: Place, parties: list[Party], staff: list[Party]) -> None:
        self._active: list[Outing] = []
        self._waiting: list[tuple[float, int, Outing]] = []
        self._count = 0
        for party in staff:
            outing = Outing(party, place)
            outing.begin_inside(0)
            self._active.append(outing)
        for party in parties:
            outing = Outing(party, place)
            self._await(outing, outing.errand, 0.0)

    def _await(self, outing: Outing, errand: Errand | None, now_s: float) -> None:
        if errand is not None:
            heapq.heappush(self._waiting, (now_s + errand.pause_s, self._count, outing))
            self._count += 1

    def step(self, now_s: float, frame: int) -> None:
        """Lets those enter whose time has come, and everybody in the scene go on."""
        while self._waiting and self._waiting[0][0] <= now_s:
            self._active.append(heapq.heappop(self._waiting)[2])
        left = [outing for outing in self._active if not outing.step(now_s, frame)]
        for outing in left:
            self._active.remove(outing)
            self._await(outing, outing.errand, now_s)


def _run(schedule: _Schedule, ground: Ground, fps: int, per_frame: int, frames: int) -> None:
    every = max(1, round(TICK_S * fps))
    for frame in range(frames):
        if frame % every == 0:
            ground.observe()
            schedule.step(frame / fps, frame)
            ground.steer(frame / fps)
        for _ in range(per_frame):
            ground.iterate()
        ground.record()
