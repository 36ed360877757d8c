"""The crowd: nobody walks through shelves or each other, and the same seed gives the same afternoon."""

import itertools
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, Point, Polygon, box

from dongsun.contract.errors import DongsunError
from dongsun.contract.store import load_store
from dongsun.twin.crowd.agenda import STAFF_FROM
from dongsun.twin.crowd.arrivals import arrival_count, arrival_level, arrival_times, expected_arrivals
from dongsun.twin.crowd.floor import queue_places
from dongsun.twin.crowd.ground import Ground
from dongsun.twin.crowd.simulate import pavement, simulate, walkable_floor
from dongsun.twin.crowd.trajectories import Member, Trajectories, Walk
from dongsun.twin.plan.layout import Counter, Door, Shelf
from dongsun.twin.plan.traffic import TwinStaff, Visitors
from dongsun.twin.plan.twin_plan import TwinPlan, twin_plan

DEMO = Path(__file__).parents[3] / "conf" / "store" / "demo.yaml"
APART_M = 0.35
JAMMED_APART_M = 0.28
"""Two people who squeeze past each other in a jammed doorway turn sideways: half a body is 0.15 m, less smoothing."""


@pytest.fixture(scope="module")
def plan() -> TwinPlan:
    return twin_plan(load_store(DEMO), DEMO)


@pytest.fixture(scope="module")
def crowd(plan: TwinPlan) -> Trajectories:
    return simulate(plan, tuple(range(1, 13)), seed=8, duration_s=60, warmup_s=20)


@pytest.fixture(scope="module")
def busy_plan(plan: TwinPlan) -> TwinPlan:
    """Two doors on two edges, a till, staff who come and go, and nothing but groups."""
    return plan.model_copy(
        update={
            "doors": {
                "main": plan.doors["main"],
                "side": Door.model_validate({"from": (5.0, 0.6), "to": (5.0, 2.2)}),
            },
            "counters": {
                "till": Counter(
                    x0_m=-4.6,
                    y0_m=0.9,
                    x1_m=-3.2,
                    y1_m=1.4,
                    queue=((-3.9, 2.0), (-1.2, 2.6)),
                    staff_spots=((-4.0, 0.5),),
                )
            },
            "staff": TwinStaff(count=2, door_trips_per_hour=90),
            "visitors": Visitors(
                group_share=0.6, queue_share=1.0, return_share=0.5, return_after_s=(10.0, 40.0), stops=(1, 2)
            ),
        }
    )


@pytest.fixture(scope="module")
def busy(busy_plan: TwinPlan) -> Trajectories:
    return simulate(busy_plan, tuple(range(1, 25)), seed=3, duration_s=300)


def _closest_m(crowd: Trajectories) -> float:
    closest = np.inf
    for frame in range(0, crowd.frames, 3):
        place = np.array([[w.x_m[k], w.y_m[k]] for w, k in crowd.at(frame)])
        if len(place) > 1:
            gap = np.linalg.norm(place[:, None] - place[None], axis=2) + 9 * np.eye(len(place))
            closest = min(closest, float(gap.min()))
    return closest


def _inside(plan: TwinPlan, walk: Walk) -> np.ndarray:
    return np.asarray(shapely.contains_xy(plan.floor_polygon, walk.x_m, walk.y_m))


def _check_bodies(plan: TwinPlan, crowd: Trajectories) -> None:
    floor = walkable_floor(plan).buffer(0.05)
    for walk in crowd.walks:
        assert np.isfinite(walk.path_m).all() and len(walk.yaw_rad) == len(walk.x_m)
        assert shapely.contains_xy(floor, walk.x_m, walk.y_m).all(), "nobody in shelves or walls"
        step = np.hypot(np.diff(walk.x_m), np.diff(walk.y_m)) * crowd.fps
        assert step.max(initial=0.0) < 2.5
        inside = _inside(plan, walk)
        if walk.first_frame > 0:
            assert not inside[0], "people appear outside"
        if walk.end_frame < crowd.frames:
            assert not inside[-1], "people vanish outside"


