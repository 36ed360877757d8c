"""Crossings and visits against naive oracles on made-up and simulated paths."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dongsun.contract.errors import DongsunError
from dongsun.contract.geometry import signed_distance
from dongsun.contract.store import CameraConfig, LensConfig, load_store
from dongsun.twin.crowd.simulate import simulate
from dongsun.twin.crowd.trajectories import Member, Trajectories, Walk
from dongsun.twin.plan.twin_plan import TwinPlan, twin_plan
from dongsun.twin.truth.events import true_crossings, true_visits
from dongsun.twin.truth.floor_marks import floor_line
from dongsun.twin.truth.passages import CONFIRMED_M

DEMO = Path(__file__).parents[3] / "conf" / "store" / "demo.yaml"


def _paths(x_m: list[list[float]], y_m: list[list[float]], fps: int = 10) -> Trajectories:
    """Trajectories of people given as rows, absent where NaN; all else zero."""
    walks = []
    for person, (xs, ys) in enumerate(zip(np.array(x_m), np.array(y_m), strict=True), start=1):
        here = np.flatnonzero(~np.isnan(xs))
        for part in np.split(here, np.flatnonzero(np.diff(here) > 1) + 1):
            zero = np.zeros(len(part), np.float32)
            x, y = xs[part].astype(np.float32), ys[part].astype(np.float32)
            walks.append(Walk(person, int(part[0]), x, y, zero, zero, zero, zero, zero))
    walks.sort(key=lambda w: (w.first_frame, w.person_id))
    return Trajectories(fps, len(x_m[0]), tuple(walks), {w.person_id: Member(w.person_id) for w in walks})


@pytest.fixture(scope="module")
def plan() -> TwinPlan:
    return twin_plan(load_store(DEMO), DEMO)


LINE_Y_M = 1.4
"""The demo store's door line runs along this depth."""


@pytest.fixture(scope="module")
def entrance() -> CameraConfig:
    return load_store(DEMO).camera("entrance")


@pytest.fixture(scope="module")
def aisle() -> CameraConfig:
    return load_store(DEMO).camera("aisle")


@pytest.fixture(scope="module")
def crowd(plan: TwinPlan) -> Trajectories:
    return simulate(plan, tuple(range(1, 11)), seed=5, duration_s=70)


def test_a_walk_through_the_door_is_one_crossing_in(plan: TwinPlan, entrance: CameraConfig) -> None:
    y = (LINE_Y_M + np.linspace(-1.6, 1.4, 31)).tolist()
    found = true_crossings(_paths([[0.0] * 31], [y]), plan.camera("entrance"), "entrance", entrance)
    assert [(c.direction, c.frame_index) for c in found] == [("in", 17)]  # the line is passed between frames 16 and 17
    assert found[0].time_s == pytest.approx(1.7)


def test_turning_back_on_the_line_counts_nothing(plan: TwinPlan, entrance: CameraConfig) -> None:
    out, turn = LINE_Y_M - 1.6, LINE_Y_M + 0.05
    y = [*np.linspace(out, turn, 20), *np.linspace(turn, out, 20)]
    assert not true_crossings(_paths([[0.0] * 40], [y]), plan.camera("entrance"), "entrance", entrance)


def test_jitter_on_the_line_counts_once(plan: TwinPlan, entrance: CameraConfig) -> None:
    y = [LINE_Y_M + d for d in (-1.1, -0.3, -0.05, 0.05, -0.03, 0.06, -0.05, 0.08, 0.3, 0.9)]
    found = true_crossings(_paths([[0.0] * 10], [y]), plan.camera("entrance"), "entrance", entrance)
    assert [(c.direction, c.frame_index) for c in found] == [("in", 7)]


def test_in_and_out_by_one_person_count_both(plan: TwinPlan, entrance: CameraConfig) -> None:
    y = [*np.linspace(-1, 2, 20), *np.linspace(2, -1, 20)]
    found = true_crossings(_paths([[0.0] * 40], [y]), plan.camera("entrance"), "entrance", entrance)
    assert [c.direction for c in found] == ["in", "out"]


def test_passing_beside_the_segment_is_no_crossing(plan: TwinPlan, entrance: CameraConfig) -> None:
    y = np.linspace(-1, 2, 20).tolist()
    assert not true_crossings(_paths([[3.5] * 20], [y]), plan.camera("entrance"), "entrance", entrance)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-1.5, 3.0), min_size=2, max_size=40))
