"""The lens against OpenCV's, against itself, and against distortions that no lens has."""

import math

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from dongsun.contract.errors import DongsunError
from dongsun.contract.lens import Lens, _bent
from dongsun.contract.store import LensConfig

SIZE = np.array([640.0, 360.0])
GRID = np.stack(np.meshgrid(np.linspace(0, 1, 13), np.linspace(0, 1, 9)), axis=-1).reshape(-1, 2)

PINHOLES = [
    LensConfig(hfov_deg=78),
    LensConfig(k1=-0.12, k2=0.012, hfov_deg=100),
    LensConfig(k1=0.2, k2=-0.01, k3=0.003, hfov_deg=60),
]
FISHEYES = [
    LensConfig(model="fisheye", hfov_deg=90),
    LensConfig(model="fisheye", k1=-0.02, k2=0.003, k3=-0.0004, k4=0.00002, hfov_deg=180),
    LensConfig(model="fisheye", k1=0.01, k2=-0.002, hfov_deg=160),
]


def _camera_matrix(lens: Lens) -> npt.NDArray[np.float64]:
    focal = lens.focal * SIZE[0]
    return np.array([[focal, 0, SIZE[0] / 2], [0, focal, SIZE[1] / 2], [0, 0, 1]])


@pytest.mark.parametrize("config", PINHOLES)
def test_a_pinhole_projects_as_opencv_does(config: LensConfig) -> None:
    lens = Lens.of(config, 16 / 9)
    rays = lens.rays(GRID)
    distortion = np.array([config.k1, config.k2, 0.0, 0.0, config.k3])
    expected, _ = cv2.projectPoints(rays[:, None], np.zeros(3), np.zeros(3), _camera_matrix(lens), distortion)
    np.testing.assert_allclose(lens.points(rays)[0] * SIZE, expected[:, 0], atol=1e-6)
    np.testing.assert_allclose(GRID * SIZE, expected[:, 0], atol=1e-6)


@pytest.mark.parametrize("config", FISHEYES)
def test_a_fisheye_projects_as_opencv_does(config: LensConfig) -> None:
    lens = Lens.of(config, 16 / 9)
    rays = lens.rays(GRID)
    rays = rays[rays[:, 2] > 0.05]  # OpenCV divides by z: it knows no ray beyond 90°
    distortion = np.array([config.k1, config.k2, config.k3, config.k4])
    expected, _ = cv2.fisheye.projectPoints(rays[:, None], np.zeros(3), np.zeros(3), _camera_matrix(lens), distortion)
    np.testing.assert_allclose(lens.points(rays)[0] * SIZE, expected[:, 0], atol=1e-6)


@given(
    fisheye=st.booleans(),
    k=st.tuples(*[st.floats(-0.2, 0.2), st.floats(-0.05, 0.05), st.floats(-0.01, 0.01), st.floats(-0.001, 0.001)]),
    hfov_deg=st.floats(25, 200),
    aspect=st.floats(0.5, 2.5),
    places=st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=8),
)
def test_there_and_back(
    fisheye: bool,
    k: tuple[float, float, float, float],
    hfov_deg: float,
    aspect: float,
    places: list[tuple[float, float]],
) -> None:
    assume(fisheye or hfov_deg < 150)
    config = LensConfig(
        model="fisheye" if fisheye else "pinhole",
        k1=k[0],
        k2=k[1],
        k3=k[2],
        k4=k[3] if fisheye else 0.0,
        hfov_deg=hfov_deg,
    )
    try:
        lens = Lens.of(config, aspect)
    except DongsunError:
        assume(False)
    points = np.array(places)
    rays = lens.rays(points)
    mapped = np.isfinite(rays).all(axis=1)
    again, seen = lens.points(rays[mapped] * 3.7)  # however long
    assert seen.all()
    np.testing.assert_allclose(again, points[mapped], atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(rays[mapped], axis=1), 1.0)
    if not fisheye:
        assert mapped.all() or any(k), "a plain pinhole maps its whole picture"


