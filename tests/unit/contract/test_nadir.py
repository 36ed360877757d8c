"""Feet under a ceiling fisheye: the nadir against the twin's own cameras, and the foot against projected bodies."""

import numpy as np
import pytest

from dongsun.contract.detections import Detections
from dongsun.contract.floor_map import FloorMap
from dongsun.contract.geometry import Point
from dongsun.contract.lens import Lens
from dongsun.contract.nadir import downward, nadir_px, toward
from dongsun.contract.store import CameraConfig, LensConfig
from dongsun.serve_edge.pipeline.constants import TrackingConstants
from dongsun.serve_edge.pipeline.sighting import Sighting
from dongsun.serve_edge.pipeline.tracker import Tracker

WIDTH, HEIGHT = 640, 480
LENS = LensConfig(model="fisheye", k1=-0.02, hfov_deg=150)
CAMERA_M = np.array([1.0, 2.0, 3.0])


def _axes(tilt_deg: float, heading_deg: float) -> np.ndarray:
    """Rows right, down, forward of a camera that looks `tilt_deg` off straight down."""
    tilt, heading = np.radians([tilt_deg, heading_deg])
    along = np.array([np.cos(heading), np.sin(heading), 0.0])
    forward = np.cos(tilt) * np.array([0.0, 0.0, -1.0]) + np.sin(tilt) * along
    right = np.cross(along, [0.0, 0.0, 1.0])
    return np.stack([right, np.cross(forward, right), forward])


def _picture(world: np.ndarray, axes: np.ndarray) -> np.ndarray:
    lens = Lens.of(LENS, WIDTH / HEIGHT)
    points, seen = lens.points((world - CAMERA_M) @ axes.T)
    assert seen.all()
    return points * [WIDTH, HEIGHT]


def _camera(axes: np.ndarray) -> CameraConfig:
    looks_at = CAMERA_M + axes[2] * CAMERA_M[2] / -axes[2, 2]
    floor = looks_at[:2] + np.array([[-0.7, -0.6], [0.7, -0.6], [0.6, 0.7], [-0.6, 0.5], [0.1, 0.0]])
    points = _picture(np.column_stack([floor, np.zeros(5)]), axes) / [WIDTH, HEIGHT]
    return CameraConfig(lens=LENS, floor_points=tuple(map(tuple, np.column_stack([points, floor]).tolist())))


@pytest.mark.parametrize(("tilt_deg", "heading_deg"), [(0, 0), (10, 70), (35, 200), (50, -30)])
def test_nadir_is_where_the_floor_lies_straight_below(tilt_deg: float, heading_deg: float) -> None:
    axes = _axes(tilt_deg, heading_deg)
    camera = _camera(axes)
    expected = _picture(np.array([[CAMERA_M[0], CAMERA_M[1], 0.0]]), axes)[0]
    np.testing.assert_allclose(nadir_px(camera, WIDTH, HEIGHT), expected, atol=1e-3)
    floor = FloorMap.of(camera, WIDTH / HEIGHT)
    np.testing.assert_allclose(downward(floor) @ axes, [0, 0, -1], atol=1e-6)


def test_only_a_measured_fisheye_has_one() -> None:
    assert nadir_px(CameraConfig(), WIDTH, HEIGHT) is None
    assert nadir_px(CameraConfig(lens=LENS), WIDTH, HEIGHT) is None
    points = ((0.1, 0.4, 0, 3), (0.9, 0.4, 4, 3), (0.9, 0.9, 3, 1), (0.1, 0.9, 1, 1))
    assert nadir_px(CameraConfig(floor_points=points), WIDTH, HEIGHT) is None


def test_the_foot_is_nearer_the_floor_position_than_the_bottom_of_the_box() -> None:
    """Bodies all round a ceiling camera: a cylinder's box, the foot in metres, against the bottom centre's."""
    axes = _axes(8, 40)
    camera = _camera(axes)
    below, floor = nadir_px(camera, WIDTH, HEIGHT), FloorMap.of(camera, WIDTH / HEIGHT)
    assert below is not None
    errors, bottoms = [], []
    for turn in np.linspace(0, 2 * np.pi, 16, endpoint=False):
        for away_m in (0.8, 1.6, 2.5):
            foot_m = CAMERA_M[:2] + away_m * np.array([np.cos(turn), np.sin(turn)])
            ring = np.array([[np.cos(a), np.sin(a)] for a in np.linspace(0, 2 * np.pi, 12)]) * 0.22 + foot_m
            body = np.concatenate([np.column_stack([ring, np.full(12, z)]) for z in (0.0, 0.9, 1.7)])
            pixels = _picture(body, axes)
            box = (*pixels.min(axis=0), *pixels.max(axis=0))
            sighting = Sighting(0, 0.0, box, box, 0.9, below)
            errors.append(_off_m(floor, sighting.anchor_px("foot"), foot_m))
            bottoms.append(_off_m(floor, Sighting(0, 0.0, box, box, 0.9).anchor_px("foot"), foot_m))
    assert np.median(errors) < 0.3 and max(errors) < 0.6
    assert np.median(bottoms) > 2 * np.median(errors)


def _off_m(floor: FloorMap, point_px: Point, foot_m: np.ndarray) -> float:
    found = floor.to_floor(np.array([point_px]) / [WIDTH, HEIGHT])[0]
    return float(np.linalg.norm(found - foot_m)) if np.isfinite(found).all() else 99.0


@pytest.mark.parametrize(
    ("nadir", "foot"),
    [
        ((50, 400), (50, 100)),
        ((50, -300), (50, 0)),
        ((900, 50), (100, 50)),
        ((45, 55), (45, 55)),
        ((150, 150), (100, 100)),
    ],
)
def test_toward(nadir: Point, foot: Point) -> None:
    assert toward((0, 0, 100, 100), nadir) == pytest.approx(foot)


def test_a_tracker_under_a_fisheye_believes_the_boxes_it_gets() -> None:
    """Upright, a box that ends at the picture's bottom is made longer; here heads may lie there as well."""
    boxes = np.array([[300, 420, 340, 480]], np.float32)
    wholes = []
    for below in (None, (320.0, 240.0)):
        tracker = Tracker(0.3, 480, TrackingConstants(), below)
        for frame in range(3):
            tracker.step(Detections(boxes, np.array([0.9], np.float32), np.zeros(1, np.int64)), frame, frame / 10)
        wholes.append(tracker.tracks[0].last)
    assert wholes[0].whole_xyxy_px[3] > 480
    assert wholes[1].whole_xyxy_px == (300, 420, 340, 480)
    assert wholes[1].anchor_px("foot") == pytest.approx((320, 420))
