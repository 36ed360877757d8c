"""Projection there and back, and the store file against the twin's metres."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dongsun.contract.errors import DongsunError
from dongsun.contract.geometry import apply_homography, fit_homography
from dongsun.contract.store import load_store, parse_store
from dongsun.twin.camera.store_camera import StoreCamera
from dongsun.twin.plan.survey import survey
from dongsun.twin.plan.twin_plan import twin_plan

DEMO = Path(__file__).parents[3] / "conf" / "store" / "demo.yaml"


@given(
    st.floats(-3.1, 3.1),
    st.floats(0.3, 0.9),
    st.floats(0.9, 1.6),
    st.floats(2.0, 3.2),
    st.floats(0, 640),
    st.floats(190, 360),
)
def test_a_floor_point_returns_to_its_pixel(
    yaw: float, pitch: float, hfov: float, height: float, x: float, y: float
) -> None:
    camera = StoreCamera((1.0, 2.0, height), yaw, pitch, hfov, 640, 360)
    floor = camera.to_floor(np.array([[x, y]]))
    pixels, front = camera.project(np.column_stack([floor, [0.0]]))
    assert front.all()
    assert pixels[0] == pytest.approx([x, y], abs=1e-6)


def test_what_is_right_is_right_and_what_is_up_is_up() -> None:
    camera = StoreCamera((0.0, 0.0, 2.8), np.pi / 2, 0.47, 1.36, 640, 360)  # looks along +y
    pixels, front = camera.project(np.array([[0.0, 5.0, 0.0], [1.0, 5.0, 0.0], [0.0, 5.0, 1.0], [0.0, -5.0, 0.0]]))
    assert front.tolist() == [True, True, True, False]
    assert pixels[1, 0] > pixels[0, 0] and pixels[2, 1] < pixels[0, 1]
    assert np.isnan(pixels[3]).all()


def test_above_the_horizon_there_is_no_floor() -> None:
    camera = StoreCamera((0.0, 0.0, 2.8), 0.0, 0.1, 1.36, 640, 360)
    assert np.isnan(camera.to_floor(np.array([[320.0, 0.0]]))).all()


def test_the_demo_store_is_what_the_survey_measures() -> None:
    store = load_store(DEMO)
    for camera_id, measured in survey(twin_plan(store, DEMO)).items():
        config = store.cameras[camera_id].model_dump(by_alias=True, mode="json")
        assert np.array(config["floor_points"]) == pytest.approx(np.array(measured["floor_points"]), abs=1e-6)
        assert config["lines"] == measured["lines"]
        assert config["zones"] == measured["zones"]


def test_the_demo_floor_points_fix_the_floor() -> None:
    """A station fits a homography to them: it must agree with the camera to a few centimetres."""
    store = load_store(DEMO)
    plan = twin_plan(store, DEMO)
    for camera_id, config in store.cameras.items():
        points = np.array(config.floor_points)
        matrix = fit_homography(points[:, :2], points[:, 2:])
        picture = np.array([[0.3, 0.6], [0.5, 0.8], [0.7, 0.5]])
        expected = plan.camera(camera_id).to_floor(picture * [plan.width_px, plan.height_px])
        assert apply_homography(matrix, picture) == pytest.approx(expected, abs=0.03)


HALL = {"floor": [[-4, 0], [4, 0], [4, 5], [-4, 5]], "doors": {"main": {"from": [-1, 0], "to": [1, 0]}}}
CAMERA = {"position_m": [0, 1, 2], "yaw_deg": 0}


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({}, "twin:"),
        ({**HALL, "doors": {}, "cameras": {"a": CAMERA}}, "twin.doors"),
        ({**HALL, "cameras": {"b": CAMERA}}, "twin.cameras"),
        ({**HALL, "camera": {}}, "twin.cameras"),
        ({**HALL, "cameras": {"a": {**CAMERA, "fps": 3}}}, "does not divide"),
        ({**HALL, "shelves": [{"x0_m": 1, "y0_m": 1, "x1_m": 1, "y1_m": 2}], "cameras": {"a": CAMERA}}, "x0_m < x1_m"),
    ],
)
def test_a_bad_twin_section_says_what_is_wrong(section: dict[str, object], said: str) -> None:
    store = parse_store({"id": "x", "cameras": {"a": {}}, "twin": section}, where="x.yaml")
    with pytest.raises(DongsunError, match=said):
        twin_plan(store, "x.yaml")
