"""A camera that hangs in the store."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from dongsun.contract.lens import Lens
from dongsun.contract.store import LensConfig

Points = npt.NDArray[np.float64]
NEAR_M = 0.15
_STRAIGHT = LensConfig()


@dataclass(frozen=True)
class StoreCamera:
    """A camera without roll. World: metres, x right, y into the store, z up.

    Depth is the distance along the optical axis for a pinhole, and the distance from the camera for a fisheye, which
    also sees sideways and backwards.

    Attributes:
        position_m: Where it hangs.
        yaw_rad: Where it looks, anticlockwise from +x seen from above; at pitch 90°, where the picture's top points.
        pitch_rad: How far it looks down.
        hfov_rad: Horizontal field of view.
        width_px: Picture width.
        height_px: Picture height.
        distortion: What the lens does; its own `hfov_deg` is not read.
    """

    position_m: tuple[float, float, float]
    yaw_rad: float
    pitch_rad: float
    hfov_rad: float
    width_px: int
    height_px: int
    distortion: LensConfig = _STRAIGHT

    def __post_init__(self) -> None:
        """Refuses an impossible lens at once rather than at its first ray."""
        self.lens  # noqa: B018

    @cached_property
    def lens(self) -> Lens:
        """The lens.

        Raises:
            DongsunError: The distortion and the field of view do not go together.
        """
        return Lens.of(self.distortion, self.width_px / self.height_px, math.degrees(self.hfov_rad))

    @property
    def focal_px(self) -> float:
        """Focal length in pixels."""
        return self.width_px * self.lens.focal

    @property
    def rotation(self) -> npt.NDArray[np.float64]:
        """(3, 3), rows: the camera's right, down and forward in the world."""
        cy, sy, cp, sp = (
            math.cos(self.yaw_rad),
            math.sin(self.yaw_rad),
            math.cos(self.pitch_rad),
            math.sin(self.pitch_rad),
        )
        forward = np.array([cy * cp, sy * cp, -sp])
        right = np.array([sy, -cy, 0.0])
        return np.stack([right, np.cross(forward, right), forward])

    def scaled(self, factor: int) -> "StoreCamera":
        """The same view at `factor` times the resolution."""
        return StoreCamera(
            self.position_m,
            self.yaw_rad,
            self.pitch_rad,
            self.hfov_rad,
            self.width_px * factor,
            self.height_px * factor,
            self.distortion,
        )

    def project(self, world_m: Points) -> tuple[Points, npt.NDArray[np.bool_]]:
        """World points (n, 3) to pixels (n, 2), and whether the lens maps each (else its pixel is NaN).

        A pinhole maps what is in front of it, a fisheye what is within its field; pixels may lie outside the picture.
        """
        seen = (np.asarray(world_m, np.float64) - np.array(self.position_m)) @ self.rotation.T
        normalised, mapped = self.lens.points(seen)
        mapped &= self.depth_m(seen) > NEAR_M
        pixels = normalised * np.array([self.width_px, self.height_px], np.float64)
        pixels[~mapped] = np.nan
        return pixels, mapped

    def depth_m(self, seen_m: Points) -> Points:
        """Depth of points (n, 3) in the camera's own right, down and forward."""
        return np.asarray(np.linalg.norm(seen_m, axis=1) if self.lens.is_fisheye else seen_m[:, 2], np.float64)

    def rays(self, first_row: int, last_row: int) -> npt.NDArray[np.float64]:
        """World directions of the pixels' centres in some rows of the picture, one metre of depth long.

        Returns:
            (last_row − first_row, width, 3); zero where the lens sees nothing.
        """
        x, y = np.meshgrid(np.arange(self.width_px) + 0.5, np.arange(first_row, last_row) + 0.5)
        rays = self._rays(np.column_stack([x.ravel(), y.ravel()]))
        return np.nan_to_num(rays / self.depth_m(rays)[:, None] @ self.rotation).reshape(*x.shape, 3)

    def to_floor(self, pixels: Points) -> Points:
        """Pixels (n, 2) to the floor z = 0, metres (n, 2); NaN where the ray does not meet it."""
        rays = self._rays(pixels) @ self.rotation
        with np.errstate(divide="ignore", invalid="ignore"):
            reach = -self.position_m[2] / rays[:, 2]
        reach[~(rays[:, 2] < 0)] = np.nan
        return np.asarray(np.array(self.position_m)[:2] + rays[:, :2] * reach[:, None], np.float64)

    def _rays(self, pixels: Points) -> Points:
        return self.lens.rays(np.asarray(pixels, np.float64) / np.array([self.width_px, self.height_px]))
