"""What stands in the shop: shelves, counters, inner walls."""

import math

import numpy as np

from dongsun.twin.plan.frozen import FloorPoint
from dongsun.twin.plan.layout import Box, Counter, Shelf, Wall
from dongsun.twin.scene import textures
from dongsun.twin.scene.surface import Surface
from dongsun.twin.scene.textures import Texture

MONITOR_M = (0.36, 0.08, 0.32)
DESK_EDGE_M = 0.04
Corners = tuple[FloorPoint, FloorPoint, FloorPoint, FloorPoint]


def shelf_surfaces(shelf: Shelf, rng: np.random.Generator) -> list[Surface]:
    """A shelf full of products on all four sides."""
    corners, top = _corners(shelf), shelf.height_m
    surfaces = []
    for start, end in _edges(corners):
        front = textures.shelf_front(rng, max(math.dist(start, end), 0.3), top)
        surfaces.append(_upright(start, end, 0.0, top, front))
    surfaces.append(_lid(corners, top, textures.plain(140)))
    return surfaces


def counter_surfaces(counter: Counter, rng: np.random.Generator) -> list[Surface]:
    """A plain desk whose top juts out a little, and a monitor on it, turned along the longer side."""
    corners, top = _corners(counter), counter.height_m
    front = textures.panel(rng, textures.wood(rng))
    surfaces = _block(corners, 0.0, top - DESK_EDGE_M, front, front)
    x0, y0, x1, y1 = counter.x0_m, counter.y0_m, counter.x1_m, counter.y1_m
    edge = DESK_EDGE_M / 2
    desk = _corners(Box(x0_m=x0 - edge, y0_m=y0 - edge, x1_m=x1 + edge, y1_m=y1 + edge, height_m=counter.height_m))
    surfaces += _block(desk, top - DESK_EDGE_M, top, textures.plain(175), textures.plain(205))
    width, depth, height = MONITOR_M
    if x1 - x0 < y1 - y0:
        width, depth = depth, width
    x, y = x0 + (x1 - x0) * float(rng.uniform(0.3, 0.7)), y0 + (y1 - y0) * float(rng.uniform(0.3, 0.7))
    half = (min(width, x1 - x0) / 2, min(depth, y1 - y0) / 2)
    monitor: Corners = (
        (x - half[0], y - half[1]),
        (x + half[0], y - half[1]),
        (x + half[0], y + half[1]),
        (x - half[0], y + half[1]),
    )
    return [*surfaces, *_block(monitor, top + 0.08, top + 0.08 + height, textures.plain(38), textures.plain(30))]


def wall_surfaces(wall: Wall, ceiling_m: float, paint: Texture) -> list[Surface]:
    """An inner wall: two painted faces, two ends, and a top where it ends below the ceiling."""
    (x0, y0), (x1, y1) = wall.start, wall.end
    length = math.dist(wall.start, wall.end)
    dx, dy = -(y1 - y0) / length * wall.thickness_m / 2, (x1 - x0) / length * wall.thickness_m / 2
    corners: Corners = ((x0 - dx, y0 - dy), (x1 - dx, y1 - dy), (x1 + dx, y1 + dy), (x0 + dx, y0 + dy))
    top = min(wall.height_m or ceiling_m, ceiling_m)
    return _block(corners, 0.0, top, paint, textures.plain(185))


def _block(corners: Corners, bottom_m: float, top_m: float, side: Texture, lid: Texture) -> list[Surface]:
    sides = [_upright(start, end, bottom_m, top_m, side) for start, end in _edges(corners)]
    return [*sides, _lid(corners, top_m, lid)]


def _corners(box: Box) -> Corners:
    return (
        (box.x0_m, box.y0_m),
        (box.x1_m, box.y0_m),
        (box.x1_m, box.y1_m),
        (box.x0_m, box.y1_m),
    )


def _edges(corners: Corners) -> list[tuple[FloorPoint, FloorPoint]]:
    return list(zip(corners, (*corners[1:], corners[0]), strict=True))


def _upright(start: FloorPoint, end: FloorPoint, bottom_m: float, top_m: float, texture: Texture) -> Surface:
    across = (end[0] - start[0], end[1] - start[1], 0.0)
    return Surface((*start, top_m), across, (0.0, 0.0, bottom_m - top_m), texture)


def _lid(corners: Corners, z_m: float, texture: Texture) -> Surface:
    (x0, y0), (x1, y1), _, (x3, y3) = corners
    return Surface((x0, y0, z_m), (x1 - x0, y1 - y0, 0.0), (x3 - x0, y3 - y0, 0.0), texture)
