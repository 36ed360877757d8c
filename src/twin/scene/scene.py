"""The empty shop: its surfaces and lights, and the picture and depth of them that a camera sees."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dongsun.twin.camera.pinhole import PinholeCamera
from dongsun.twin.compiled import compiled
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


@dataclass(frozen=True)
class Backdrop:
    """What a camera sees of the empty shop.

    Attributes:
        image: (h, w, 3) float32 BGR.
        nearness: (h, w) float32, 1/z along the optical axis, 0 where nothing is.
        is_floor: (h, w) float32, 1 on floor and pavement: only there shadows fall.
    """

    image: npt.NDArray[np.float32]
    nearness: npt.NDArray[np.float32]
    is_floor: npt.NDArray[np.float32]


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


def render_backdrop(scene: Scene, camera: PinholeCamera) -> Backdrop:
    """Ray-casts the empty shop at the camera's resolution."""
    geometry = np.array([(*s.corner, *s.across, *s.down) for s in scene.surfaces], np.float64)
    settings = np.array([(s.tile_m, s.ambient, s.kind) for s in scene.surfaces], np.float64)
    starts = np.cumsum([0] + [s.texture.size for s in scene.surfaces])
    sizes = np.array(
        [(*s.texture.shape[:2], start) for s, start in zip(scene.surfaces, starts, strict=False)], np.int64
    )
    texels = np.concatenate([s.texture.ravel() for s in scene.surfaces])
    image, nearness, kind = _cast(
        camera.height_px,
        camera.width_px,
        camera.focal_px,
        np.array(camera.position_m, np.float64),
        camera.rotation,
        geometry,
        settings,
        sizes,
        texels,
        scene.lights.astype(np.float64),
        scene.shelves.astype(np.float64),
    )
    return Backdrop(image, nearness, (kind < OTHER).astype(np.float32))


@compiled
def _texel(texels: npt.NDArray[np.uint8], size: npt.NDArray[np.int64], a: float, b: float, channel: int) -> float:
    rows, columns, start = size[0], size[1], size[2]
    u, v = a * (columns - 1), b * (rows - 1)
    i, j = min(int(u), columns - 2), min(int(v), rows - 2)
    fu, fv = u - i, v - j
    base = start + (j * columns + i) * 3 + channel
    upper = texels[base] * (1 - fu) + texels[base + 3] * fu
    lower = texels[base + columns * 3] * (1 - fu) + texels[base + columns * 3 + 3] * fu
    return float(upper * (1 - fv) + lower * fv)


@compiled
def _cast(
    height: int,
    width: int,
    focal: float,
    origin: npt.NDArray[np.float64],
    rotation: npt.NDArray[np.float64],
    geometry: npt.NDArray[np.float64],
    settings: npt.NDArray[np.float64],
    sizes: npt.NDArray[np.int64],
    texels: npt.NDArray[np.uint8],
    lights: npt.NDArray[np.float64],
    shelves: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], npt.NDArray[np.int8]]:
    image = np.full((height, width, 3), np.float32(90))
    nearness = np.zeros((height, width), np.float32)
    kind = np.full((height, width), 2, np.int8)
    count = len(geometry)
    normals = np.empty((count, 3))
    for q in range(count):
        u, v = geometry[q, 3:6], geometry[q, 6:9]
        n = np.array([u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]])
        normals[q] = n / math.sqrt((n * n).sum())
    ray, hit = np.empty(3), np.empty(3)
    for row in range(height):
        for column in range(width):
            right, down = (column + 0.5 - width / 2) / focal, (row + 0.5 - height / 2) / focal
            for k in range(3):
                ray[k] = right * rotation[0, k] + down * rotation[1, k] + rotation[2, k]
            nearest, chosen, best_a, best_b = 1e9, -1, 0.0, 0.0
            for q in range(count):
                n, g = normals[q], geometry[q]
                slope = ray[0] * n[0] + ray[1] * n[1] + ray[2] * n[2]
                if abs(slope) < 1e-9:
                    continue
                offset = (g[0] - origin[0]) * n[0] + (g[1] - origin[1]) * n[1] + (g[2] - origin[2]) * n[2]
                t = offset / slope
                if t < 0.1 or t >= nearest:
                    continue
                px, py, pz = origin[0] + t * ray[0] - g[0], origin[1] + t * ray[1] - g[1], origin[2] + t * ray[2] - g[2]
                a = (px * g[3] + py * g[4] + pz * g[5]) / (g[3] * g[3] + g[4] * g[4] + g[5] * g[5])
                b = (px * g[6] + py * g[7] + pz * g[8]) / (g[6] * g[6] + g[7] * g[7] + g[8] * g[8])
                if 0 <= a <= 1 and 0 <= b <= 1:
                    nearest, chosen, best_a, best_b = t, q, a, b
            if chosen < 0:
                continue
            n, g = normals[chosen], geometry[chosen]
            for k in range(3):
                hit[k] = origin[k] + nearest * ray[k]
            light = settings[chosen, 1] * (1.0 + 0.33 * abs(n[2]))
            for i in range(len(lights)):
                lx, ly, lz = lights[i, 0] - hit[0], lights[i, 1] - hit[1], lights[i, 2] - hit[2]
                square = lx * lx + ly * ly + lz * lz
                light += 0.9 * lights[i, 3] * abs(lx * n[0] + ly * n[1] + lz * n[2]) / math.sqrt(square) / square
            a, b = best_a, best_b
            if settings[chosen, 0] > 0:
                a = a * math.sqrt(g[3] ** 2 + g[4] ** 2 + g[5] ** 2) / settings[chosen, 0]
                b = b * math.sqrt(g[6] ** 2 + g[7] ** 2 + g[8] ** 2) / settings[chosen, 0]
                a, b = a - math.floor(a), b - math.floor(b)
            if settings[chosen, 2] == 0:
                for s in range(len(shelves)):  # less light reaches the floor beside a shelf
                    dx = max(shelves[s, 0] - hit[0], 0.0, hit[0] - shelves[s, 2])
                    dy = max(shelves[s, 1] - hit[1], 0.0, hit[1] - shelves[s, 3])
                    light *= 1 - 0.35 * max(0.0, 1 - math.sqrt(dx * dx + dy * dy) / 0.45)
            for channel in range(3):
                image[row, column, channel] = min(255.0, _texel(texels, sizes[chosen], a, b, channel) * light)
            nearness[row, column] = 1 / nearest
            kind[row, column] = int(settings[chosen, 2])
    return image, nearness, kind
