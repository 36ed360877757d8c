"""Small mesh operations: normals, smoothing, a rounded box."""

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float64]
Triangles = npt.NDArray[np.int32]


def vertex_normals(vertices: Vectors, triangles: Triangles) -> Vectors:
    """Area-weighted unit normals (n, 3) of vertices (n, 3); zero where no triangle touches."""
    a, b, c = (vertices[triangles[:, k]] for k in range(3))
    face = np.cross(b - a, c - a)
    normals = np.stack(
        [np.bincount(triangles.ravel(), np.repeat(face[:, k], 3), minlength=len(vertices)) for k in range(3)], axis=1
    )
    return np.asarray(normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12), np.float64)


def smoothed(vertices: Vectors, triangles: Triangles, rounds: int) -> Vectors:
    """`vertices` with those of `triangles` drawn half-way to their neighbours' mean, `rounds` times (Laplacian)."""
    result = vertices.copy()
    one = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    ends = np.concatenate([one, one[:, ::-1]])
    count = np.bincount(ends[:, 0], minlength=len(vertices))
    touched = count > 0
    for _ in range(rounds):
        total = np.stack([np.bincount(ends[:, 0], result[ends[:, 1], k], len(vertices)) for k in range(3)], axis=1)
        result[touched] = 0.5 * result[touched] + 0.5 * total[touched] / count[touched, None]
    return result


def rounded_box(half_size_m: tuple[float, float, float], centre_m: Vectors) -> tuple[Vectors, Triangles]:
    """A superellipsoid, the shape of a bag: vertices (n, 3) and triangles (m, 3)."""
    around, up = 12, 9
    theta = np.linspace(0, 2 * np.pi, around, endpoint=False)
    phi = np.linspace(-np.pi / 2, np.pi / 2, up)

    def bulge(value: Vectors) -> Vectors:
        return np.asarray(np.sign(value) * np.abs(value) ** 0.4, np.float64)

    p, t = (grid.ravel() for grid in np.meshgrid(phi, theta, indexing="ij"))
    unit = np.stack([bulge(np.cos(p)) * bulge(np.cos(t)), bulge(np.cos(p)) * bulge(np.sin(t)), bulge(np.sin(p))], 1)
    triangles = []
    for row in range(up - 1):
        for k in range(around):
            i, j = row * around + k, row * around + (k + 1) % around
            triangles += [[i, j, i + around], [j, j + around, i + around]]
    return unit * np.array(half_size_m) + centre_m, np.array(triangles, np.int32)
