"""From the picture to the floor in metres and back, by the floor points of the store file."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dongsun.contract.errors import DongsunError
from dongsun.contract.geometry import fit_homography
from dongsun.contract.lens import Lens
from dongsun.contract.store import CameraConfig

Floats = npt.NDArray[np.float64]
ANY_HFOV_DEG = 90.0
"""For a plain pinhole of unknown field of view: the homography takes up the stretch."""


@dataclass(frozen=True)
class FloorMap:
    """A camera's picture laid on the floor: the lens straightened, then a homography.

    Attributes:
        lens: What the picture is straightened by.
        ray_to_floor: (3, 3), takes a ray (right, down, forward) to a multiple of (x m, y m, 1), positive before the
            horizon.
        reprojection_error_m: Root mean square distance between the floor points and where their picture points map.
    """

    lens: Lens
    ray_to_floor: Floats
    reprojection_error_m: float

    @classmethod
    def of(cls, camera: CameraConfig, aspect: float, where: str = "cameras.<id>") -> "FloorMap":
        """Fits the map to the camera's `floor_points`.

        Args:
            camera: The store file's camera.
            aspect: Width over height of its picture.
            where: The camera's key in the store file, for the error.

        Raises:
            DongsunError: There are no floor points, they fix no plane, or they contradict each other or the lens.
        """
        marks = np.array(camera.floor_points, np.float64).reshape(-1, 4)
        hfov_deg = None if camera.lens.bends or camera.lens.hfov_deg else ANY_HFOV_DEG
        lens = Lens.of(camera.lens, aspect, hfov_deg)
        if not len(marks):
            raise _unfit("none", where)
        rays = lens.rays(marks[:, :2])
        if not np.isfinite(rays).all():
            raise _unfit("a point in a corner that the lens does not reach", where)
        facing = _facing(rays.mean(axis=0))
        turned = rays @ facing.T
        if (np.abs(turned[:, 2]) < 1e-6).any():
            raise _unfit("points all round the camera's horizon", where)
        try:
            matrix = fit_homography(turned[:, :2] / turned[:, 2:], marks[:, 2:]) @ facing
        except ValueError as error:
            raise _unfit(str(error), where) from error
        side = np.sign(rays @ matrix[2])
        if abs(side.sum()) < len(side):
            raise _unfit("points on both sides of the horizon that they imply", where)
        unmeasured = cls(lens, matrix * side[0], 0.0)
        apart = unmeasured.to_floor(marks[:, :2]) - marks[:, 2:]
        return cls(lens, unmeasured.ray_to_floor, float(np.sqrt((apart**2).sum(axis=1).mean())))

    def to_floor(self, points_normalised: Floats) -> Floats:
        """Floor positions in metres (n, 2) of picture points (n, 2); NaN at and beyond the horizon."""
        return self.rays_to_floor(self.lens.rays(points_normalised))

    def rays_to_floor(self, rays: Floats) -> Floats:
        """Where rays (n, 3) meet the floor, metres (n, 2); NaN at and beyond the horizon."""
        floor = rays @ self.ray_to_floor.T
        before = floor[:, 2] > 1e-9 * np.abs(self.ray_to_floor[2]).max()
        return np.where(before[:, None], floor[:, :2] / np.where(before, floor[:, 2], 1.0)[:, None], np.nan)

    def from_floor(self, points_m: Floats) -> Floats:
        """Normalised picture points (n, 2), also outside the picture, of floor points (n, 2); NaN if not mapped."""
        points = np.asarray(points_m, np.float64)
        rays = np.column_stack([points, np.ones(len(points))]) @ np.linalg.inv(self.ray_to_floor).T
        return self.lens.points(rays)[0]


def _facing(direction: Floats) -> Floats:
    """A rotation whose third row is `direction`: seen that way, all floor points lie in front."""
    forward = direction / np.linalg.norm(direction)
    right = np.cross([0.0, 1.0, 0.0] if abs(forward[1]) < 0.9 else [1.0, 0.0, 0.0], forward)
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(forward, right), forward])


def _unfit(got: str, where: str) -> DongsunError:
    return DongsunError(
        expected="at least four floor points, no three of them on a line, spread over the picture",
        got=got,
        where=f"{where}.floor_points",
        mend="measure marks on the floor as conf/store/README.md says",
    )
