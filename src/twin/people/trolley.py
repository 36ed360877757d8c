"""A shopping trolley: a rigid wire basket on a frame, packed as the renderer takes people."""

import math
from dataclasses import replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from dongsun.twin.people.materials import MaterialTable
from dongsun.twin.people.mesh import vertex_normals
from dongsun.twin.people.person import Person
from dongsun.twin.people.wardrobe import dress

AHEAD_M = 0.55
"""From whoever pushes it to the trolley's middle."""
BAR_M = 0.014
WIRES_M = 0.09
Point = tuple[float, float, float]
Vectors = npt.NDArray[np.float64]
Triangles = npt.NDArray[np.int32]


@lru_cache(maxsize=1)
def trolley() -> Person:
    """The trolley at rest, heading −y, its middle at the origin: nobody's limbs, all of it moved by the root bone."""
    table = MaterialTable()
    steel = table.add((150.0, 152.0, 155.0))
    grip = table.add((40.0, 40.0, 170.0))
    wheel = table.add((35.0, 35.0, 35.0))
    bars = [(start, end, BAR_M, steel) for start, end in (*_basket(), *_frame())]
    bars.append(((-0.26, 0.44, 1.0), (0.26, 0.44, 1.0), 0.03, grip))
    bars += [((x, y, 0.0), (x, y, 0.1), 0.05, wheel) for x in (-0.2, 0.2) for y in (-0.38, 0.36)]
    parts = [_bar(start, end, thickness) for start, end, thickness, _ in bars]
    vertices = np.vstack([part[0] for part in parts])
    triangles = np.vstack([part[1] + 8 * k for k, part in enumerate(parts)]).astype(np.int32)
    material = np.repeat(np.array([bar[3] for bar in bars], np.int32), [len(part[1]) for part in parts])
    n = len(vertices)
    return replace(
        dress(1),  # for a skeleton and a manner, which it never uses
        person_id=0,
        vertices_m=vertices.astype(np.float32),
        normals=vertex_normals(vertices, triangles).astype(np.float32),
        rest_m=vertices.astype(np.float32),
        triangles=triangles,
        triangle_material=material,
        triangle_is_head=np.zeros(len(triangles), np.uint8),
        materials=table.as_array(),
        bone_indices=np.zeros((n, 4), np.int32),
        bone_weights=np.tile(np.array([1, 0, 0, 0], np.float32), (n, 1)),
        is_head_vertex=np.zeros(n, np.bool_),
    )


def ahead(x_m: float, y_m: float, yaw_rad: float) -> tuple[float, float]:
    """Where the trolley's middle is when somebody at a place, facing `yaw_rad`, pushes it."""
    return x_m + AHEAD_M * math.cos(yaw_rad), y_m + AHEAD_M * math.sin(yaw_rad)


def _basket() -> list[tuple[Point, Point]]:
    """Wires of a basket that narrows to the front and below."""
    top, bottom = _rectangle(0.27, 0.22, 0.40, -0.42, 0.95), _rectangle(0.22, 0.18, 0.34, -0.36, 0.5)
    wires = []
    for level in np.linspace(0, 1, 5):
        ring = [_between(low, high, float(level)) for low, high in zip(bottom, top, strict=True)]
        wires += [(ring[k], ring[(k + 1) % 4]) for k in range(4)]
    for k in range(4):
        low, high = (bottom[k], bottom[(k + 1) % 4]), (top[k], top[(k + 1) % 4])
        for share in np.linspace(0, 1, max(2, round(math.dist(*high) / WIRES_M)), endpoint=False):
            wires.append((_between(*low, float(share)), _between(*high, float(share))))
    for share in np.linspace(0.1, 0.9, 6):
        wires.append((_between(bottom[0], bottom[3], float(share)), _between(bottom[1], bottom[2], float(share))))
    return wires


def _frame() -> list[tuple[Point, Point]]:
    wires: list[tuple[Point, Point]] = []
    for x in (-0.2, 0.2):
        wires += [
            ((x, 0.36, 0.1), (x, -0.38, 0.1)),
            ((x, 0.36, 0.1), (x, 0.30, 0.5)),
            ((x, 0.34, 0.5), (x * 1.3, 0.44, 1.0)),
        ]
    return wires


def _rectangle(back: float, front: float, y_back: float, y_front: float, z: float) -> tuple[Point, Point, Point, Point]:
    return (-back, y_back, z), (back, y_back, z), (front, y_front, z), (-front, y_front, z)


def _between(a: Point, b: Point, share: float) -> Point:
    x, y, z = (p + (q - p) * share for p, q in zip(a, b, strict=True))
    return x, y, z


def _bar(start: Point, end: Point, thickness_m: float) -> tuple[Vectors, Triangles]:
    """A square bar: 8 vertices, 12 triangles."""
    a, b = np.array(start), np.array(end)
    along = (b - a) / np.linalg.norm(b - a)
    other = np.array([0.0, 0.0, 1.0]) if abs(along[2]) < 0.9 else np.array([1.0, 0.0, 0.0])
    u = np.cross(along, other)
    u *= thickness_m / 2 / np.linalg.norm(u)
    v = np.cross(along, u)
    ring = (u + v, u - v, -u - v, v - u)
    vertices = np.array([*(a + r for r in ring), *(b + r for r in ring)])
    sides = [[k, (k + 1) % 4, 4 + k] for k in range(4)] + [[(k + 1) % 4, 4 + (k + 1) % 4, 4 + k] for k in range(4)]
    ends = [[0, 2, 1], [0, 3, 2], [4, 5, 6], [4, 6, 7]]
    return vertices, np.array(sides + ends, np.int32)
