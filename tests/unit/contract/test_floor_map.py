"""The floor map, under every lens, against a camera that was never told of homographies."""

import numpy as np
import numpy.typing as npt
import pytest

from dongsun.contract.errors import DongsunError
from dongsun.contract.floor_map import FloorMap
from dongsun.contract.lens import Lens
from dongsun.contract.store import CameraConfig, LensConfig

ASPECT = 16 / 9
HEIGHT_M = 3.0
MARKS = np.array([(0.1, 0.95), (0.9, 0.95), (0.15, 0.55), (0.85, 0.55), (0.5, 0.5), (0.5, 0.75)])
CASES = [
    (LensConfig(hfov_deg=78), 25.0),
    (LensConfig(k1=-0.12, k2=0.012, hfov_deg=100), 30.0),
    (LensConfig(model="fisheye", k1=-0.02, k2=0.003, hfov_deg=180), 35.0),
    (LensConfig(model="fisheye", hfov_deg=150), 90.0),
    (LensConfig(model="fisheye", hfov_deg=200), 60.0),
]


def _floor_by_geometry(points: npt.NDArray[np.float64], lens: Lens, pitch_deg: float) -> npt.NDArray[np.float64]:
    """Where the floor lies `HEIGHT_M` below a camera at the origin that looks along +y and down."""
    pitch = np.radians(pitch_deg)
    right, forward = np.array([1.0, 0, 0]), np.array([0, np.cos(pitch), -np.sin(pitch)])
    rays = lens.rays(points) @ np.stack([right, np.cross(forward, right), forward])
    floor = rays[:, :2] * (-HEIGHT_M / rays[:, 2:])
    floor[~(rays[:, 2] < 0)] = np.nan
    return floor


def _surveyed(config: LensConfig, pitch_deg: float, digits: int) -> CameraConfig:
    floor = _floor_by_geometry(MARKS, Lens.of(config, ASPECT), pitch_deg)
    rows = np.column_stack([MARKS, floor]).round(digits)
    return CameraConfig(lens=config, floor_points=tuple(tuple(row) for row in rows.tolist()))


@pytest.mark.parametrize(("config", "pitch_deg"), CASES)
def test_every_lens_lies_flat_on_the_floor(config: LensConfig, pitch_deg: float) -> None:
    lens = Lens.of(config, ASPECT)
    floor_map = FloorMap.of(_surveyed(config, pitch_deg, 12), ASPECT)
    places = np.random.default_rng(5).uniform(0, 1, (400, 2))
    expected = _floor_by_geometry(places, lens, pitch_deg)
    near = np.linalg.norm(expected, axis=1) < 30
    assert near.sum() > 50
    np.testing.assert_allclose(floor_map.to_floor(places)[near], expected[near], atol=1e-5)
    np.testing.assert_allclose(floor_map.from_floor(expected[near]), places[near], atol=1e-7)
    assert np.isnan(floor_map.to_floor(places)[np.isnan(expected).any(axis=1)]).all(), "beyond the horizon is nothing"
    assert floor_map.reprojection_error_m < 1e-6


@pytest.mark.parametrize(("config", "pitch_deg"), CASES)
def test_marks_rounded_as_in_the_store_file_cost_less_than_a_pixel(config: LensConfig, pitch_deg: float) -> None:
    floor_map = FloorMap.of(_surveyed(config, pitch_deg, 4), ASPECT)
    shift = floor_map.from_floor(_floor_by_geometry(MARKS, Lens.of(config, ASPECT), pitch_deg)) - MARKS
    assert np.abs(shift * [640, 360]).max() < 1.0
    assert 0 < floor_map.reprojection_error_m < 0.02


def test_a_plain_pinhole_needs_no_field_of_view() -> None:
    known = _surveyed(LensConfig(hfov_deg=78), 25.0, 12)
    unknown = known.model_copy(update={"lens": LensConfig()})
    places = np.random.default_rng(6).uniform(0, 1, (50, 2))
    np.testing.assert_allclose(
        FloorMap.of(known, ASPECT).to_floor(places), FloorMap.of(unknown, ASPECT).to_floor(places), atol=1e-6
    )


def test_a_mark_read_wrongly_shows_in_the_error() -> None:
    config = _surveyed(LensConfig(hfov_deg=78), 25.0, 6)
    rows = [list(row) for row in config.floor_points]
    rows[4][2] += 0.5
    wrong = config.model_copy(update={"floor_points": tuple(tuple(row) for row in rows)})
    assert FloorMap.of(wrong, ASPECT).reprojection_error_m > 0.05


@pytest.mark.parametrize(
    "points",
    [
        (),
        tuple((x, 0.5, x, 1.0) for x in (0.1, 0.3, 0.6, 0.9)),
        tuple((0.5, 0.5, 1.0, 1.0) for _ in range(4)),
    ],
)
def test_useless_marks_are_refused(points: tuple[tuple[float, float, float, float], ...]) -> None:
    with pytest.raises(DongsunError, match=r"entrance\.floor_points"):
        FloorMap.of(CameraConfig(floor_points=points), ASPECT, where="cameras.entrance")