def test_net_crossings_tell_where_somebody_ended(ys: list[float]) -> None:
    """In minus out is what the first and the last confirmed position say, whatever the path does between."""
    store = load_store(DEMO)
    plan = twin_plan(store, DEMO)
    config = store.camera("entrance")
    line = floor_line(plan.camera("entrance"), config, "door", "here")
    height = (line.start[1] + line.end[1]) / 2
    found = true_crossings(_paths([[0.0] * len(ys)], [ys]), plan.camera("entrance"), "entrance", config)
    sides = [y > height for y in ys if abs(y - height) > CONFIRMED_M + 0.01]
    near = any(CONFIRMED_M - 0.01 <= abs(y - height) <= CONFIRMED_M + 0.01 for y in ys)
    if sides and not near:
        net = sum(1 if c.direction == "in" else -1 for c in found)
        assert net == int(sides[-1]) - int(sides[0])


def test_simulated_crossings_agree_with_a_naive_count(
    plan: TwinPlan, entrance: CameraConfig, crowd: Trajectories
) -> None:
    """The oracle reads y alone: positions on both sides of the door line, CONFIRMED_M or more off it."""
    camera = plan.camera("entrance")
    found = true_crossings(crowd, camera, "entrance", entrance)
    line = floor_line(camera, entrance, "door", "here")
    expected = []
    for walk in crowd.walks:
        side: bool | None = None
        for x, y in walk.path_m:
            depth = line.inner_sign * signed_distance((x, y), line.start, line.end)
            if abs(depth) >= CONFIRMED_M:
                if side is not None and side != (depth > 0):
                    expected.append((walk.person_id, "in" if depth > 0 else "out"))
                side = bool(depth > 0)
    assert expected
    assert sorted((c.person_id, c.direction) for c in found) == sorted(expected)
    for crossing in found:
        there = {w.person_id: w.path_m[k] for w, k in crowd.at(round(crossing.time_s * crowd.fps))}
        own = there.pop(crossing.person_id)
        gaps = [float(np.hypot(*(other - own))) for other in there.values()]
        assert crossing.nearest_person_m == pytest.approx(min(gaps, default=math.inf), abs=1e-5)


def test_a_slower_camera_numbers_its_own_pictures(plan: TwinPlan, entrance: CameraConfig, crowd: Trajectories) -> None:
    camera = plan.camera("entrance")
    every = true_crossings(crowd, camera, "entrance", entrance)
    fifth = true_crossings(crowd, camera, "entrance", entrance, frame_step=5)
    assert [(c.person_id, c.time_s) for c in every] == [(c.person_id, c.time_s) for c in fifth]
    for one, other in zip(every, fifth, strict=True):
        assert one.frame_index <= other.frame_index * 5 < one.frame_index + 5


def test_visits_agree_with_a_naive_count(plan: TwinPlan, aisle: CameraConfig) -> None:
    """Somebody stands in the promotion zone for 3 s, steps out for half a second, and comes back for 2 s."""
    inside, outside = (-1.0, 3.4), (-1.0, 1.5)
    path = [outside] * 10 + [inside] * 30 + [outside] * 5 + [inside] * 20 + [outside] * 30
    visits = true_visits(_paths([[p[0] for p in path]], [[p[1] for p in path]]), plan.camera("aisle"), "aisle", aisle)
    assert [(v.zone_id, v.enter_s, v.exit_s, v.truncated) for v in visits] == [("promotion", 1.0, 6.5, False)]
    assert visits[0].dwell_s == pytest.approx(5.5)


def test_a_line_above_the_horizon_is_refused(plan: TwinPlan) -> None:
    config = CameraConfig.model_validate(
        {"lines": {"sky": {"from": [0.1, 0.0], "to": [0.9, 0.0], "inside": [0.5, 0.9], "anchor": "foot"}}}
    )
    level = plan.cameras["entrance"].model_copy(update={"pitch_deg": 5.0}).geometry(640, 360, LensConfig())
    with pytest.raises(DongsunError, match="horizon"):
        floor_line(level, config, "sky", "cameras.entrance.lines.sky")


def test_a_line_anchored_at_the_centre_is_refused(plan: TwinPlan) -> None:
    config = CameraConfig.model_validate(
        {"lines": {"belt": {"from": [0.1, 0.6], "to": [0.9, 0.6], "inside": [0.5, 0.9], "anchor": "centre"}}}
    )
    with pytest.raises(DongsunError, match="anchor"):
        floor_line(plan.camera("entrance"), config, "belt", "cameras.entrance.lines.belt")
