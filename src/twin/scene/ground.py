"""The shop's floor, whatever its outline, as rectangles."""

import itertools

import numpy as np
from shapely.geometry import Polygon, box

from dongsun.twin.plan.twin_plan import TwinPlan
from dongsun.twin.scene.surface import FLOOR, Surface
from dongsun.twin.scene.textures import Texture

TILE_M = 2.0
SLANT_STEP_M = 0.5
Rectangle = tuple[float, float, float, float]


def floor_surfaces(plan: TwinPlan, tiles: Texture) -> list[Surface]:
    """Tiles over all of the floor; where a wall runs aslant they reach up to half a metre behind it."""
    left, front, _, _ = plan.bounds_m
    surfaces = []
    for x0, y0, x1, y1 in rectangles(plan.floor_polygon):
        shift = tuple(round((start % TILE_M) / TILE_M * tiles.shape[0]) for start in (y0 - front, x0 - left))
        texture = np.roll(tiles, (-shift[0], -shift[1]), axis=(0, 1)) if any(shift) else tiles
        surfaces.append(
            Surface((x0, y0, 0.0), (x1 - x0, 0.0, 0.0), (0.0, y1 - y0, 0.0), texture, tile_m=TILE_M, kind=FLOOR)
        )
    return surfaces


def rectangles(floor: Polygon) -> list[Rectangle]:
    """x0, y0, x1, y1 of upright rectangles that cover the polygon; exactly, when its edges are axis-parallel.

    Method: the polygon is cut into strips at its corners' x (slanted ones more finely), and each strip's pieces are
    replaced by their bounds; equal neighbours are joined.
    """
    corners = np.array(floor.exterior.coords)
    low, high = float(corners[:, 1].min()) - 1, float(corners[:, 1].max()) + 1
    cuts = sorted({float(x) for x in corners[:, 0]})
    strips: list[tuple[float, float]] = []
    for x0, x1 in itertools.pairwise(cuts):
        slanted = any(
            (a[0] != b[0] and a[1] != b[1]) and min(a[0], b[0]) < x1 and max(a[0], b[0]) > x0
            for a, b in itertools.pairwise(corners)
        )
        edges = np.linspace(x0, x1, max(2, int((x1 - x0) / SLANT_STEP_M) + 2 if slanted else 2))
        strips += [(float(a), float(b)) for a, b in itertools.pairwise(edges)]
    found: list[Rectangle] = []
    for x0, x1 in strips:
        cut = floor.intersection(box(x0, low, x1, high))
        for piece in getattr(cut, "geoms", [cut]):
            if piece.area < 1e-9:
                continue
            _, y0, _, y1 = (float(v) for v in piece.bounds)
            before = next((r for r in found if r[2] == x0 and (r[1], r[3]) == (y0, y1)), None)
            if before is not None:
                found.remove(before)
            found.append((before[0] if before else x0, y0, x1, y1))
    return found
