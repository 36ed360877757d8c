"""Followed on the floor: who may be whom again, whose head it is, and who emerges on a line."""

from pathlib import Path

import numpy as np
import pytest

from dongsun.contract.store import LineConfig, load_store
from dongsun.serve_edge.pipeline.constants import CountingConstants, TrackingConstants
from dongsun.serve_edge.pipeline.floor_stature import FloorStature
from dongsun.serve_edge.pipeline.floor_view import FloorView
from dongsun.serve_edge.pipeline.footprints import Footprints
from dongsun.serve_edge.pipeline.gallery_policy import GalleryPolicy
from dongsun.serve_edge.pipeline.line_counter import LineCounter, PixelLine
from dongsun.serve_edge.pipeline.looks import FrameSize
from dongsun.serve_edge.pipeline.motion import Box, BoxMotion
from dongsun.serve_edge.pipeline.reappearance import Reappearance
from dongsun.serve_edge.pipeline.sighting import Sighting
from dongsun.serve_edge.pipeline.stature import Bottom
from dongsun.serve_edge.pipeline.track import Track

DEMO = load_store(Path(__file__).parents[4] / "conf" / "store" / "demo.yaml")
SIZE = FrameSize(640, 360)


@pytest.fixture
def view() -> FloorView:
    found = FloorView.of(DEMO.camera("entrance"), SIZE.width_px, SIZE.height_px)
    assert found is not None
    return found


def box_at(view: FloorView, x_m: float, y_m: float) -> Box:
    (x, bottom), (_, top) = view.picture_px((x_m, y_m)), view.picture_px((x_m, y_m), 1.72)
    return np.array([x - 15, top, x + 15, bottom])


def track(view: FloorView, ys_m: list[float], from_s: float) -> Track:
    """Somebody who walks along x = 0, seen every 0.1 s."""
    found = Track(1, box_at(view, 0.0, ys_m[0]), 0.9, 0, from_s, Bottom.SEEN, FloorStature(Footprints(view)), view)
    for k, y_m in enumerate(ys_m[1:], 1):
        at_s = from_s + k / 10
        found.motion.predict(at_s)
        found.see(box_at(view, 0.0, y_m), 0.9, k, at_s, Bottom.SEEN)
    return found


def test_who_walks_on_out_of_sight_is_awaited_where_they_would_be(view: FloorView) -> None:
    lost = track(view, [0.5 + 0.1 * k for k in range(11)], 0.0)
    place = lost.place_at_m(2.0)
    assert place is not None
    assert place[1] == pytest.approx(lost.last.place_m[1] + 1.0, abs=0.05)  # type: ignore[index]


@pytest.mark.parametrize(("y_m", "is_possible"), [(2.5, True), (4.2, False)])
def test_nobody_runs_faster_than_people_do_however_near_the_boxes_are(
    view: FloorView, y_m: float, is_possible: bool
) -> None:
    lost, young = track(view, [1.0] * 5, 0.0), track(view, [y_m] * 5, 0.9)
    reappearance = Reappearance(0.5, TrackingConstants(), GalleryPolicy())
    assert reappearance.possible(young, lost) is is_possible


def test_a_head_elsewhere_is_somebody_elses() -> None:
    motion = BoxMotion(np.array([100.0, 100, 140, 200]), 0.0)
    for k in range(1, 10):
        motion.predict(k / 10)
        motion.update(np.array([100.0, 100, 140, 200]), whole=True)
    here, behind = np.array([102.0, 101, 141, 199]), np.array([105.0, 65, 135, 170])
    near, far = motion.head_surprise(np.array([here, behind]))
    assert near < 1.0
    assert far > TrackingConstants().most_surprise


def sightings(ys_px: list[float], place: bool, score: float = 0.9) -> list[Sighting]:
    boxes = [(300.0, y - 100, 340.0, y) for y in ys_px]  # 100 px are 1.7 m
    return [
        Sighting(k, k / 10, box, box, score, None, None, (0.0, 0.017 * box[3]) if place else None)
        for k, box in enumerate(boxes)
    ]


def level_line() -> LineCounter:
    """Of a line at y = 200 px across the whole picture; inside is below."""
    config = LineConfig.model_validate({"from": (0.0, 200 / 360), "to": (1.0, 200 / 360), "inside": (0.5, 0.9)})
    return LineCounter(PixelLine.of(config, SIZE), CountingConstants())


@pytest.mark.parametrize(
    ("ys_px", "place", "counted"),
    [
        ([197.0 + 5 * k for k in range(10)], True, ["in"]),  # emerges on the line and walks on
        ([197.0 + 5 * k for k in range(10)], False, []),  # a camera without floor points isn't sure
        ([203.0 + 5 * k for k in range(10)], True, ["in"]),  # must have been on the line a moment ago
        ([215.0 + 5 * k for k in range(10)], True, []),  # begins well beyond the line
        ([198.0] * 5 + [204.0] * 10, True, ["in"]),  # a step across
        ([198.0] + [250.0 + k for k in range(10)], True, []),  # jumps: the first box was placed wrong
    ],
)
def test_who_emerges_on_the_line_has_crossed_it(ys_px: list[float], place: bool, counted: list[str]) -> None:
    counter = level_line()
    found = [counter.observe(1, sighting) for sighting in sightings(ys_px, place)]
    assert [crossing.direction for crossing in found if crossing] == counted


@pytest.mark.parametrize(
    ("ys_px", "place", "counted"),
    [
        ([152.0 + 5 * k for k in range(11)], True, "in"),  # walks on to the line and is gone beyond it
        ([248.0 - 5 * k for k in range(11)], True, "out"),
        ([152.0 + 5 * k for k in range(11)], False, None),  # a camera without floor points isn't sure
        ([145.0 + 5 * k for k in range(9)], True, None),  # ends well before the line
        ([152.0 + 5 * k for k in range(16)], True, None),  # was counted before it ended
        ([180.0] * 20 + [202.0], True, None),  # a wrong last box: a jump
        ([195.0] * 10 + [201.0, 202.0, 200.0, 202.0, 201.0, 202.0, 201.0, 202.0], True, None),  # stands there
    ],
)
def test_who_vanishes_on_the_line_has_crossed_it(ys_px: list[float], place: bool, counted: str | None) -> None:
    counter = level_line()
    for sighting in sightings(ys_px, place):
        counter.observe(1, sighting)
    crossing = counter.end(1)
    assert (crossing and crossing.direction) == counted
    if crossing:  # by 5 px in a tenth of a second: 2 px, or 2 / 50 s, before the last sighting
        assert crossing.stream_time_s == pytest.approx((len(ys_px) - 1) / 10 - 0.04, abs=0.01)
    assert counter.end(1) is None


@pytest.mark.parametrize(
    ("score", "by_px", "counted"),
    [
        (0.9, 12.0, ["in", "out"]),  # the detector is sure, so this is a step across and back
        (0.3, 12.0, []),  # half hidden: head and feet are as far off as that
        (0.3, 30.0, ["in", "out"]),  # half hidden, but well beyond the line
    ],
)
def test_who_is_hardly_seen_must_go_further_to_have_crossed(score: float, by_px: float, counted: list[str]) -> None:
    counter = level_line()
    ys_px = [200 - by_px] * 10 + [200 + by_px] * 10 + [200 - by_px] * 10
    found = [counter.observe(1, sighting) for sighting in sightings(ys_px, True, score)]
    assert [crossing.direction for crossing in found if crossing] == counted
