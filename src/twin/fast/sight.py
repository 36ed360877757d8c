"""What of the floor's air a camera can see past furniture and walls: once for every spot."""

import itertools

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import LineString, Polygon

from dongsun.twin.plan.twin_plan import TwinPlan

F64 = npt.NDArray[np.float64]
CELL_M = 0.1
LEVEL_M = 0.1
LEVELS = 20
LINTEL_M = 2.35
"""Doors are open up to here, as they are filmed."""


def sight_masks(plan: TwinPlan, camera_id: str, x_m: F64, y_m: F64) -> npt.NDArray[np.uint32]:
    """Which heights above floor points (n,) a camera sees past everything that stands still.

    Points are rounded to a grid of `CELL_M`; one ray is cast to every height above every grid point that occurs.

    Returns:
        uint32 (n,): bit k tells of the height (k + ½) · `LEVEL_M`.
    """
    columns, rows = np.rint(x_m / CELL_M).astype(np.int64), np.rint(y_m / CELL_M).astype(np.int64)
    wide = 1 << 20
    keys, which = np.unique((columns + wide // 2) * wide + rows + wide // 2, return_inverse=True)
    places = np.column_stack([keys // wide - wide // 2, keys % wide - wide // 2]) * CELL_M
    eye = np.array(plan.cameras[camera_id].position_m, np.float64)
    target = np.empty((len(places), LEVELS, 3))
    target[:, :, :2] = places[:, None]
    target[:, :, 2] = (np.arange(LEVELS) + 0.5) * LEVEL_M
    flat = target.reshape(-1, 3)
    hidden = np.zeros(len(flat), np.bool_)
    for low, high in _boxes(plan):
        hidden |= _meets_box(eye, flat, low, high)
    for wall in _walls(plan):
        hidden |= _meets_wall(eye, flat, wall)
    bits = np.where(hidden.reshape(-1, LEVELS), 0, 1 << np.arange(LEVELS)).sum(axis=1).astype(np.uint32)
    return np.asarray(bits[which.ravel()], np.uint32)


def _boxes(plan: TwinPlan) -> list[tuple[F64, F64]]:
    boxes = [
        (np.array([item.x0_m, item.y0_m, 0.0]), np.array([item.x1_m, item.y1_m, item.height_m]))
        for item in plan.furniture
    ]
    return [(low.astype(np.float64), high.astype(np.float64)) for low, high in boxes]


def _walls(plan: TwinPlan) -> list[tuple[F64, F64, float, float]]:
    """Upright rectangles: both ends on the floor, from which height to which."""
    doors = [LineString([door.start, door.end]) for door in plan.doors.values()]
    outer = shapely.difference(
        Polygon(plan.floor).exterior, shapely.union_all([door.buffer(0.02, cap_style="flat") for door in doors])
    )
    walls = [(wall.start, wall.end, 0.0, wall.height_m or plan.height_m) for wall in plan.walls]
    walls += [(door.start, door.end, LINTEL_M, plan.height_m) for door in plan.doors.values()]
    for part in shapely.get_parts(outer):
        corners = list(part.coords)
        walls += [(a, b, 0.0, plan.height_m) for a, b in itertools.pairwise(corners)]
    return [(np.array(a, np.float64), np.array(b, np.float64), low, high) for a, b, low, high in walls]


def _meets_box(eye: F64, target: F64, low: F64, high: F64) -> npt.NDArray[np.bool_]:
    """Whether the straight lines from `eye` to `target` (n, 3) pass through an upright box (slab test)."""
    ray = target - eye
    with np.errstate(divide="ignore", invalid="ignore"):
        one, other = (low - eye) / ray, (high - eye) / ray
    first, last = np.minimum(one, other), np.maximum(one, other)
    enters = np.fmax(np.fmax(first[:, 0], first[:, 1]), first[:, 2])
    leaves = np.fmin(np.fmin(last[:, 0], last[:, 1]), last[:, 2])
    return np.asarray((enters < leaves) & (leaves > 0.0) & (enters < 1.0), np.bool_)


def _meets_wall(eye: F64, target: F64, wall: tuple[F64, F64, float, float]) -> npt.NDArray[np.bool_]:
    """Whether the lines pass through an upright rectangle."""
    start, end, low, high = wall
    ray, along = target[:, :2] - eye[:2], end - start
    cross = ray[:, 0] * along[1] - ray[:, 1] * along[0]
    off = start - eye[:2]
    with np.errstate(divide="ignore", invalid="ignore"):
        t = (off[0] * along[1] - off[1] * along[0]) / cross
        u = (off[0] * ray[:, 1] - off[1] * ray[:, 0]) / cross
        z = eye[2] + t * (target[:, 2] - eye[2])
        return np.asarray((t > 0) & (t < 1) & (u >= 0) & (u <= 1) & (z >= low) & (z <= high), np.bool_)