@pytest.mark.parametrize("config", PINHOLES + FISHEYES + [LensConfig(model="fisheye", hfov_deg=200)])
@pytest.mark.parametrize("aspect", [0.6, 1.0, 16 / 9])
def test_the_edges_see_half_the_field(config: LensConfig, aspect: float) -> None:
    assert config.hfov_deg is not None
    rays = Lens.of(config, aspect).rays(np.array([[0.0, 0.5], [1.0, 0.5], [0.5, 0.5]]))
    off_axis = np.degrees(np.arccos(rays[:, 2]))
    np.testing.assert_allclose(off_axis[:2], config.hfov_deg / 2, atol=1e-6)
    assert rays[0, 0] < 0 < rays[1, 0] and rays[2] == pytest.approx([0, 0, 1])


def test_pixels_are_square_and_y_points_down() -> None:
    lens = Lens.of(LensConfig(hfov_deg=90), 2.0)
    points, seen = lens.points(np.array([[0.5, 0, 1.0], [0, 0.5, 1.0], [0, 0, -1.0], [0, 0, 0]]))
    assert points[0] == pytest.approx([0.75, 0.5]) and points[1] == pytest.approx([0.5, 1.0])
    assert seen.tolist() == [True, True, False, False] and np.isnan(points[2:]).all()


def test_a_wide_fisheye_sees_behind_itself_but_not_all_round() -> None:
    lens = Lens.of(LensConfig(model="fisheye", hfov_deg=200), 1.0)
    off_axis = np.radians([95.0, 175.0])
    points, seen = lens.points(np.column_stack([np.sin(off_axis), np.zeros(2), np.cos(off_axis)]))
    assert seen.tolist() == [True, False]
    assert points[0, 0] == pytest.approx(0.5 + 0.5 * 95 / 100)


@pytest.mark.parametrize(
    ("config", "hfov_deg", "says"),
    [
        (LensConfig(k1=-0.4, hfov_deg=90), None, "folds back 42.4° off the axis"),
        (LensConfig(k1=-0.4, hfov_deg=70), None, "folds back 42.4°"),  # only in the corners
        (LensConfig(model="fisheye", k1=-0.3, hfov_deg=180), None, "folds back"),
        (LensConfig(), None, "got:   none"),
        (LensConfig(), 175.0, "175.0°"),
    ],
)
def test_impossible_lenses_are_refused(config: LensConfig, hfov_deg: float | None, says: str) -> None:
    with pytest.raises(DongsunError, match=says):
        Lens.of(config, 4 / 3, hfov_deg)


@pytest.mark.parametrize(
    "values", [{"k1": 0.1}, {"model": "fisheye"}, {"k4": 0.1, "hfov_deg": 90}, {"hfov_deg": 175}, {"hfov_deg": 0}]
)
def test_the_store_file_must_say_enough_to_straighten(values: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        LensConfig.model_validate(values)
    assert not LensConfig().bends and math.isclose(LensConfig(hfov_deg=80).hfov_deg or 0, 80)


@pytest.mark.parametrize("model", ["pinhole", "fisheye"])
@pytest.mark.parametrize("k1", [-0.15, -0.05, 0.0, 0.04])
def test_one_point_alone_has_the_bits_that_the_array_way_gives_it(model: str, k1: float) -> None:
    lens = Lens.of(LensConfig(model=model, k1=k1, k2=0.03, hfov_deg=70.0), 16 / 9)
    reach = float(_bent(np.array([lens.limit]), lens.coefficients)[0])
    rng = np.random.default_rng(0)
    for radius in [0.0, reach, reach * 1.0001, *rng.uniform(0, min(reach, 3.0), 60)]:
        twice = lens._straightened(np.array([radius, radius]))
        assert np.array_equal(lens._straightened(np.array([radius])), twice[:1], equal_nan=True)
