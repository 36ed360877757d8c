"""The kinematic crowd: on the floor, at walking pace, the same every time."""

import itertools
from pathlib import Path

import numpy as np
import pytest
import shapely

from dongsun.contract.store import load_store
from dongsun.twin.crowd.floor import walkable_floor
from dongsun.twin.crowd.trajectories import Trajectories
from dongsun.twin.fast.fast_crowd import fast_simulate
from dongsun.twin.fast.figure import figure
from dongsun.twin.plan.traffic import TwinStaff, Visitors
from dongsun.twin.plan.twin_plan import TwinPlan, twin_plan
from dongsun.twin.truth.doors import door_book

DEMO = Path(__file__).parents[3] / "conf" / "store" / "demo.yaml"
PEOPLE = tuple(range(1, 61))


@pytest.fixture(scope="module")
def plan() -> TwinPlan:
    busy = Visitors(group_share=0.4, u_turn_share=0.2, return_share=0.4, return_after_s=(30.0, 120.0))
    return twin_plan(load_store(DEMO), DEMO).model_copy(
        update={"visitors": busy, "staff": TwinStaff(count=2, door_trips_per_hour=20)}
    )


@pytest.fixture(scope="module")
def crowd(plan: TwinPlan) -> Trajectories:
    return fast_simulate(plan, PEOPLE, seed=4, duration_s=1500, warmup_s=300)


def test_the_same_seed_gives_the_same_hour(plan: TwinPlan, crowd: Trajectories) -> None:
    again = fast_simulate(plan, PEOPLE, seed=4, duration_s=1500, warmup_s=300)
    other = fast_simulate(plan, PEOPLE, seed=5, duration_s=1500, warmup_s=300)
    key = [(w.person_id, w.first_frame, w.x_m.tobytes(), w.y_m.tobytes(), w.yaw_rad.tobytes()) for w in crowd.walks]
    assert key == [
        (w.person_id, w.first_frame, w.x_m.tobytes(), w.y_m.tobytes(), w.yaw_rad.tobytes()) for w in again.walks
    ]
    assert [len(w.x_m) for w in crowd.walks] != [len(w.x_m) for w in other.walks]


def test_everybody_asked_for_takes_part_and_staff_too(plan: TwinPlan, crowd: Trajectories) -> None:
    assert set(PEOPLE) <= set(crowd.members)
    assert sum(m.role == "staff" for m in crowd.members.values()) == 2
    assert {m.group_id for m in crowd.members.values()} != {-1}
    assert len({w.person_id for w in crowd.walks}) > 0.8 * len(PEOPLE)


def test_walks_lie_within_the_span_and_never_overlap(crowd: Trajectories) -> None:
    assert crowd.frames == 15000
    for person in crowd.members:
        walks = crowd.of(person)
        assert all(w.first_frame >= 0 and w.end_frame <= crowd.frames for w in walks)
        assert all(a.end_frame < b.first_frame for a, b in itertools.pairwise(walks))
    assert crowd.walks[0].first_frame == 0, "after the warm-up somebody is there"


def test_nobody_leaves_the_floor(plan: TwinPlan, crowd: Trajectories) -> None:
    floor = walkable_floor(plan)
    for walk in crowd.walks:
        assert shapely.contains_xy(floor, walk.path_m).all()


def test_nobody_jumps(crowd: Trajectories) -> None:
    for walk in crowd.walks:
        pace = np.hypot(*np.diff(walk.path_m, axis=0).T) * crowd.fps
        assert pace.max(initial=0.0) < 2.5
        assert np.isfinite(walk.yaw_rad).all()


def test_a_lone_walker_goes_at_their_own_speed(plan: TwinPlan) -> None:
    alone = plan.model_copy(update={"visitors": Visitors(group_share=0, return_share=0), "staff": TwinStaff()})
    walk = fast_simulate(alone, (7,), seed=1, duration_s=300).walks[0]
    pace = np.hypot(*np.diff(walk.path_m, axis=0).T) * alone.fps
    assert np.median(pace[pace > 0.3]) == pytest.approx(figure(7).walking_speed_m_s, rel=0.05)
    assert walk.y_m[0] < 0 and walk.y_m[-1] < 0 and walk.y_m.max() > 0.5


def test_nobody_of_a_long_party_vanishes_indoors() -> None:
    flagship = DEMO.with_name("electronics-flagship.yaml")
    plan = twin_plan(load_store(flagship), flagship).model_copy(
        update={"fps": 5, "visitors": Visitors(group_share=1.0)}
    )
    people = fast_simulate(plan, tuple(range(1, 301)), seed=2, duration_s=5000)
    book = door_book(people, plan)  # refuses whoever appears or vanishes inside
    assert len(book.entries) >= 300