def _check_conservation(plan: TwinPlan, crowd: Trajectories) -> None:
    """Those inside at first, plus entries by the doors, less exits, are those inside, in every frame."""
    inside, change = np.zeros(crowd.frames, int), np.zeros(crowd.frames + 1, int)
    gates = shapely.union_all([LineString([d.start, d.end]).buffer(0.35) for d in plan.doors.values()])
    for walk in crowd.walks:
        now = _inside(plan, walk)
        inside[walk.first_frame : walk.end_frame] += now
        for k in np.flatnonzero(np.diff(now.astype(int))):
            change[walk.first_frame + k + 1] += int(now[k + 1]) - int(now[k])
            assert gates.contains(Point(walk.path_m[k + 1])), "walls are crossed by doors only"
        if walk.first_frame == 0:
            change[0] += int(now[0])
    assert np.array_equal(np.cumsum(change[:-1]), inside)


def test_the_same_seed_gives_the_same_afternoon(plan: TwinPlan, crowd: Trajectories) -> None:
    again = simulate(plan, tuple(range(1, 13)), seed=8, duration_s=60, warmup_s=20)
    assert [w.person_id for w in again.walks] == [w.person_id for w in crowd.walks]
    for walk, same in zip(crowd.walks, again.walks, strict=True):
        for name in ("x_m", "y_m", "yaw_rad", "phase", "stride", "reach", "head_turn_rad"):
            assert np.array_equal(getattr(walk, name), getattr(same, name)), name
    other = simulate(plan, tuple(range(1, 13)), seed=9, duration_s=60, warmup_s=20)
    assert not np.array_equal(crowd.walks[0].x_m, other.walks[0].x_m)


def test_it_lasts_as_long_as_asked_and_knows_everybody(crowd: Trajectories) -> None:
    assert crowd.frames == 600 and sorted(crowd.members) == list(range(1, 13))
    assert list(crowd.at(0)), "after the warm-up somebody is in the shop"
    assert all(w.first_frame >= 0 and w.end_frame <= 600 for w in crowd.walks)


def test_nobody_walks_through_another(crowd: Trajectories, busy: Trajectories) -> None:
    assert _closest_m(crowd) > APART_M
    assert _closest_m(busy) > JAMMED_APART_M


def test_bodies_stay_on_the_floor_and_come_from_outside(
    plan: TwinPlan, crowd: Trajectories, busy_plan: TwinPlan, busy: Trajectories
) -> None:
    _check_bodies(plan, crowd)
    _check_bodies(busy_plan, busy)


def test_entries_less_exits_are_inside(
    plan: TwinPlan, crowd: Trajectories, busy_plan: TwinPlan, busy: Trajectories
) -> None:
    _check_conservation(plan, crowd)
    _check_conservation(busy_plan, busy)


@settings(max_examples=6, deadline=None)
@given(
    seed=st.integers(0, 1000),
    west=st.floats(-4.8, -3.9),
    width=st.floats(1.0, 1.8),
    group_share=st.floats(0, 1),
    trolley_share=st.floats(0, 1),
)
def test_any_shop_keeps_the_laws(
    plan: TwinPlan, seed: int, west: float, width: float, group_share: float, trolley_share: float
) -> None:
    doors = {
        "front": Door.model_validate({"from": (west, 0.0), "to": (west + width, 0.0)}),
        "back": Door.model_validate({"from": (3.6 + width, 11.0) if width < 1.2 else (4.8, 11.0), "to": (3.6, 11.0)}),
    }
    visitors = Visitors(group_share=group_share, trolley_share=trolley_share, u_turn_share=0.2, line_stander_share=0.2)
    shop = plan.model_copy(update={"doors": doors, "visitors": visitors, "staff": TwinStaff(count=1)})
    crowd = simulate(shop, tuple(range(1, 9)), seed=seed, duration_s=60)
    _check_bodies(shop, crowd)
    _check_conservation(shop, crowd)
    assert _closest_m(crowd) > JAMMED_APART_M


