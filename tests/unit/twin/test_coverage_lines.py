"""Lines that count, lines that never could and why, and lines worth drawing."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dongsun.contract.store import load_store, parse_store
from dongsun.twin.coverage.counting_line import FloorSegment, LineSight, line_sight
from dongsun.twin.coverage.obstacles import Obstacles
from dongsun.twin.coverage.planning import judge_lines
from dongsun.twin.coverage.suggestion import suggestions
from dongsun.twin.crowd.floor import walkable_floor
from dongsun.twin.plan.twin_plan import TwinPlan, twin_plan

DEMO = Path("conf/store/demo.yaml")


def room(camera: dict[str, Any] | None = None, **twin: Any) -> TwinPlan:
    """A room of 8 by 12 m, a door in the south wall, a camera on the north wall that looks at it."""
    section: dict[str, Any] = {
        "floor": [[-4.0, 0.0], [4.0, 0.0], [4.0, 12.0], [-4.0, 12.0]],
        "doors": {"main": {"from": [-1.0, 0.0], "to": [1.0, 0.0]}},
        "cameras": {"only": {"position_m": [0.0, 7.0, 2.8], "yaw_deg": -90.0, "pitch_deg": 27.0, **(camera or {})}},
        **twin,
    }
    store = parse_store({"id": "room", "cameras": {"only": {}}, "twin": section}, where="test")
    return twin_plan(store, "test")


def judged(
    plan: TwinPlan, start: tuple[float, float], end: tuple[float, float], inside: tuple[float, float]
) -> LineSight:
    """Judges a line in the room's only camera."""
    return line_sight(
        plan.camera("only"), Obstacles.of(plan), walkable_floor(plan), FloorSegment(start, end, inside), 0.1
    )


def test_a_line_across_open_floor_before_the_camera_counts() -> None:
    sight = judged(room(), (-1.5, 1.4), (1.5, 1.4), (0.0, 4.0))
    assert sight.verdict == "good" and sight.reason == "" and sight.countable == 1.0
    assert sight.height_px > 60 and 0 < sight.score < 1


@pytest.mark.parametrize(
    ("reason", "twin", "start", "end"),
    [
        ("out_of_picture", {}, (-1.5, 9.0), (1.5, 9.0)),
        ("out_of_picture", {}, (-1.0, 5.1), (1.0, 5.1)),
        (
            "hidden",
            {"shelves": [{"x0_m": -3, "y0_m": 3.2, "x1_m": 3, "y1_m": 3.8, "height_m": 2.2}]},
            (-1, 2.2),
            (1, 2.2),
        ),
        ("no_floor", {"shelves": [{"x0_m": -2, "y0_m": 1.0, "x1_m": 2, "y1_m": 1.5}]}, (-1.5, 1.8), (1.5, 1.8)),
        ("too_small", {"width_px": 128, "height_px": 72}, (-1.5, 1.4), (1.5, 1.4)),
        ("flat", {"camera": {"position_m": [0.0, 7.0, 0.7], "pitch_deg": 0.0}}, (-1.0, 1.4), (1.0, 1.4)),
    ],
)
def test_a_line_that_never_could_count_says_why(
    reason: str, twin: dict[str, Any], start: tuple[float, float], end: tuple[float, float]
) -> None:
    sight = judged(room(**twin), start, end, (0.0, end[1] + 1.0))
    assert sight.verdict == "never"
    assert sight.reason == reason
    assert sight.score == 0.0


def test_a_line_half_behind_a_shelf_counts_in_part() -> None:
    shelf = {"x0_m": 0.0, "y0_m": 3.2, "x1_m": 3.0, "y1_m": 3.8, "height_m": 2.2}
    sight = judged(room(shelves=[shelf]), (-1.5, 2.2), (1.5, 2.2), (0.0, 4.0))
    assert sight.verdict == "partly" and sight.reason == "hidden"
    assert 0.4 < sight.countable < 0.6


def test_the_demos_lines_are_judged_and_its_door_is_fine() -> None:
    store = load_store(DEMO)
    plan = twin_plan(store, DEMO)
    eyes = {name: plan.camera(name) for name in plan.cameras}
    lines = {line.line_id: line for line in judge_lines(store, eyes, Obstacles.of(plan), walkable_floor(plan), 0.1)}
    assert lines["door"].verdict == "good"
    assert lines["main-aisle"].verdict == "partly"


def test_a_line_above_the_horizon_lies_on_no_floor() -> None:
    plan = room()
    raw = {"lines": {"sky": {"from": [0.2, 0.01], "to": [0.8, 0.01], "inside": [0.5, 0.9]}}}
    tilted = plan.cameras["only"].model_copy(update={"pitch_deg": 5.0})
    plan = plan.model_copy(update={"cameras": {"only": tilted}})
    store = parse_store({"id": "room", "cameras": {"only": raw}}, where="test")
    (line,) = judge_lines(store, {"only": plan.camera("only")}, Obstacles.of(plan), walkable_floor(plan), 0.1)
    assert (line.verdict, line.reason) == ("never", "sky")


def test_suggested_lines_lie_inside_the_door_in_the_picture_and_count() -> None:
    plan = room()
    ground, obstacles, eye = walkable_floor(plan), Obstacles.of(plan), plan.camera("only")
    (best,) = suggestions(plan, {"only": eye}, obstacles, ground, 0.1)["main"]
    assert 0.6 <= best.offset_m <= 2.0
    assert best.floor.start[1] == best.floor.end[1] == pytest.approx(best.offset_m)
    assert best.floor.inside[1] > best.offset_m
    assert best.sight.verdict == "good"
    scale = np.array([eye.width_px, eye.height_px])
    back = eye.to_floor(np.array([best.picture[k] for k in ("from", "to", "inside")]) * scale)
    np.testing.assert_allclose(back, [best.floor.start, best.floor.end, best.floor.inside], atol=0.03)
    away = room(camera={"yaw_deg": 90.0})
    assert suggestions(away, {"only": away.camera("only")}, Obstacles.of(away), walkable_floor(away), 0.1)["main"] == []
