"""How long visitors stood where, on the floor of the store, whichever camera saw them."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dongsun.contract.floor_map import FloorMap
from dongsun.contract.geometry import Point
from dongsun.contract.store import CameraConfig
from dongsun.serve_edge.ledger.batch import HeatCell
from dongsun.serve_edge.pipeline.looks import FrameSize

CELL_M = 0.25
_LONGEST_STEP_S = 1.0
"""Between two sightings of one person; somebody not seen for longer was not seen standing there."""
_MOST_CELLS = 100_000
"""A store of 6,000 m² by cells of 0.25 m; more are points beyond the horizon of a wrong floor map."""


@dataclass(frozen=True)
class MeasuredCamera:
    """A camera whose floor points are known."""

    floor: FloorMap
    size: FrameSize

    @staticmethod
    def of(camera: CameraConfig, size: FrameSize) -> "MeasuredCamera | None":
        """None for a camera without floor points."""
        if not camera.floor_points:
            return None
        return MeasuredCamera(FloorMap.of(camera, size.width_px / size.height_px), size)

    def position_m(self, foot_px: Point) -> tuple[float, float] | None:
        """Where on the floor; None at and beyond the horizon."""
        normalised = np.array([[foot_px[0] / self.size.width_px, foot_px[1] / self.size.height_px]])
        x_m, y_m = self.floor.to_floor(normalised)[0]
        return (float(x_m), float(y_m)) if np.isfinite(x_m) and np.isfinite(y_m) else None

    def pixels_per_metre(self, positions_m: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """How finely the camera sees floor positions (n, 2): (n,), 0 where they are out of its picture."""
        scale = np.array([self.size.width_px, self.size.height_px])
        here = self.floor.from_floor(positions_m)
        inside = np.isfinite(here).all(axis=1) & (here >= 0).all(axis=1) & (here <= 1).all(axis=1)
        steps = [self.floor.from_floor(positions_m + offset) for offset in ((0.05, 0.0), (0.0, 0.05))]
        along_x, along_y = ((step - here) * scale / 0.05 for step in steps)
        areas = np.abs(along_x[:, 0] * along_y[:, 1] - along_x[:, 1] * along_y[:, 0])
        return np.where(inside & np.isfinite(areas), np.sqrt(np.where(np.isfinite(areas), areas, 0.0)), 0.0)


class FloorHeat:
    """Seconds by cell of the floor, cameras merged.

    A person whom two cameras see stands once: each cell belongs to the camera that sees it most finely, and only that
    camera's sightings count there. Cameras' threads may add at the same time.

    Args:
        cameras: Those with floor points, as far as they are known.
    """

    def __init__(self, cameras: Mapping[str, MeasuredCamera]) -> None:
        self._lock = threading.Lock()
        self._cameras = dict(cameras)
        self._owners: dict[tuple[int, int], str | None] = {}
        self._seconds: dict[tuple[int, int, int], float] = {}

    def register(self, camera_id: str, camera: MeasuredCamera) -> None:
        """A camera whose picture is now known, or has changed."""
        with self._lock:
            self._cameras[camera_id] = camera
            self._owners.clear()

    def add(self, camera_id: str, foot_px: Point, step_s: float, hour: int) -> None:
        """Somebody stood there for `step_s` seconds, in that local hour; steps over a second count as not seen."""
        camera = self._cameras.get(camera_id)
        if camera is None or not 0 < step_s <= _LONGEST_STEP_S:
            return
        position = camera.position_m(foot_px)
        if position is None:
            return
        cell = (int(np.floor(position[0] / CELL_M)), int(np.floor(position[1] / CELL_M)))
        with self._lock:
            if self._owner(cell) == camera_id:
                key = (hour, *cell)
                self._seconds[key] = self._seconds.get(key, 0.0) + step_s

    def drain(self) -> tuple[HeatCell, ...]:
        """What has come together since the last call."""
        with self._lock:
            seconds_of, self._seconds = self._seconds, {}
        return tuple(HeatCell(hour, x, y, round(seconds, 4)) for (hour, x, y), seconds in sorted(seconds_of.items()))

    def _owner(self, cell: tuple[int, int]) -> str | None:
        if cell not in self._owners:
            if len(self._owners) >= _MOST_CELLS:
                return None
            middle = (np.array([cell], np.float64) + 0.5) * CELL_M
            fineness = {camera_id: float(c.pixels_per_metre(middle)[0]) for camera_id, c in self._cameras.items()}
            best = max(fineness, key=lambda camera_id: fineness[camera_id])
            self._owners[cell] = best if fineness[best] > 0 else None
        return self._owners[cell]
