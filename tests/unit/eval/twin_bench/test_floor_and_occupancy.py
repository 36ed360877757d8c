"""Heatmaps, occupancy and boxes in view."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dongsun.contract.errors import DongsunError
from dongsun.eval.tracking_metrics import NamedBoxes
from dongsun.eval.twin_bench.box_truth import paths, read_true_boxes
from dongsun.eval.twin_bench.estimate import Ratio
from dongsun.eval.twin_bench.heatmap import FloorGrid, foot_points, heatmap_correlation
from dongsun.eval.twin_bench.occupancy import occupancy_error, people_in_view, read_windows

GRID = FloorGrid((-1.0, 0.0, 1.2, 2.0))


def test_grid_covers_the_shop() -> None:
    assert GRID.shape == (4, 5)
    assert GRID.centres()[0] == pytest.approx([-0.75, 0.25])
    assert GRID.centres()[-1] == pytest.approx([1.25, 1.75])


@given(st.lists(st.tuples(st.floats(-2, 2), st.floats(-1, 3)), max_size=30))
def test_seconds_agree_with_a_loop(points: list[tuple[float, float]]) -> None:
    grid = GRID.seconds(np.array(points, np.float64).reshape(-1, 2), 0.1)
    expected = np.zeros(GRID.shape)
    for x, y in points:
        row, column = int(np.floor(y / 0.5)), int(np.floor((x + 1.0) / 0.5))
        if 0 <= row < 4 and 0 <= column < 5:
            expected[row, column] += 0.1
    assert grid == pytest.approx(expected)


def test_points_beyond_the_horizon_are_left_out() -> None:
    points = np.array([[np.nan, np.nan], [0.0, 1.0]])
    assert GRID.seconds(points, 1.0).sum() == 1.0


def test_correlation_looks_at_covered_cells_only() -> None:
    covered = GRID.covered(lambda floor: floor[:, 0] < 0.0)
    assert covered.sum() == 8
    one = np.arange(20.0).reshape(4, 5)
    other = np.where(covered, 3 * one + 1, -100.0)
    assert heatmap_correlation(one, other, covered) == pytest.approx(1.0)
    assert heatmap_correlation(one, np.zeros((4, 5)), covered) is None
    assert heatmap_correlation(one, -one, covered) == pytest.approx(-1.0)


def test_foot_is_the_bottom_centre() -> None:
    assert foot_points(np.array([[10, 20, 30, 80]], np.float32)).tolist() == [[20.0, 80.0]]


def test_occupancy_error_is_weighted_by_observed_time() -> None:
    in_view = np.array([2] * 150 + [4] * 50)
    windows = [(0.0, 15.0, 2.5), (15.0, 5.0, 3.0)]
    assert occupancy_error(windows, in_view, 10.0) == Ratio(pytest.approx(0.5 * 15 + 1.0 * 5), 20.0)


def test_people_in_view_counts_names() -> None:
    boxes = NamedBoxes(("1", "2"), np.array([[0, 0, 9, 9], [5, 0, 9, 9]], np.float32))
    assert people_in_view({1: boxes}, 3).tolist() == [0, 2, 0]


def test_windows_are_read_on_the_streams_clock(tmp_path: Path) -> None:
    (tmp_path / "windows.csv").write_text(
        "starts_at_utc,observed_s,occupancy_mean\n"
        "1970-01-01T00:00:00.000Z,15.000,1.500\n1970-01-01T00:00:15.000Z,3.000,2.000\n",
        encoding="utf-8",
    )
    windows = read_windows(tmp_path, datetime(1970, 1, 1, tzinfo=UTC))
    assert windows == ((0.0, 15.0, 1.5), (15.0, 3.0, 2.0))


def test_boxes_in_view_are_tall_and_visible(tmp_path: Path) -> None:
    file = tmp_path / "cam.gt.txt"
    file.write_text(
        "1,7,10.00,20.00,30.00,40.00,1,1,0.400\n"
        "1,8,10.00,20.00,30.00,39.00,1,1,1.000\n"
        "2,7,10.00,20.00,30.00,90.00,1,1,0.390\n"
        "2,7,10.00,20.00,30.00,90.00,1,2,1.000\n",
        encoding="utf-8",
    )
    boxes = read_true_boxes(file)
    assert {f: b.names for f, b in paths(boxes, in_view=True).items()} == {0: ("7",)}
    assert {f: b.names for f, b in paths(boxes, in_view=False).items()} == {0: ("8",), 1: ("7",)}
    assert paths(boxes, in_view=True)[0].boxes_xyxy_px.tolist() == [[10.0, 20.0, 40.0, 60.0]]
    # Whole bodies change the boxes, not who is in view.
    bodies = tuple(replace(box, xyxy_px=(0.0, 0.0, 99.0, 99.0)) for box in boxes)
    whole = paths(boxes, in_view=True, whole_bodies=bodies)
    assert {f: (b.names, b.boxes_xyxy_px.tolist()) for f, b in whole.items()} == {0: (("7",), [[0.0, 0.0, 99.0, 99.0]])}


def test_a_broken_box_line_is_named(tmp_path: Path) -> None:
    file = tmp_path / "cam.gt.txt"
    file.write_text("1,7,10,20,30,40,1,1,0.4\n1,7,x\n", encoding="utf-8")
    with pytest.raises(DongsunError, match=r"cam\.gt\.txt:2"):
        read_true_boxes(file)
    with pytest.raises(DongsunError, match="no file"):
        read_true_boxes(tmp_path / "none.txt")
