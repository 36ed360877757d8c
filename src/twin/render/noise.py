"""Value noise in space, compiled: it lives on surfaces, so that it moves with the person instead of swimming."""

import math

import numpy as np
import numpy.typing as npt

from dongsun.twin.compiled import compiled


@compiled
def hash01(x: float, y: float, z: float) -> float:
    """A fixed pseudo-random number in [0, 1) for a lattice point."""
    q = math.sin(x * 12.9898 + y * 78.233 + z * 37.719) * 43758.5453
    return float(q - math.floor(q))


@compiled
def value_noise(x: float, y: float, z: float) -> float:
    """Smooth noise in [0, 1) with features about one unit wide."""
    i, j, k = math.floor(x), math.floor(y), math.floor(z)
    u, v, w = x - i, y - j, z - k
    u = u * u * (3 - 2 * u)
    v = v * v * (3 - 2 * v)
    w = w * w * (3 - 2 * w)
    total = 0.0
    for a in range(2):
        for b in range(2):
            for c in range(2):
                share = (u if a else 1 - u) * (v if b else 1 - v) * (w if c else 1 - w)
                total += hash01(i + a, j + b, k + c) * share
    return total


@compiled
def fold_normals(
    normals: npt.NDArray[np.float64], rest_m: npt.NDArray[np.float64], depth: npt.NDArray[np.float64], offset: float
) -> None:
    """Disturbs unit `normals` (n, 3) in place as folds in cloth do, `depth` (n,) deep; `offset` makes people differ."""
    per_metre = 11.0
    for i in range(len(normals)):
        if depth[i] <= 0:
            continue
        x, y, z = rest_m[i, 0] * per_metre + offset, rest_m[i, 1] * per_metre, rest_m[i, 2] * per_metre
        e = value_noise(x, y, z * 0.6 + 7) - 0.5
        g = value_noise(x + 31, y, z) - 0.5
        h = value_noise(x * 2.3, y * 2.3 + 17, z * 1.7) - 0.5
        nx = normals[i, 0] + depth[i] * 1.5 * (e + h * 0.6)
        ny = normals[i, 1] + depth[i] * 1.5 * (g - h * 0.5)
        nz = normals[i, 2] + depth[i] * 1.35 * (e - g)
        length = math.sqrt(nx * nx + ny * ny + nz * nz) + 1e-9
        normals[i, 0], normals[i, 1], normals[i, 2] = nx / length, ny / length, nz / length
