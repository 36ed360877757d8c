"""How large things on the floor are in a camera's picture."""

from dataclasses import dataclass

import numpy as np

from dongsun.contract.floor_map import Floats, FloorMap
from dongsun.contract.geometry import Point

_STEP_M = 0.05
_PERSON_M = 1.7


@dataclass(frozen=True)
class FloorView:
    """A camera's floor map with the size of its picture.

    Attributes:
        floor: The map.
        width_px: Of the picture.
        height_px: Of the picture.
    """

    floor: FloorMap
    width_px: int
    height_px: int

    def person_height_px(self, foot: Point) -> float | None:
        """About how tall a person of 1.7 m is there, in pixels; None beyond the horizon.

        A metre across the view is as long in the picture as an upright metre seen level; a camera that looks down
        sees people shorter than this.
        """
        scale = self._pixels_per_metre(foot)
        return None if scale is None else _PERSON_M * float(np.linalg.norm(scale, 2))

    def length_m(self, start: Point, end: Point) -> float | None:
        """Distance of two picture points on the floor; None if one lies beyond the horizon."""
        ends = self.floor.to_floor(np.array([start, end], np.float64))
        return float(np.linalg.norm(ends[1] - ends[0])) if np.isfinite(ends).all() else None

    def is_mirrored(self, foot: Point) -> bool | None:
        """Whether the floor's axes turn the other way than on a plan seen from above; None beyond the horizon."""
        scale = self._pixels_per_metre(foot)
        return None if scale is None else bool(np.linalg.det(scale) > 0)

    def _pixels_per_metre(self, foot: Point) -> Floats | None:
        at = self.floor.to_floor(np.array([foot], np.float64))[0]
        if not np.isfinite(at).all():
            return None
        steps = at + _STEP_M * np.array([[0.5, 0], [-0.5, 0], [0, 0.5], [0, -0.5]])
        points = self.floor.from_floor(steps) * (self.width_px, self.height_px)
        if not np.isfinite(points).all():
            return None
        return np.asarray(np.stack([points[0] - points[1], points[2] - points[3]], axis=1) / _STEP_M, np.float64)
