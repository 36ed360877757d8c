"""What one camera sees of a person who stands on given places of the floor."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from dongsun.twin.coverage.obstacles import Obstacles

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
STANDING_M = 1.7
PARTS_M = (0.0, 1.2, STANDING_M)
"""Heights of foot, chest and head."""


class Eye(Protocol):
    """The geometry of a camera, whatever its lens."""

    @property
    def position_m(self) -> tuple[float, float, float]:
        """Where it hangs."""

    @property
    def width_px(self) -> int:
        """Picture width."""

    @property
    def height_px(self) -> int:
        """Picture height."""

    def project(self, world_m: Floats) -> tuple[Floats, Bools]:
        """World points (n, 3) to pixels (n, 2), and whether each is in front."""

    def to_floor(self, pixels: Floats) -> Floats:
        """Pixels (n, 2) to the floor, metres (n, 2), NaN where there is none."""


@dataclass(frozen=True)
class Sight:
    """What a camera sees of a standing person of 1.7 m at each of n places.

    Attributes:
        height_px: (n,) from foot to head in the picture; 0 where either is out of it.
        clear: (n, 3) whether foot, chest and head are in the picture and in the line of sight.
        in_picture: (n, 3) whether foot, chest and head are in the picture, furniture or not.
    """

    height_px: Floats
    clear: Bools
    in_picture: Bools

    @classmethod
    def of(cls, camera: Eye, obstacles: Obstacles, places_m: Floats) -> "Sight":
        """Looks from `camera` at people on `places_m` (n, 2)."""
        parts = [np.column_stack([places_m, np.full(len(places_m), z)]) for z in PARTS_M]
        pictured = [in_picture(camera, part) for part in parts]
        foot, head = camera.project(parts[0])[0], camera.project(parts[-1])[0]
        inside = np.column_stack(pictured)
        with np.errstate(invalid="ignore"):
            height = np.where(inside[:, 0] & inside[:, 2], np.hypot(*(head - foot).T), 0.0)
        clear = np.column_stack(
            [_clear_where(camera, obstacles, part, seen) for part, seen in zip(parts, pictured, strict=True)]
        )
        return cls(height, clear, inside)

    def seen(self, least_height_px: float) -> Bools:
        """(n,) whether the person is whole in the picture, hidden by nothing, and tall enough."""
        return np.asarray(self.clear.all(axis=1) & (self.height_px >= least_height_px), np.bool_)

    def furnished(self, least_height_px: float) -> Bools:
        """(n,) whether only furniture or walls keep the person from being seen."""
        wide = self.in_picture.all(axis=1) & (self.height_px >= least_height_px)
        return np.asarray(wide & ~self.clear.all(axis=1), np.bool_)


def in_picture(camera: Eye, world_m: Floats) -> Bools:
    """(n,) whether world points (n, 3) fall into the picture."""
    pixels, front = camera.project(world_m)
    with np.errstate(invalid="ignore"):
        inside = (pixels >= 0).all(axis=1) & (pixels[:, 0] <= camera.width_px) & (pixels[:, 1] <= camera.height_px)
    return np.asarray(front & inside, np.bool_)


def _clear_where(camera: Eye, obstacles: Obstacles, part: Floats, wanted: Bools) -> Bools:
    clear = np.zeros(len(part), np.bool_)
    clear[wanted] = obstacles.clear(camera.position_m, part[wanted])
    return clear
