"""Children, people behind shelves, and tracks that go on with somebody else: feet are placed by how tall each is."""

from pathlib import Path

import numpy as np
import pytest

from dongsun.contract.geometry import Point
from dongsun.contract.store import load_store
from dongsun.serve_edge.pipeline.floor_stature import FloorStature
from dongsun.serve_edge.pipeline.floor_view import FloorView
from dongsun.serve_edge.pipeline.footprints import Footprints
from dongsun.serve_edge.pipeline.gallery_policy import GalleryPolicy
from dongsun.serve_edge.pipeline.motion import Box
from dongsun.serve_edge.pipeline.stature import Bottom
from dongsun.serve_edge.pipeline.track import Track

DEMO = load_store(Path(__file__).parents[4] / "conf" / "store" / "demo.yaml")
ADULT_M, CHILD_M = 1.75, 1.2


@pytest.fixture
def view() -> FloorView:
    found = FloorView.of(DEMO.camera("entrance"), 640, 360)
    assert found is not None
    return found


def box_at(view: FloorView, place_m: Point, stature_m: float, seen_share: float = 1.0) -> Box:
    """A person's box, three times as tall as wide; furniture may hide its lower part."""
    (x, bottom), (_, top) = view.picture_px(place_m), view.picture_px(place_m, stature_m)
    half = (bottom - top) / 6
    return np.array([x - half, top, x + half, top + seen_share * (bottom - top)])


def walk(
    track: Track | None, footprints: Footprints, boxes: list[Box], from_s: float, bottom: Bottom = Bottom.SEEN
) -> Track:
    """Follows boxes, one every 0.1 s."""
    for k, box in enumerate(boxes):
        at_s = from_s + k / 10
        if track is None:
            track = Track(1, box, 0.9, 0, at_s, bottom, FloorStature(footprints), footprints.view)
        else:
            track.motion.predict(at_s)
            track.see(box, 0.9, k, at_s, bottom)
    assert track is not None
    return track


def off_m(place_m: Point | None, true_m: Point) -> float:
    assert place_m is not None
    return float(np.hypot(place_m[0] - true_m[0], place_m[1] - true_m[1]))


def test_a_child_behind_an_adult_is_known_within_five_boxes_and_placed_where_it_was_all_along(view: FloorView) -> None:
    places = [(0.5, 0.2 + 0.1 * k) for k in range(6)]
    boxes = [box_at(view, place, CHILD_M) for place in places]
    track = walk(None, Footprints(view), boxes[:4], 0.0, Bottom.COVERED)
    assert track.report(0.3) == [], "nobody knows yet how tall this is"
    assert off_m(track.last.place_m, places[3]) > 0.5, "taken for an adult whose legs are hidden"
    walk(track, Footprints(view), boxes[4:], 0.4, Bottom.COVERED)
    reported = track.report(0.5)
    assert len(reported) == 6
    assert [off_m(sighting.place_m, place) < 0.25 for sighting, place in zip(reported, places, strict=True)] == [
        True
    ] * 6
    assert track.report(0.5) == [], "each is reported once"


def test_who_is_never_seen_whole_is_taken_for_an_adult_after_a_while(view: FloorView) -> None:
    boxes = [box_at(view, (0.5, 3.0), ADULT_M, 0.4)] * 32
    track = walk(None, Footprints(view), boxes, 0.0)
    assert track.report(2.9) == []
    assert len(track.report(3.1)) == 32


def test_an_adult_who_walks_behind_a_shelf_stays_one(view: FloorView) -> None:
    places = [(0.5, 0.6 + 0.1 * k) for k in range(40)]
    boxes = [box_at(view, place, ADULT_M, 1.0 if k < 10 else 0.6) for k, place in enumerate(places)]
    track = walk(None, Footprints(view), boxes, 0.0)
    assert isinstance(track.stature, FloorStature)
    assert track.stature.metres == pytest.approx(ADULT_M, abs=0.1)
    assert off_m(track.last.place_m, places[-1]) < 0.4


def test_a_track_that_goes_on_with_a_child_measures_the_child(view: FloorView) -> None:
    footprints = Footprints(view)
    place = (0.5, 1.0)
    track = walk(None, footprints, [box_at(view, place, ADULT_M)] * 12, 0.0)
    assert len(track.report(1.1)) == 12
    walk(track, footprints, [box_at(view, place, CHILD_M)] * 4, 1.2)
    assert track.report(1.5) == [], "an adult cut by a shelf, or somebody else? Not settled"
    walk(track, footprints, [box_at(view, place, CHILD_M)], 1.6)
    reported = track.report(1.6)
    assert len(reported) == 5
    assert all(off_m(sighting.place_m, place) < 0.25 for sighting in reported)


def test_who_is_found_again_is_as_tall_as_before(view: FloorView) -> None:
    footprints = Footprints(view)
    lost = walk(None, footprints, [box_at(view, (0.5, 1.0), CHILD_M)] * 12, 0.0)
    young = walk(None, footprints, [box_at(view, (0.5, 2.0), CHILD_M, 0.6)] * 3, 1.5)
    lost.continue_as(young, GalleryPolicy())
    reported = lost.report(1.7)
    assert len(reported) == 15
    assert off_m(reported[-1].place_m, (0.5, 2.0)) < 0.25
