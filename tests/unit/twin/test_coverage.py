"""What cameras see of a shop, against loops and arithmetic that know no arrays."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dongsun.contract.errors import DongsunError
from dongsun.contract.store import StoreConfig, load_store, parse_store
from dongsun.twin.coverage.assessment import assess
from dongsun.twin.coverage.candidates import mounts
from dongsun.twin.coverage.crowding import hidden_by_people
from dongsun.twin.coverage.obstacles import Obstacles
from dongsun.twin.coverage.sight import Sight
from dongsun.twin.coverage.targets import Targets
from dongsun.twin.plan.twin_plan import TwinPlan, twin_plan

DEMO = Path("conf/store/demo.yaml")
CAMERA = {"position_m": [0.0, 0.3, 2.8], "yaw_deg": 90.0, "pitch_deg": 27.0, "hfov_deg": 78.0}


def shop(**twin: Any) -> tuple[StoreConfig, TwinPlan]:
    """A room of 6 by 8 m with a door in the south wall and one camera above it."""
    section: dict[str, Any] = {
        "floor": [[-3.0, 0.0], [3.0, 0.0], [3.0, 8.0], [-3.0, 8.0]],
        "doors": {"main": {"from": [-1.0, 0.0], "to": [1.0, 0.0]}},
        "cameras": {"only": CAMERA},
        **twin,
    }
    store = parse_store({"id": "room", "cameras": {k: {} for k in section["cameras"]}, "twin": section}, where="test")
    return store, twin_plan(store, "test")


def test_an_empty_room_is_seen_as_a_loop_over_its_cells_says() -> None:
    store, plan = shop()
    targets = Targets.of(store, plan, 0.5)
    found = assess({"only": plan.camera("only")}, Obstacles.of(plan), targets, 60.0, 0.0)
    yaw, pitch, focal = math.radians(90), math.radians(27), 320 / math.tan(math.radians(39))
    hits = []
    for x, y in targets.floor_m:
        corners = []
        for z in (0.0, 1.2, 1.7):
            dx, dy, dz = x - 0.0, y - 0.3, z - 2.8
            ahead = dx * math.cos(yaw) + dy * math.sin(yaw)
            right = dx * math.sin(yaw) - dy * math.cos(yaw)
            depth = ahead * math.cos(pitch) - dz * math.sin(pitch)
            down = -ahead * math.sin(pitch) - dz * math.cos(pitch)
            if depth > 0.15:
                corners.append((320 + focal * right / depth, 180 + focal * down / depth))
        whole = len(corners) == 3 and all(0 <= u <= 640 and 0 <= v <= 360 for u, v in corners)
        hits.append(whole and math.dist(corners[0], corners[2]) >= 60)
    assert found.floor_share == pytest.approx(sum(hits) / len(hits))
    assert 0.2 < found.floor_share < 0.9
    np.testing.assert_array_equal(found.best_height_px > 0, hits)
    assert found.cameras["only"].hidden_by_furniture == 0.0


def test_a_wall_hides_what_is_behind_it_and_a_low_shelf_only_the_feet() -> None:
    _, plan = shop(walls=[{"from": [-3.0, 4.0], "to": [0.0, 4.0]}])
    obstacles, eye = Obstacles.of(plan), plan.camera("only")
    behind, before, beside = np.array([[-0.5, 6.0, 1.0]]), np.array([[-0.5, 3.0, 1.0]]), np.array([[1.0, 6.0, 1.0]])
    assert not obstacles.clear(eye.position_m, behind)[0]
    assert obstacles.clear(eye.position_m, before)[0]
    assert obstacles.clear(eye.position_m, beside)[0]
    _, low = shop(shelves=[{"x0_m": -1.0, "y0_m": 3.0, "x1_m": 1.0, "y1_m": 3.5, "height_m": 1.2}])
    sight = Sight.of(low.camera("only"), Obstacles.of(low), np.array([[0.0, 4.0], [0.0, 7.9]]))
    assert sight.clear[0].tolist() == [False, True, True]
    assert sight.clear[1].tolist() == [True, True, True]
    assert sight.furnished(60.0).tolist() == [True, False]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_the_line_of_sight_is_what_stepping_along_it_says(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x0, y0 = rng.uniform(-2, 1), rng.uniform(1, 6)
    box = {"x0_m": x0, "y0_m": y0, "x1_m": x0 + rng.uniform(0.3, 1.5), "y1_m": y0 + rng.uniform(0.3, 1.5)}
    _, plan = shop(shelves=[{**box, "height_m": 1.6}])
    eye = np.array([0.0, 0.3, 2.8])
    targets = np.column_stack([rng.uniform(-2.8, 2.8, 20), rng.uniform(0.5, 7.5, 20), rng.uniform(0.0, 1.7, 20)])
    clear = Obstacles.of(plan).clear((0.0, 0.3, 2.8), targets)
    for target, seen in zip(targets, clear, strict=True):
        way = eye + np.linspace(0, 1, 2000)[:, None] * (target - eye)
        depth = np.stack(
            [way[:, 0] - x0, box["x1_m"] - way[:, 0], way[:, 1] - y0, box["y1_m"] - way[:, 1], 1.6 - way[:, 2]]
        ).min(axis=0)
        deepest = float(depth.max())
        if abs(deepest) > 0.005:  # a ray that only grazes an edge is decided by rounding
            assert seen == (deepest < 0)


def test_an_outer_wall_of_an_l_shaped_shop_hides_the_other_arm() -> None:
    floor = [[-3.0, 0.0], [3.0, 0.0], [3.0, 8.0], [0.0, 8.0], [0.0, 4.0], [-3.0, 4.0]]
    _, plan = shop(floor=floor)
    clear = Obstacles.of(plan).clear((-2.8, 1.0, 2.8), np.array([[1.0, 7.5, 1.0], [1.0, 2.0, 1.0], [1.0, -1.0, 1.0]]))
    assert clear.tolist() == [False, True, True]  # round the corner; in the open; out through the door


def test_others_hide_people_as_often_as_throwing_them_down_at_random_does() -> None:
    rng = np.random.default_rng(5)
    density, distance, height = 0.3, 6.0, 2.8
    stretch = distance * 1.7 / height - 0.5
    trials, hidden = 4000, 0
    for _ in range(trials):
        people = rng.uniform([0, -2], [distance, 2], (rng.poisson(density * distance * 4), 2))
        # People fully within the stretch where the ray to the feet is below their heads, and clear of the person.
        near = (people[:, 0] > distance - 0.5 - stretch) & (people[:, 0] < distance - 0.5) & (abs(people[:, 1]) < 0.25)
        hidden += bool(near.any())
    expected = hidden_by_people(np.array([distance]), height, 0.0, density)[0]
    assert expected == pytest.approx(hidden / trials, abs=0.03)
    chances = hidden_by_people(np.linspace(0.1, 12, 50), height, 0.0, density)
    assert (np.diff(chances) >= 0).all()
    assert hidden_by_people(np.array([8.0]), height, 1.7, density)[0] == 0.0
    assert hidden_by_people(np.array([8.0]), height, 0.0, 0.0)[0] == 0.0


def test_cameras_can_be_hung_inside_the_walls_only_and_not_in_tall_shelves() -> None:
    shelf = {"x0_m": 2.5, "y0_m": 2.0, "x1_m": 3.0, "y1_m": 6.0, "height_m": 2.75}
    _, plan = shop(shelves=[shelf])
    hung = mounts(plan, 0.5)
    assert {(-1 < m.x_m < 1 and m.y_m < 1) for m in hung} == {True, False}
    for mount in hung:
        assert -3 < mount.x_m < 3 and 0 < mount.y_m < 8
        assert not (2.5 <= mount.x_m <= 3.0 and 2.0 <= mount.y_m <= 6.0)


def test_a_grid_too_coarse_for_the_shop_is_refused() -> None:
    store, plan = shop()
    with pytest.raises(DongsunError, match="finer grid"):
        Targets.of(store, plan, 3.0)


def test_the_demo_sees_its_door_and_its_promotion() -> None:
    store = load_store(DEMO)
    plan = twin_plan(store, DEMO)
    eyes = {name: plan.camera(name) for name in plan.cameras}
    found = assess(eyes, Obstacles.of(plan), Targets.of(store, plan, 0.5), 60.0, 0.1)
    assert found.doors["main"] == 1.0
    assert found.zones["aisle/promotion"] == 1.0
    assert found.cameras["entrance"].doors["main"] == 1.0
    assert 0.4 < found.floor_share < 0.9
