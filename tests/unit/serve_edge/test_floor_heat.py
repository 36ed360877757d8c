"""Seconds on the floor, from two cameras that overlap."""

from pathlib import Path

import numpy as np
import pytest

from dongsun.contract.store import CameraConfig, load_store
from dongsun.serve_edge.pipeline.floor_heat import CELL_M, FloorHeat, MeasuredCamera
from dongsun.serve_edge.pipeline.looks import FrameSize

STORE = load_store(Path(__file__).parents[3] / "conf" / "store" / "demo.yaml")
SIZE = FrameSize(640, 360)
CAMERAS = {name: MeasuredCamera.of(camera, SIZE) for name, camera in STORE.cameras.items()}
MEASURED = {name: camera for name, camera in CAMERAS.items() if camera is not None}


def seen_at(name: str, position_m: tuple[float, float]) -> tuple[float, float]:
    x, y = MEASURED[name].floor.from_floor(np.array([position_m]))[0]
    return x * SIZE.width_px, y * SIZE.height_px


def overlapping() -> tuple[float, float]:
    for x in np.arange(-10, 20, 0.5):
        for y in np.arange(-10, 20, 0.5):
            if all(camera.pixels_per_metre(np.array([[x, y]]))[0] > 20 for camera in MEASURED.values()):
                return float(x) + 0.1, float(y) + 0.1
    raise AssertionError("the demo's cameras see no floor in common")


def test_somebody_whom_both_cameras_see_stands_once() -> None:
    position = overlapping()
    heat = FloorHeat(MEASURED)
    for _ in range(50):
        for name in MEASURED:
            heat.add(name, seen_at(name, position), 0.2, hour=14)
    (cell,) = heat.drain()
    assert cell.seconds == pytest.approx(10.0) and cell.hour == 14
    assert (cell.x_cell * CELL_M, cell.y_cell * CELL_M) == pytest.approx(position, abs=CELL_M)
    assert heat.drain() == ()


def test_gaps_and_the_sky_count_nothing() -> None:
    name = next(iter(MEASURED))
    heat = FloorHeat(MEASURED)
    heat.add(name, seen_at(name, overlapping()), 5.0, hour=9)  # not seen for five seconds
    heat.add(name, (320.0, -5000.0), 0.2, hour=9)
    heat.add("nobody", (320.0, 200.0), 0.2, hour=9)
    assert heat.drain() == ()


def test_fineness_is_pixels_a_metre() -> None:
    """Against a finite walk of a metre in the picture, by area."""
    name = next(iter(MEASURED))
    x, y = overlapping()
    corners = [seen_at(name, (x + dx, y + dy)) for dx, dy in ((0, 0), (0.2, 0), (0.2, 0.2), (0, 0.2))]
    area = 0.5 * abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(corners, corners[1:] + corners[:1], strict=True)))
    measured = MEASURED[name].pixels_per_metre(np.array([[x + 0.1, y + 0.1]]))[0]
    assert measured == pytest.approx(np.sqrt(area) / 0.2, rel=0.05)


def test_a_camera_without_floor_points_has_no_floor() -> None:
    assert MeasuredCamera.of(CameraConfig(), SIZE) is None
