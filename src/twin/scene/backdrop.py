"""The picture and the depth of the empty shop that a camera sees."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dongsun.twin.camera.store_camera import StoreCamera
from dongsun.twin.compiled import compiled
from dongsun.twin.scene.scene import Scene
from dongsun.twin.scene.surface import OTHER

BAND_ROWS = 64
"""Rows cast at a time: the rays of a whole picture would fill hundreds of megabytes."""


@dataclass(frozen=True)
class Backdrop:
    """What a camera sees of the empty shop.

    Attributes:
        image: (h, w, 3) float32 BGR.
        nearness: (h, w) float32, 1 over the camera's depth (`StoreCamera`), 0 where nothing is.
        is_floor: (h, w) float32, 1 on floor and pavement: only there shadows fall.
    """

    image: npt.NDArray[np.float32]
    nearness: npt.NDArray[np.float32]
    is_floor: npt.NDArray[np.float32]


def render_backdrop(scene: Scene, camera: StoreCamera) -> Backdrop:
    """Ray-casts the empty shop at the camera's resolution."""
    geometry = np.array([(*s.corner, *s.across, *s.down) for s in scene.surfaces], np.float64)
    settings = np.array([(s.tile_m, s.ambient, s.kind) for s in scene.surfaces], np.float64)
    starts = np.cumsum([0] + [s.texture.size for s in scene.surfaces])
    sizes = np.array(
        [(*s.texture.shape[:2], start) for s, start in zip(scene.surfaces, starts, strict=False)], np.int64
    )
    texels = np.concatenate([s.texture.ravel() for s in scene.surfaces])
    bands = [
        _cast(
            camera.rays(first, min(first + BAND_ROWS, camera.height_px)),
            np.array(camera.position_m, np.float64),
            geometry,
            settings,
            sizes,
            texels,
            scene.lights.astype(np.float64),
            scene.shelves.astype(np.float64),
        )
        for first in range(0, camera.height_px, BAND_ROWS)
    ]
    image, nearness, kind = (np.concatenate(parts) for parts in zip(*bands, strict=True))
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
    rays: npt.NDArray[np.float64],
    origin: npt.NDArray[np.float64],
    geometry: npt.NDArray[np.float64],
    settings: npt.NDArray[np.float64],
    sizes: npt.NDArray[np.int64],
    texels: npt.NDArray[np.uint8],
    lights: npt.NDArray[np.float64],
    shelves: npt.NDArray[np.float64],
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], npt.NDArray[np.int8]]:
    height, width = rays.shape[:2]
    image = np.full((height, width, 3), np.float32(90))
    nearness = np.zeros((height, width), np.float32)
    kind = np.full((height, width), 2, np.int8)
    count = len(geometry)
    normals = np.empty((count, 3))
    for q in range(count):
        u, v = geometry[q, 3:6], geometry[q, 6:9]
        n = np.array([u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]])
        normals[q] = n / math.sqrt((n * n).sum())
    hit = np.empty(3)
    for row in range(height):
        for column in range(width):
            ray = rays[row, column]
            if ray[0] == 0 and ray[1] == 0 and ray[2] == 0:  # the black rim of a fisheye
                image[row, column] = np.float32(0)
                continue
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
