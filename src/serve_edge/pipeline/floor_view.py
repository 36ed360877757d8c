"""How tall somebody is and where they stand, from a box alone: the camera's floor points tell how high it hangs."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from dongsun.contract.floor_map import FloorMap
from dongsun.contract.geometry import Point
from dongsun.contract.nadir import downward
from dongsun.contract.store import CameraConfig

_HEIGHTS_M = (1.9, 12.0)
"""Cameras hang between these; floor points that imply another height are too rough to measure people by."""
_LOOKS_DOWN = 0.08
"""A head closer to the camera's own height than this share says nothing of where its feet are."""
_NEARER_SHOE_M = 0.14
"""A box ends so much nearer to the camera than the middle of the person: half a shoe, or half a step of a walker."""
_MIDDLE_M = 0.85
"""Half way up a person."""


@dataclass(frozen=True)
class FloorView:
    """A camera's picture as a view of people standing upright on a flat floor.

    A place (x, y) m and a height z m are seen along the ray `across @ (x, y, 1) + z * up` (right, down, forward). The
    homography of the floor gives `across`; its two axes are at right angles and equally long, which fixes the field of
    view where the store file doesn't say it, and with it the third axis, `up` (Zhang, "A Flexible New Technique for
    Camera Calibration", 2000).

    Attributes:
        floor: The camera's floor map.
        across: (3, 3).
        up: (3,).
        width_px, height_px: Of the picture.
    """

    floor: FloorMap
    across: npt.NDArray[np.float64]
    up: npt.NDArray[np.float64]
    width_px: int
    height_px: int

    @staticmethod
    def of(camera: CameraConfig, width_px: int, height_px: int) -> "FloorView | None":
        """The view of a camera; None without floor points, for a fisheye, and where they imply no sensible camera."""
        if not camera.floor_points or camera.lens.model == "fisheye":
            return None
        floor = FloorMap.of(camera, width_px / height_px)
        across = np.asarray(np.linalg.inv(floor.ray_to_floor), np.float64)
        stretch = 1.0 if camera.lens.bends or camera.lens.hfov_deg else _stretch(across)
        if stretch is None:
            return None
        real = np.diag(np.array([1.0, 1.0, stretch]))
        metre = float(np.linalg.norm(real @ across[:, :2], axis=0).mean())
        real_map = FloorMap(floor.lens, np.asarray(np.linalg.inv(real @ across), np.float64), 0.0)
        up = -downward(real_map) * metre
        view = FloorView(floor, across, np.asarray(np.linalg.inv(real) @ up, np.float64), width_px, height_px)
        return view if _HEIGHTS_M[0] < view.camera_height_m < _HEIGHTS_M[1] else None

    @property
    def camera_height_m(self) -> float:
        """How high the camera hangs."""
        return float(self._camera_m[2])

    @property
    def camera_place_m(self) -> Point:
        """The place below the camera."""
        return float(self._camera_m[0]), float(self._camera_m[1])

    @cached_property
    def _camera_m(self) -> npt.NDArray[np.float64]:
        """(x, y, z), where no ray has any length."""
        columns = np.column_stack([self.across[:, :2], self.up])
        return np.asarray(np.linalg.solve(columns, -self.across[:, 2]))

    def place_m(self, foot_px: Point) -> Point | None:
        """Where on the floor a point of the picture is; None at and beyond the horizon."""
        x, y = self.floor.rays_to_floor(self._ray(foot_px)[None])[0]
        return (float(x), float(y)) if np.isfinite(x) else None

    def picture_px(self, place_m: Point, height_m: float = 0.0) -> Point:
        """Where a point so high above a place is seen."""
        ray = self.across @ np.array([*place_m, 1.0]) + height_m * self.up
        x, y = self.floor.lens.points(ray[None])[0][0]
        return float(x) * self.width_px, float(y) * self.height_px

    def standing_m(self, bottom_px: Point) -> Point | None:
        """Where on the floor somebody stands whose box's bottom centre is there.

        A box ends at the tip of the nearer shoe; and bodies lean outward at the picture's sides, so that the box's
        centre is off the feet.
        """
        place = self.place_m(bottom_px)
        if place is None:
            return None
        lean_px = self.picture_px(place, _MIDDLE_M)[0] - bottom_px[0]
        place = self.place_m((bottom_px[0] - lean_px, bottom_px[1])) or place
        away = np.subtract(place, self.camera_place_m)
        away *= _NEARER_SHOE_M / max(float(np.linalg.norm(away)), _NEARER_SHOE_M)
        return place[0] + float(away[0]), place[1] + float(away[1])

    def stature_m(self, foot_px: Point, top_px: float) -> float | None:
        """How tall somebody is whose feet are at `foot_px` and whose head ends in the picture's row `top_px`."""
        foot = self.floor.rays_to_floor(self._ray(foot_px)[None])[0]
        if not np.isfinite(foot).all():
            return None
        top = self._ray((foot_px[0], top_px))
        base = self.across @ np.array([*foot, 1.0])
        # The head lies in the plane of the row's ray and the picture's horizontal.
        normal = np.cross(top, [1.0, 0.0, 0.0])
        height = -float(normal @ base) / float(normal @ self.up)
        return height if height > 0.0 else None

    def foot_px(self, head_px: Point, stature_m: float) -> Point | None:
        """Where the feet are of somebody so tall whose head is seen there; None where the picture can't tell."""
        if stature_m > self.camera_height_m * (1.0 - _LOOKS_DOWN):
            return None
        plane = np.linalg.inv(np.column_stack([self.across[:, :2], self.across[:, 2] + stature_m * self.up]))
        place = plane @ self._ray(head_px)
        if place[2] <= 1e-9 * np.abs(plane[2]).max():
            return None
        found = self.picture_px((float(place[0] / place[2]), float(place[1] / place[2])))
        return found if np.isfinite(found).all() else None

    def _ray(self, point_px: Point) -> npt.NDArray[np.float64]:
        normalised = np.array([[point_px[0] / self.width_px, point_px[1] / self.height_px]])
        return np.asarray(self.floor.lens.rays(normalised)[0])


def _stretch(across: npt.NDArray[np.float64]) -> float | None:
    """By how much longer the real lens is than the one that `across` was made with; None where it can't be told."""
    a, b = across[:, 0], across[:, 1]
    offsets = np.array([a[:2] @ b[:2], a[:2] @ a[:2] - b[:2] @ b[:2]])
    slopes = np.array([a[2] * b[2], a[2] ** 2 - b[2] ** 2])
    squared = -float(offsets @ slopes) / max(float(slopes @ slopes), 1e-12)
    return float(np.sqrt(squared)) if 0.04 < squared < 25.0 else None