def test_everybody_gets_out_again(busy_plan: TwinPlan) -> None:
    longest_s = 240.0
    crowd = simulate(busy_plan, tuple(range(1, 21)), seed=4, duration_s=600)
    visits = [walk for walk in crowd.walks if walk.person_id < STAFF_FROM]
    assert {walk.person_id for walk in visits} == set(range(1, 21))
    assert max(len(walk.x_m) for walk in visits) < longest_s * crowd.fps


def test_one_person_is_never_there_twice(busy: Trajectories) -> None:
    returned = 0
    for person_id in busy.members:
        walks = busy.of(person_id)
        returned += len(walks) > 1 and person_id < STAFF_FROM
        for before, after in itertools.pairwise(walks):
            assert before.end_frame < after.first_frame
    assert returned >= 3, "some come back"


def test_groups_keep_together(busy: Trajectories) -> None:
    by_group: dict[int, list[int]] = {}
    for member in busy.members.values():
        if member.group_id >= 0:
            by_group.setdefault(member.group_id, []).append(member.person_id)
    assert len(by_group) >= 3 and all(len(ids) > 1 for ids in by_group.values())
    gaps = []
    for first, *others in by_group.values():
        leader = busy.of(first)[0]
        for other in others:
            walk = busy.of(other)[0]
            assert walk.first_frame == leader.first_frame, "they arrive together"
            assert abs(walk.end_frame - leader.end_frame) < 8 * busy.fps, "they leave together"
            n = min(len(walk.x_m), len(leader.x_m))
            gaps.append(np.hypot(walk.x_m[:n] - leader.x_m[:n], walk.y_m[:n] - leader.y_m[:n]))
    assert np.median(np.concatenate(gaps)) < 1.8 and np.quantile(np.concatenate(gaps), 0.95) < 4.0


def test_staff_begin_inside_and_use_the_doors(busy_plan: TwinPlan, busy: Trajectories) -> None:
    staff = [busy.members[STAFF_FROM + k] for k in (1, 2)]
    assert all(m.role == "staff" for m in staff)
    for member in staff:
        walks = busy.of(member.person_id)
        assert walks[0].first_frame == 0 and _inside(busy_plan, walks[0])[0]
    assert sum(len(busy.of(m.person_id)) for m in staff) >= 4, "they go out and come back"


def test_a_u_turn_stays_near_the_door(plan: TwinPlan) -> None:
    turning = plan.model_copy(update={"visitors": Visitors(u_turn_share=1.0, return_share=0.0)})
    crowd = simulate(turning, tuple(range(1, 9)), seed=2, duration_s=90)
    deepest = [float(w.y_m.max()) for w in crowd.walks if w.end_frame < crowd.frames]
    assert len(deepest) >= 4 and 0.3 < max(deepest) < 3.2


def test_somebody_stands_on_the_line(plan: TwinPlan) -> None:
    stopping = plan.model_copy(update={"visitors": Visitors(line_stander_share=1.0, u_turn_share=0.0, group_share=0.0)})
    crowd = simulate(stopping, (1, 2), seed=2, duration_s=60)
    walk = crowd.walks[0]
    on_line = np.abs(walk.y_m - 1.4) < 0.45
    assert (on_line & (walk.stride < 0.2)).sum() > 3 * crowd.fps


