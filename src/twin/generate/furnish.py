"""Counter, shelves along the walls, and aisles, with room to pass between them all."""

import math
from dataclasses import dataclass, field

import numpy as np
from shapely.geometry import LineString, Polygon, box
from shapely.geometry.base import BaseGeometry

from dongsun.twin.generate.hall import Hall
from dongsun.twin.plan.frozen import FloorPoint

WAY_M = 1.15
DOOR_FREE_M = 1.6
STAFF_LANE_M = 0.9
QUEUE_HALF_M = 0.6


@dataclass(frozen=True)
class Piece:
    """A shelf: footprint x0, y0, x1, y1 and height, in metres."""

    bounds: tuple[float, float, float, float]
    height_m: float

    @property
    def footprint(self) -> Polygon:
        """Where it stands."""
        return box(*self.bounds)


@dataclass(frozen=True)
class Till:
    """A counter with its staff behind and its queue before it."""

    piece: Piece
    queue: tuple[FloorPoint, ...]
    staff_spots: tuple[FloorPoint, ...]


@dataclass
class Furniture:
    """What has been placed so far."""

    hall: Hall
    shelves: list[Piece] = field(default_factory=list)
    tills: list[Till] = field(default_factory=list)
    _reserved: list[BaseGeometry] = field(default_factory=list)

    @property
    def pieces(self) -> list[Piece]:
        """Shelves and counters."""
        return self.shelves + [till.piece for till in self.tills]

    def fits(self, footprint: Polygon, *, along_wall: bool) -> bool:
        """Whether a shelf leaves a way round itself (along a wall: on its open sides)."""
        floor = self.hall.floor
        if not floor.covers(footprint) or any(o.line.distance(footprint) < DOOR_FREE_M for o in self.hall.openings):
            return False
        if not along_wall and floor.exterior.distance(footprint) < WAY_M:
            return False
        if any(place.distance(footprint) < 0.5 for place in self._reserved):
            return False
        return all(piece.footprint.distance(footprint) >= WAY_M for piece in self.pieces)

    def put_till(self, till: Till) -> None:
        """Places a counter and keeps its lane and its queue clear."""
        self.tills.append(till)
        self._reserved += [LineString(till.queue).buffer(QUEUE_HALF_M), LineString([till.staff_spots[0],
                           till.staff_spots[-1]]).buffer(STAFF_LANE_M / 2)]  # fmt: skip


def furnish(hall: Hall, rng: np.random.Generator) -> Furniture:
    """Fills a shop at random."""
    furniture = Furniture(hall)
    if rng.random() < 0.85:
        _put_till(furniture, rng)
    _put_along_walls(furniture, rng)
    _put_aisles(furniture, rng)
    return furniture


def _put_till(furniture: Furniture, rng: np.random.Generator) -> None:
    x0, _, x1, depth = furniture.hall.floor.bounds
    for _ in range(30):
        side, length = float(rng.choice([-1.0, 1.0])), _cm(rng.uniform(1.4, 2.4))
        wall = x1 if side > 0 else x0
        back, front = _cm(wall - side * STAFF_LANE_M), _cm(wall - side * (STAFF_LANE_M + 0.6))
        y0 = _cm(rng.uniform(1.8, max(1.9, depth - length - 1.2)))
        middle, stand = _cm(y0 + length / 2), _cm(front - side * 0.45)
        run = _cm(rng.uniform(1.4, 2.4))
        end = (_cm(stand - side * run), middle) if rng.random() < 0.5 else (stand, _cm(middle + run))
        piece = Piece((min(back, front), y0, max(back, front), _cm(y0 + length)), 1.0)
        till = Till(piece, ((stand, middle), end), ((_cm(wall - side * STAFF_LANE_M / 2), middle),))
        lane = box(min(wall, front), y0 - 1.0, max(wall, front), y0 + length + 1.0)
        way = LineString(till.queue).buffer(QUEUE_HALF_M)
        doors = furniture.hall.openings
        if furniture.hall.floor.covers(lane) and furniture.hall.floor.covers(way) and all(
            o.line.distance(lane) > 1.0 and o.line.distance(way) > 1.2 for o in doors
        ):  # fmt: skip
            furniture.put_till(till)
            return


def _put_along_walls(furniture: Furniture, rng: np.random.Generator) -> None:
    corners = furniture.hall.corners
    for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1], strict=True):
        edge = math.dist((ax, ay), (bx, by))
        ux, uy = (bx - ax) / edge, (by - ay) / edge
        at = rng.uniform(0.6, 1.8)
        while at < edge - 1.5:
            length = min(float(rng.uniform(1.6, 5.0)), edge - at - 0.6)
            deep = float(rng.uniform(0.4, 0.5))
            points = [
                (ax + ux * along - uy * off, ay + uy * along + ux * off)
                for along, off in ((at, 0.05), (at + length, 0.05 + deep))
            ]
            piece = Piece(_bounds(points), _cm(rng.uniform(1.6, 2.1)))
            if length > 1.2 and rng.random() < 0.8 and furniture.fits(piece.footprint, along_wall=True):
                furniture.shelves.append(piece)
                at += length + WAY_M
            at += float(rng.uniform(0.1, 0.8))


def _put_aisles(furniture: Furniture, rng: np.random.Generator) -> None:
    x0, y0, x1, y1 = furniture.hall.floor.bounds
    across, deep, way = rng.random() < 0.4, float(rng.uniform(0.75, 1.0)), float(rng.uniform(WAY_M, 2.0))
    low, high = float(rng.uniform(0.85, 1.1)), float(rng.uniform(1.2, 1.5))
    length = float(rng.uniform(1.6, 4.0))
    u_from, u_to, v_from, v_to = (y0, y1, x0, x1) if across else (x0, x1, y0, y1)
    u = u_from + float(rng.uniform(WAY_M, 2.2))
    while u + deep < u_to - WAY_M:
        v, placed = v_from + WAY_M, False
        while v + 1.2 < v_to - WAY_M:
            ends = [(u, v), (u + deep, v + length)]
            piece = Piece(_bounds([(b, a) for a, b in ends] if across else ends), _cm(rng.uniform(low, high)))
            if furniture.fits(piece.footprint, along_wall=False) and rng.random() < 0.9:
                furniture.shelves.append(piece)
                placed, v = True, v + length + way
            v += 0.3
        u += deep + way if placed else 0.4


def _bounds(points: list[FloorPoint]) -> tuple[float, float, float, float]:
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    return _cm(min(xs)), _cm(min(ys)), _cm(max(xs)), _cm(max(ys))


def _cm(value: float) -> float:
    return round(float(value), 2)
