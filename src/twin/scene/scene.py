"""The empty shop: its surfaces and lights."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dongsun.twin.plan.layout import Shelf
from dongsun.twin.plan.twin_plan import TwinPlan
from dongsun.twin.scene import textures
from dongsun.twin.scene.textures import Texture

STREET_DEPTH_M = 4.5
DOOR_HEIGHT_M = 2.35
FLOOR, PAVEMENT, OTHER = 0, 1, 2


@dataclass(frozen=True)
class Surface:
    """A parallelogram: `corner` + a·`across` + b·`down`, 0 ≤ a, b ≤ 1, textured over it or tiled every `tile_m`."""

    corner: tuple[float, float, float]
    across: tuple[float, float, float]
    down: tuple[float, float, float]
    texture: Texture
    tile_m: float = 0.0
    ambient: float = 0.45
    kind: int = OTHER


@dataclass(frozen=True)
class Scene:
    """The shop without people.

    Attributes:
        surfaces: Everything that is drawn.
        lights: (n, 4) float32: x, y, z in metres and strength.
        shelves: (m, 4) float32 rectangles x0, y0, x1, y1, to darken the floor beside them.
    """

    surfaces: tuple[Surface, ...]
    lights: npt.NDArray[np.float32]
    shelves: npt.NDArray[np.float32]


def build_scene(plan: TwinPlan, *, seed: int | None = None, light: float = 1.0) -> Scene:
    """Furnishes the shop; `seed` (the plan's own by default) chooses products and paint, `light` scales all lamps."""
    rng = np.random.default_rng([plan.decoration_seed if seed is None else seed, 3])
    x0, y0, x1, y1 = plan.bounds_m
    height = plan.height_m
    wall = textures.plaster(rng, tuple(np.array([190.0, 200.0, 205.0]) * rng.uniform(0.85, 1.05)))
    tiles = textures.floor_tiles(rng, tuple(np.array([160.0, 174.0, 182.0]) * rng.uniform(0.8, 1.05)))
    paving = textures.floor_tiles(rng, (150.0, 152.0, 154.0), tiles=2)
    far = STREET_DEPTH_M
    across, down = (x1 - x0 + 2 * far, 0, 0), (0, y1 - y0 + 2 * far, 0)
    surfaces = [
        Surface((x0, y0, 0), (x1 - x0, 0, 0), (0, y1 - y0, 0), tiles, tile_m=2.0, kind=FLOOR),
        Surface((x0 - far, y0 - far, -0.01), across, down, paving, tile_m=2.0, ambient=0.75, kind=PAVEMENT),
        Surface((x0 - far, y0 - far, height), across, (0, 0, -height), textures.street(rng), ambient=0.95),
    ]
    for start, end in zip(plan.floor, plan.floor[1:] + plan.floor[:1], strict=True):
        surfaces += _outer_wall(plan, start, end, wall)
    for shelf in plan.shelves:
        surfaces += _shelf_surfaces(shelf, rng)
    spacing = plan.lighting.lamp_spacing_m
    lamps = [
        (x, y, height - 0.25, plan.lighting.lamp_strength * light)
        for x in np.arange(x0 + 1.6, x1, spacing)
        for y in np.arange(y0 + 1.2, y1, spacing)
    ]
    for door in plan.doors.values():
        x, y = (door.start[0] + door.end[0]) / 2, (door.start[1] + door.end[1]) / 2
        lamps += [(x + dx, y - 2.0, 3.4, 1.7) for dx in (-2.5, 2.5)]
    rectangles = [(s.x0_m, s.y0_m, s.x1_m, s.y1_m) for s in plan.shelves]
    return Scene(tuple(surfaces), np.array(lamps, np.float32), np.array(rectangles, np.float32).reshape(-1, 4))


def _outer_wall(plan: TwinPlan, start: tuple[float, float], end: tuple[float, float], wall: Texture) -> list[Surface]:
    """One edge of the floor, with its doors left open below the lintel."""
    length, height = math.dist(start, end), plan.height_m
    ux, uy = (end[0] - start[0]) / length, (end[1] - start[1]) / length
    gaps = []
    for door in plan.doors.values():
        at = sorted((p[0] - start[0]) * ux + (p[1] - start[1]) * uy for p in (door.start, door.end))
        off = abs((door.start[0] - start[0]) * uy - (door.start[1] - start[1]) * ux)
        if off < 0.05 and at[0] > -0.05 and at[1] < length + 0.05:
            gaps.append((at[0], at[1]))

    def piece(a: float, b: float, top: float, texture: Texture) -> Surface:
        corner = (start[0] + a * ux, start[1] + a * uy, height)
        return Surface(corner, ((b - a) * ux, (b - a) * uy, 0), (0, 0, top - height), texture)

    pieces, begun = [], 0.0
    for a, b in sorted(gaps):
        pieces.append(piece(begun, a, 0.0, wall))
        pieces.append(piece(a, b, DOOR_HEIGHT_M, textures.plain(150)))
        begun = b
    return [*pieces, piece(begun, length, 0.0, wall)]


def _shelf_surfaces(shelf: Shelf, rng: np.random.Generator) -> list[Surface]:
    x0, y0, x1, y1, top = shelf.x0_m, shelf.y0_m, shelf.x1_m, shelf.y1_m, shelf.height_m
    sides = (((x0, y0), (x1, y0)), ((x1, y0), (x1, y1)), ((x1, y1), (x0, y1)), ((x0, y1), (x0, y0)))
    surfaces = []
    for start, end in sides:
        length = math.dist(start, end)
        across = (end[0] - start[0], end[1] - start[1], 0.0)
        front = textures.shelf_front(rng, max(length, 0.3), top)
        surfaces.append(Surface((*start, top), across, (0.0, 0.0, -top), front))
    surfaces.append(Surface((x0, y0, top), (x1 - x0, 0, 0), (0, y1 - y0, 0), textures.plain(140)))
    return surfaces