def test_people_queue_in_a_row_and_are_served_in_turn(busy_plan: TwinPlan) -> None:
    visitors = Visitors(queue_share=1.0, stops=(1, 1), group_share=0.0, return_share=0.0, u_turn_share=0.0)
    crowd = simulate(
        busy_plan.model_copy(update={"visitors": visitors, "staff": TwinStaff()}),
        tuple(range(1, 7)),
        seed=1,
        duration_s=200,
    )
    way = busy_plan.counters["till"].queue
    assert way is not None
    places = queue_places(way)
    assert len(places) == 4 and places[1].x_m > places[0].x_m
    waiting = np.zeros((len(places), crowd.frames), bool)
    for walk in crowd.walks:
        for k, spot in enumerate(places):
            near = np.hypot(walk.x_m - spot.x_m, walk.y_m - spot.y_m) < 0.4
            waiting[k, walk.first_frame : walk.end_frame] |= near & (walk.stride < 0.2)
    assert waiting[0].sum() > 40 * crowd.fps, "the counter is busy"
    assert (waiting[0] & waiting[1]).sum() > 5 * crowd.fps, "one waits behind another"


def test_arrivals_follow_the_curve(plan: TwinPlan) -> None:
    visitors = Visitors(per_hour=100.0, curve=(("10:00", 0.0), ("12:00", 1.0), ("14:00", 0.0)))
    assert arrival_level(visitors, np.array([11 * 3600.0, 3 * 3600.0])).tolist() == pytest.approx([0.5, 0.0])
    times = arrival_times(visitors, 4000, clock_s=10 * 3600.0, span_s=4 * 3600.0, rng=np.random.default_rng(1))
    assert (np.diff(times) >= 0).all() and len(times) == 4000
    quarter = ((times > 3600) & (times < 3 * 3600)).mean()
    assert quarter == pytest.approx(0.75, abs=0.03)
    shop = plan.model_copy(update={"visitors": visitors})
    assert expected_arrivals(shop, 4 * 3600.0, "10:00") == pytest.approx(200.0, rel=0.01)
    counts = [arrival_count(shop, seed=s, duration_s=4 * 3600.0, starts_at="10:00") for s in range(200)]
    assert np.mean(counts) == pytest.approx(200, abs=4) and np.var(counts) == pytest.approx(200, rel=0.35)
    assert arrival_count(shop, seed=1, duration_s=600, starts_at="03:00") == 0
    with pytest.raises(DongsunError, match="curve"):
        simulate(shop, (1,), seed=1, duration_s=5, starts_at="03:00")


def test_pavement_never_lies_in_the_shop(plan: TwinPlan) -> None:
    notched = plan.model_copy(
        update={
            "floor": ((-5.0, 0.0), (0.0, 0.0), (0.0, 4.0), (5.0, 4.0), (5.0, 11.0), (-5.0, 11.0)),
            "doors": {"notch": Door.model_validate({"from": (0.0, 1.0), "to": (0.0, 2.6)})},
        }
    )
    strip = pavement(notched, notched.doors["notch"])
    assert strip.intersection(notched.floor_polygon).area == 0 and strip.area > 3
    assert walkable_floor(notched).intersection(box(0.1, 3.95, 5, 4.02)).area == 0, "no hole in the wall"


def test_a_blocked_shop_is_refused(plan: TwinPlan) -> None:
    wall = Shelf(x0_m=-5.0, y0_m=0.4, x1_m=5.0, y1_m=0.8)
    with pytest.raises(DongsunError, match="block"):
        walkable_floor(plan.model_copy(update={"shelves": (wall,)}))


def test_a_place_is_free_only_once_whoever_vanished_there_has_gone() -> None:
    """JuPedSim lets an agent go with its next step; somebody put there before that ends the whole simulation."""
    ground = Ground(Polygon([(0, 0), (6, 0), (6, 6), (0, 6)]), 0.05, np.random.default_rng(1))
    walker = ground.add(Member(1), 1.3, (3.0, 3.0), 0)
    ground.iterate()
    ground.remove(walker)
    assert not ground.has_room((3.1, 3.0)) and ground.has_room((4.0, 3.0))
    ground.iterate()
    assert ground.has_room((3.1, 3.0))
    ground.add(Member(2), 1.3, (3.1, 3.0), 1)
    ground.iterate()
