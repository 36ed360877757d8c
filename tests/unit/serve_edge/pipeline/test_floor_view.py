"""What a camera's floor points tell of people: where they stand, how tall they are. The oracle is the twin's camera."""

from pathlib import Path

import numpy as np
import pytest

from dongsun.contract.store import CameraConfig, load_store
from dongsun.serve_edge.pipeline.floor_stature import FloorStature
from dongsun.serve_edge.pipeline.floor_view import FloorView
from dongsun.serve_edge.pipeline.footprints import Footprints
from dongsun.serve_edge.pipeline.motion import Box
from dongsun.serve_edge.pipeline.stature import Bottom
from dongsun.twin.camera.store_camera import StoreCamera
from dongsun.twin.plan.twin_plan import twin_plan

CONF = Path(__file__).parents[4] / "conf" / "store"
CAMERAS = [("demo", "entrance"), ("demo", "aisle"), ("corner-shop", "aisle"), ("pop-up", "inside")]


def camera_of(store_id: str, camera_id: str) -> tuple[CameraConfig, StoreCamera]:
    path = CONF / f"{store_id}.yaml"
    store = load_store(path)
    return store.camera(camera_id), twin_plan(store, path).camera(camera_id)


def view_of(store_id: str, camera_id: str) -> FloorView:
    config, camera = camera_of(store_id, camera_id)
    view = FloorView.of(config, camera.width_px, camera.height_px)
    assert view is not None
    return view


def person(view: FloorView, x_m: float, y_m: float, tall_m: float = 1.72) -> Box:
    (x, bottom), (_, top) = view.picture_px((x_m, y_m)), view.picture_px((x_m, y_m), tall_m)
    return np.array([x - 15, top, x + 15, bottom])


@pytest.mark.parametrize(("store_id", "camera_id"), CAMERAS)
def test_places_and_statures_are_those_of_the_real_camera(store_id: str, camera_id: str) -> None:
    view, (_, camera) = view_of(store_id, camera_id), camera_of(store_id, camera_id)
    rng, judged = np.random.default_rng(0), 0
    for x, y, tall in rng.uniform((-4.0, 0.0, 1.2), (4.0, 10.0, 2.0), (200, 3)):
        pixels, front = camera.project(np.array([[x, y, 0.0], [x, y, tall]]))
        if not front.all() or (pixels < 0).any() or (pixels > (camera.width_px, camera.height_px)).any():
            continue
        judged += 1
        foot, head = ((float(px), float(py)) for px, py in pixels)
        assert view.stature_m(foot, head[1]) == pytest.approx(tall, abs=0.03)
        assert view.place_m(foot) == pytest.approx((x, y), abs=0.03)
        assert view.foot_px(head, tall) == pytest.approx(foot, abs=1.0)
    assert judged > 30


def test_a_camera_without_floor_points_has_no_view() -> None:
    config, _ = camera_of("demo", "aisle")
    assert FloorView.of(config.model_copy(update={"floor_points": []}), 640, 360) is None


def test_feet_behind_a_shelf_are_where_the_head_says() -> None:
    view = view_of("demo", "aisle")
    stature = FloorStature(Footprints(view))
    whole = person(view, 0.0, 7.0)
    cut = whole.copy()
    cut[3] = (whole[1] + whole[3]) / 2
    found, seen = stature.complete(cut, 0.0, Bottom.SEEN)
    assert not seen
    assert found == pytest.approx(whole, abs=3.0)


def test_a_neighbour_in_the_box_moves_neither_the_feet_nor_the_memory() -> None:
    view = view_of("demo", "aisle")
    stature = FloorStature(Footprints(view))
    whole = person(view, 0.0, 5.0)
    for i in range(10):
        stature.complete(whole, i / 10, Bottom.SEEN, whole)
    tall = stature.metres
    both = whole + np.array([0, 0, 10, 50])
    for i in range(10, 20):
        assert stature.complete(both, i / 10, Bottom.SEEN, whole)[0][3] == pytest.approx(whole[3], abs=3.0)
    assert stature.metres == pytest.approx(tall, abs=0.05)
    assert stature.complete(whole, 2.0, Bottom.SEEN, both)[0] == pytest.approx(whole)


def test_who_stoops_keeps_their_feet() -> None:
    view = view_of("demo", "aisle")
    stature = FloorStature(Footprints(view))
    whole = person(view, 0.0, 5.0)
    for i in range(10):
        stature.complete(whole, i / 10, Bottom.SEEN, whole)
    stooped = whole + np.array([0, 40, 0, 0])
    assert stature.complete(stooped, 1.0, Bottom.SEEN, whole)[0][3] == whole[3]


def test_a_child_is_believed() -> None:
    view = view_of("demo", "aisle")
    footprints = Footprints(view)
    for y in np.arange(3.5, 6.5, 0.02):
        footprints.note(view.picture_px((0.0, float(y))))  # adults have walked here
    stature = FloorStature(footprints)
    for i in range(20):
        child = person(view, 0.0, 4.0 + i / 10, 1.15)
        found, _ = stature.complete(child, i / 10, Bottom.SEEN, child)
    assert stature.metres == pytest.approx(1.15, abs=0.05)
    assert found == pytest.approx(child)


def test_a_short_person_in_plain_view_is_believed_at_once_and_half_a_person_is_not() -> None:
    view = view_of("demo", "aisle")
    short, half = FloorStature(Footprints(view)), FloorStature(Footprints(view))
    for i in range(15):
        box = person(view, 0.0, 6.0 + i / 20, 1.3)
        short.complete(box, i / 10, Bottom.SEEN, box)
        half.complete(person(view, 0.0, 6.0 + i / 20, 1.0), i / 10, Bottom.SEEN)
    assert short.metres == pytest.approx(1.3, abs=0.05)
    assert half.metres == pytest.approx(1.72, abs=0.05)
