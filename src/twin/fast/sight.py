"""What of the floor's air a camera can see past furniture and walls."""

import itertools

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import LineString, Polygon

from dongsun.twin.compiled import compiled
from dongsun.twin.plan.twin_plan import TwinPlan

F64 = npt.NDArray[np.float64]
CELL_M = 0.1
LEVEL_M = 0.1
LEVELS = 20
LINTEL_M = 2.35
"""Doors are open up to here, as they are filmed."""


def sight_masks(plan: TwinPlan, camera_id: str, x_m: F64, y_m: F64) -> npt.NDArray[np.uint32]:
    """Which heights above floor points (n,) a camera sees past everything that stands still.

    Points are rounded to a grid of `CELL_M`.

    Returns:
        uint32 (n,): bit k tells of the height (k + ½) · `LEVEL_M`.
    """
    eye = np.array(plan.cameras[camera_id].position_m, np.float64)
    boxes, walls = standing_boxes(plan), standing_walls(plan)
    places = zip(np.rint(x_m / CELL_M) * CELL_M, np.rint(y_m / CELL_M) * CELL_M, strict=True)
    return np.array([sight_mask(eye, float(x), float(y), boxes, walls) for x, y in places], np.uint32)


def standing_boxes(plan: TwinPlan) -> F64:
    """(n, 5): x0, y0, x1, y1 and height of the furniture."""
    rows = [(item.x0_m, item.y0_m, item.x1_m, item.y1_m, item.height_m) for item in plan.furniture]
    return np.array(rows, np.float64).reshape(-1, 5)


def standing_walls(plan: TwinPlan) -> F64:
    """(n, 6): both ends on the floor, from which height to which, of upright rectangles."""
    doors = [LineString([door.start, door.end]) for door in plan.doors.values()]
    outer = shapely.difference(
        Polygon(plan.floor).exterior, shapely.union_all([door.buffer(0.02, cap_style="flat") for door in doors])
    )
    walls = [(*wall.start, *wall.end, 0.0, wall.height_m or plan.height_m) for wall in plan.walls]
    walls += [(*door.start, *door.end, LINTEL_M, plan.height_m) for door in plan.doors.values()]
    for part in shapely.get_parts(outer):
        walls += [(*a, *b, 0.0, plan.height_m) for a, b in itertools.pairwise(part.coords)]
    return np.array(walls, np.float64).reshape(-1, 6)


@compiled
def sight_mask(eye_m: F64, x_m: float, y_m: float, boxes: F64, walls: F64) -> int:
    """The mask of one floor point: a ray from `eye_m` to each height above it.

    A ray meets a box where, within the box's outline on the floor plan, it comes below the box's top.
    """
    mask = (1 << LEVELS) - 1
    ray = (x_m - eye_m[0], y_m - eye_m[1])
    for k in range(len(boxes)):
        first, last = 0.0, 1.0
        for axis in range(2):
            low, high = boxes[k, axis] - eye_m[axis], boxes[k, 2 + axis] - eye_m[axis]
            if abs(ray[axis]) < 1e-12:
                if low >= 0.0 or high <= 0.0:
                    last = -1.0
            else:
                one, other = low / ray[axis], high / ray[axis]
                first, last = max(first, min(one, other)), min(last, max(one, other))
        if first >= last:
            continue
        for level in range(LEVELS):
            rise = (level + 0.5) * LEVEL_M - eye_m[2]
            if eye_m[2] + min(first * rise, last * rise) < boxes[k, 4]:
                mask &= ~(1 << level)
    for k in range(len(walls)):
        along_x, along_y = walls[k, 2] - walls[k, 0], walls[k, 3] - walls[k, 1]
        cross = ray[0] * along_y - ray[1] * along_x
        if abs(cross) < 1e-12:
            continue
        off_x, off_y = walls[k, 0] - eye_m[0], walls[k, 1] - eye_m[1]
        t, u = (off_x * along_y - off_y * along_x) / cross, (off_x * ray[1] - off_y * ray[0]) / cross
        if t <= 0.0 or t >= 1.0 or u < 0.0 or u > 1.0:
            continue
        for level in range(LEVELS):
            z = eye_m[2] + t * ((level + 0.5) * LEVEL_M - eye_m[2])
            if walls[k, 4] <= z <= walls[k, 5]:
                mask &= ~(1 << level)
    return mask
