"""A pinhole camera in the store."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Points = npt.NDArray[np.float64]
NEAR_M = 0.15


@dataclass(frozen=True)
class PinholeCamera:
    """A pinhole camera without roll. World: metres, x right, y into the store, z up.

    Attributes:
        position_m: Where it hangs.
        yaw_rad: Where it looks, anticlockwise from +x seen from above.
        pitch_rad: How far it looks down.
        hfov_rad: Horizontal field of view.
        width_px: Picture width.
        height_px: Picture height.
    """

    position_m: tuple[float, float, float]
    yaw_rad: float
    pitch_rad: float
    hfov_rad: float
    width_px: int
    height_px: int

    @property
    def focal_px(self) -> float:
        """Focal length in pixels."""
        return self.width_px / 2 / math.tan(self.hfov_rad / 2)

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

    def scaled(self, factor: int) -> "PinholeCamera":
        """The same view at `factor` times the resolution."""
        return PinholeCamera(
            self.position_m,
            self.yaw_rad,
            self.pitch_rad,
            self.hfov_rad,
            self.width_px * factor,
            self.height_px * factor,
        )

    def project(self, world_m: Points) -> tuple[Points, npt.NDArray[np.bool_]]:
        """World points (n, 3) to pixels (n, 2), and whether each is in front of the camera (else its pixel is NaN)."""
        seen = (np.asarray(world_m, np.float64) - np.array(self.position_m)) @ self.rotation.T
        front = seen[:, 2] > NEAR_M
        with np.errstate(divide="ignore", invalid="ignore"):
            pixels = seen[:, :2] / seen[:, 2:] * self.focal_px + np.array([self.width_px / 2, self.height_px / 2])
        pixels[~front] = np.nan
        return pixels, front

    def to_floor(self, pixels: Points) -> Points:
        """Pixels (n, 2) to the floor z = 0, metres (n, 2); NaN where the ray does not meet it."""
        centred = (np.asarray(pixels, np.float64) - np.array([self.width_px / 2, self.height_px / 2])) / self.focal_px
        rays = np.column_stack([centred, np.ones(len(centred))]) @ self.rotation
        with np.errstate(divide="ignore", invalid="ignore"):
            reach = -self.position_m[2] / rays[:, 2]
        reach[rays[:, 2] >= 0] = np.nan
        return np.asarray(np.array(self.position_m)[:2] + rays[:, :2] * reach[:, None], np.float64)
