"""The shop's books: entries, exits, who is inside, and where visitors spend their time."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Point

from dongsun.contract.errors import DongsunError
from dongsun.twin.crowd.simulate import simulate
from dongsun.twin.crowd.trajectories import Member, Role, Trajectories, Walk
from dongsun.twin.plan.twin_plan import TwinPlan
from dongsun.twin.truth.doors import door_book, inside_count
from dongsun.twin.truth.heatmap import CELL_M, heatmap
from dongsun.twin.truth.occupancy import occupancy
from dongsun.twin.truth.passages import CONFIRMED_M, confirmed_side, net_passages


def _plan(**extra: object) -> TwinPlan:
    camera = {"position_m": [0.0, 5.0, 2.8], "yaw_deg": -90.0}
    return TwinPlan.model_validate(
        {
            "floor": [[-4, 0], [4, 0], [4, 7], [-4, 7]],
            "doors": {"left": {"from": [-3, 0], "to": [-1.5, 0]}, "right": {"from": [1.5, 0], "to": [3, 0]}},
            "shelves": [{"x0_m": -1, "y0_m": 3, "x1_m": 1, "y1_m": 4}],
            "cameras": {"one": camera},
        }
        | extra
    )


def _walk(person: int, points: npt.NDArray[np.float64], first: int = 0) -> Walk:
    x, y = points[:, 0].astype(np.float32), points[:, 1].astype(np.float32)
    zero = np.zeros(len(x), np.float32)
    return Walk(person, first, x, y, zero, zero, zero, zero, zero)


def _crowd(frames: int, *walks: Walk, staff: tuple[int, ...] = (), fps: int = 10) -> Trajectories:
    role: dict[int, Role] = {w.person_id: "staff" if w.person_id in staff else "visitor" for w in walks}
    return Trajectories(fps, frames, walks, {p: Member(p, r) for p, r in role.items()})


def _line(start: tuple[float, float], end: tuple[float, float], samples: int) -> npt.NDArray[np.float64]:
    return np.linspace(start, end, samples)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.floats(-0.6, 0.6), min_size=1, max_size=60))
def test_passages_are_what_a_slow_reading_finds(depths: list[float]) -> None:
    expected, confirmed, sign, changed = [], 0, 0, 0
    for k, depth in enumerate(depths):
        now = 1 if depth > 0 else -1
        if now != sign:
            sign, changed = now, k
        if abs(depth) >= CONFIRMED_M and now != confirmed:
            if confirmed:
                expected.append((changed, now > 0))
            confirmed = now
    depth_m = np.array(depths)
    assert net_passages(depth_m) == expected
    side = confirmed_side(depth_m).astype(int)
    assert [(k + 1, step > 0) for k, step in enumerate(np.diff(side).tolist()) if step] == expected


def test_the_door_is_named_and_coming_back_is_a_re_entry() -> None:
    path = np.vstack([_line((-2, -1), (-2, 2), 30), _line((-2, 2), (2, 2), 40), _line((2, 2), (2, -1), 30)])
    book = door_book(_crowd(300, _walk(1, path), _walk(1, path, first=150), _walk(2, path)), _plan())
    assert [(e.door_id, e.person_id, e.direction) for e in book.entries if e.person_id == 1] == [
        ("left", 1, "in"), ("right", 1, "out"), ("left", 1, "in"), ("right", 1, "out"),
    ]  # fmt: skip
    assert book.re_entries() == 1 and book.visitors_inside == {1, 2}
    assert (book.count("in", staff=False), book.count("out", staff=False)) == (3, 3)


def test_whoever_turns_round_on_the_threshold_was_never_inside() -> None:
    path = np.vstack([_line((-2, -1), (-2, 0.1), 10), _line((-2, 0.1), (-2, -1), 10)])
    crowd = _crowd(20, _walk(1, path))
    assert not door_book(crowd, _plan()).entries
    assert not inside_count(crowd, _plan()).any()


def test_going_through_a_wall_and_appearing_indoors_are_refused() -> None:
    with pytest.raises(DongsunError, match="from the nearest door"):
        door_book(_crowd(30, _walk(1, _line((-5, 4), (-2, 4), 30))), _plan())
    with pytest.raises(DongsunError, match="appears indoors"):
        door_book(_crowd(90, _walk(1, _line((0, 2), (1, 2), 85), first=5)), _plan())
    with pytest.raises(DongsunError, match="vanishes indoors"):
        door_book(_crowd(90, _walk(1, _line((0, 2), (1, 2), 85))), _plan())


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_books_of_a_simulated_crowd_balance_in_every_frame(seed: int) -> None:
    plan = _plan(staff={"count": 2, "door_trips_per_hour": 60.0}, fps=5)
    crowd = simulate(plan, tuple(range(1, 9)), seed=seed, duration_s=60, warmup_s=15)
    book = door_book(crowd, plan)
    assert book.entries
    change = np.zeros(crowd.frames, np.int64)
    for entry in book.entries:
        change[entry.frame_index] += 1 if entry.direction == "in" else -1
    inside = inside_count(crowd, plan)
    assert (book.inside_at_start + np.cumsum(change) == inside).all()
    for frame in range(0, crowd.frames, 11):  # a slow look at the positions; on the threshold both answers will do
        places = [Point(float(w.x_m[k]), float(w.y_m[k])) for w, k in crowd.at(frame)]
        wall = plan.floor_polygon.exterior
        sure = [p for p in places if wall.distance(p) >= CONFIRMED_M]
        within = sum(plan.floor_polygon.contains(p) for p in sure)
        assert within <= inside[frame] <= within + len(places) - len(sure)
    rows = occupancy(crowd, plan)
    assert [row.people for row in rows] == inside[:: plan.fps].tolist()
    assert len(rows) == 60 and all(0 <= row.staff <= row.people for row in rows)


def test_the_heatmap_holds_every_visitor_second_in_its_hour() -> None:
    plan = _plan()
    crowd = _crowd(200, _walk(1, np.full((200, 2), (0.3, 2.1))), _walk(2, np.full((200, 2), (1.0, 5.0))), staff=(2,))
    cells = heatmap(crowd, plan, "23:59").cells()
    assert cells == [(23, 0.375, 2.125, 20.0)]
    late = heatmap(_crowd(900, _walk(1, np.full((900, 2), (0.3, 2.1)))), plan, "23:59").cells()
    assert late == [(0, 0.375, 2.125, 30.0), (23, 0.375, 2.125, 60.0)]
    walking = _line((-2, -1), (-2, 6.9), 100)
    total = sum(seconds for *_, seconds in heatmap(_crowd(100, _walk(1, walking)), plan, "10:00").cells())
    assert total == pytest.approx((walking[:, 1].astype(np.float32) > 0).sum() / 10)
    assert CELL_M == 0.25
