"""A detector that draws whole bodies is believed: nothing is completed but what the picture's edge cuts."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from dongsun.contract.detections import BoxExtent, Detections
from dongsun.contract.geometry import Point
from dongsun.contract.store import load_store
from dongsun.serve_edge.pipeline.camera_pipeline import CameraPipeline, PipelineRules
from dongsun.serve_edge.pipeline.floor_view import FloorView
from dongsun.serve_edge.pipeline.looks import FrameSize
from dongsun.serve_edge.pipeline.motion import Box
from dongsun.serve_edge.pipeline.stature import Bottom, bottoms
from dongsun.serve_edge.pipeline.whole_body_stature import WholeBodyStature

DEMO = load_store(Path(__file__).parents[4] / "conf" / "store" / "demo.yaml")
ADULT_M, CHILD_M = 1.75, 1.15
SIZE = FrameSize(640, 360)


@pytest.fixture
def view() -> FloorView:
    found = FloorView.of(DEMO.camera("entrance"), SIZE.width_px, SIZE.height_px)
    assert found is not None
    return found


def box_at(view: FloorView, place_m: Point, stature_m: float) -> Box:
    """A whole person's box, three times as tall as wide."""
    (x, bottom), (_, top) = view.picture_px(place_m), view.picture_px(place_m, stature_m)
    half = (bottom - top) / 6
    return np.array([x - half, top, x + half, bottom])


def test_a_box_is_believed_whatever_was_measured_before(view: FloorView) -> None:
    stature = WholeBodyStature(view)
    for k in range(9):
        stature.complete(box_at(view, (0.0, 2.0), ADULT_M), k / 10, Bottom.SEEN)
    child = box_at(view, (0.0, 2.0), CHILD_M)
    whole, seen_whole = stature.complete(child, 1.0, Bottom.COVERED)
    assert whole.tolist() == child.tolist() and seen_whole


def test_feet_below_the_picture_follow_from_the_stature(view: FloorView) -> None:
    stature = WholeBodyStature(view)
    for k in range(9):
        stature.complete(box_at(view, (0.0, 3.0), CHILD_M), k / 10, Bottom.SEEN)
    whole = box_at(view, (0.5, 4.3), CHILD_M)
    cut = whole.copy()
    cut[3] = 340.0
    assert whole[3] > 345.0
    found, seen_whole = stature.complete(cut, 1.0, Bottom.CUT)
    assert found == pytest.approx(whole, abs=2.0) and not seen_whole
    taller = whole.copy()
    taller[3] += 30.0
    assert stature.complete(taller, 1.1, Bottom.CUT)[0].tolist() == taller.tolist(), "never drawn up"


def test_without_a_floor_pixels_tell_what_the_edge_cuts() -> None:
    stature = WholeBodyStature(None)
    for k in range(9):
        stature.complete(np.array([100.0, 100.0, 150.0, 300.0]), k / 10, Bottom.SEEN)
    found, _ = stature.complete(np.array([100.0, 200.0, 150.0, 359.0]), 0.9, Bottom.CUT)
    assert found[3] == pytest.approx(400.0, abs=5.0)
    short = np.array([100.0, 200.0, 150.0, 300.0])
    assert stature.complete(short, 1.0, Bottom.SEEN)[0].tolist() == short.tolist()


def test_nobody_covers_a_box_that_goes_around_a_whole_body() -> None:
    boxes = np.array([[100.0, 50.0, 140.0, 180.0], [95.0, 60.0, 145.0, 220.0], [300.0, 200.0, 350.0, 360.0]])
    assert bottoms(boxes, 360) == [Bottom.COVERED, Bottom.SEEN, Bottom.CUT]
    assert bottoms(boxes, 360, "whole_body") == [Bottom.SEEN, Bottom.SEEN, Bottom.CUT]


def crossings(view: FloorView, extent: BoxExtent) -> list[tuple[str, float]]:
    """A small child walks in through the door 0.7 m behind an adult, always in the shadow of the adult's box."""
    rules = PipelineRules(0.3, None, datetime(2026, 1, 1, tzinfo=UTC), box_extent=extent)
    pipeline = CameraPipeline(DEMO.camera("entrance"), SIZE, rules)
    found = []
    for k in range(40):
        y_m = 0.3 + 0.08 * k
        boxes = np.array([box_at(view, (0.0, y_m + 0.7), ADULT_M), box_at(view, (0.02, y_m), CHILD_M)], np.float32)
        boxes = boxes[boxes[:, 3] < SIZE.height_px]
        seen = Detections(boxes, np.full(len(boxes), 0.9, np.float32), np.zeros(len(boxes), np.int64))
        pipeline.follow(seen, k, k / 10)
        found += pipeline.settle(k / 10).crossings
    found += pipeline.finish(0.1).crossings
    return [(c.crossing.direction, c.crossing.stream_time_s) for c in found]


def test_a_child_behind_an_adult_crosses_when_its_own_feet_do(view: FloorView) -> None:
    # The line lies at y = 1.4 m: the adult's feet pass it after 0.5 s, the child's after 1.4 s.
    found = crossings(view, "whole_body")
    assert [direction for direction, _ in found] == ["in", "in"]
    assert [at_s for _, at_s in found] == [pytest.approx(0.5, abs=0.2), pytest.approx(1.4, abs=0.2)]
