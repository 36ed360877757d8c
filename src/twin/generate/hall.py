"""The empty shop: outer walls and doors, drawn at random."""

from dataclasses import dataclass

import numpy as np
from shapely.geometry import LineString, Polygon

from dongsun.twin.plan.frozen import FloorPoint


@dataclass(frozen=True)
class Opening:
    """A door: its jambs, and the unit vector into the shop."""

    start: FloorPoint
    end: FloorPoint
    inward: FloorPoint

    @property
    def middle(self) -> FloorPoint:
        """Between the jambs."""
        return (self.start[0] + self.end[0]) / 2, (self.start[1] + self.end[1]) / 2

    @property
    def line(self) -> LineString:
        """From jamb to jamb."""
        return LineString([self.start, self.end])


@dataclass(frozen=True)
class Hall:
    """Outer walls, anticlockwise, and doors; the street runs along y = 0."""

    corners: tuple[FloorPoint, ...]
    openings: tuple[Opening, ...]

    @property
    def floor(self) -> Polygon:
        """What the walls enclose."""
        return Polygon(self.corners)


def draw_hall(rng: np.random.Generator) -> Hall:
    """A rectangle or an L of 5 to 18 m, with one or two doors."""
    width, depth = 2 * _tenth(rng.uniform(2.5, 9.0)), _tenth(rng.uniform(5.5, 15.0))
    left, right = -width / 2, width / 2
    corners: tuple[FloorPoint, ...] = ((left, 0.0), (right, 0.0), (right, depth), (left, depth))
    if width >= 9 and depth >= 9 and rng.random() < 0.4:
        cut_x, cut_y = _tenth(width * rng.uniform(0.3, 0.45)), _tenth(depth * (1 - rng.uniform(0.3, 0.45)))
        if rng.random() < 0.5:
            corners = ((left, 0.0), (right, 0.0), (right, cut_y), (right - cut_x, cut_y), (right - cut_x, depth),
                       (left, depth))  # fmt: skip
        else:
            corners = ((left, 0.0), (right, 0.0), (right, depth), (left + cut_x, depth), (left + cut_x, cut_y),
                       (left, cut_y))  # fmt: skip
    corners = tuple((_tenth(x), _tenth(y)) for x, y in corners)
    half = _tenth(rng.uniform(0.6, 1.3))
    centre = _tenth(rng.uniform(left + half + 0.8, right - half - 0.8))
    openings = [Opening((centre - half, 0.0), (centre + half, 0.0), (0.0, 1.0))]
    if width >= 8 and rng.random() < 0.4:
        at, side = _tenth(rng.uniform(3.0, max(3.2, 0.45 * depth))), float(rng.choice([-1.0, 1.0]))
        openings.append(Opening((side * width / 2, at - 0.7), (side * width / 2, at + 0.7), (-side, 0.0)))
    return Hall(corners, tuple(openings))


def _tenth(value: float) -> float:
    return round(float(value), 1)
