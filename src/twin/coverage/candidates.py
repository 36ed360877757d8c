"""Where a camera could be hung: along the walls and in the corners, under the ceiling, looking into the shop."""

import math
from dataclasses import dataclass

import numpy as np
from shapely.geometry import Point

from dongsun.twin.plan.twin_camera import TwinCamera
from dongsun.twin.plan.twin_plan import TwinPlan

MOUNT_HEIGHT_M = 2.8
MOUNT_PITCH_DEG = 27.0
MOUNT_HFOV_DEG = 80.0
OFF_WALL_M = 0.15
TURNS_DEG = (-50.0, -25.0, 0.0, 25.0, 50.0)
"""How far a camera on a wall may look aside."""


@dataclass(frozen=True)
class Mount:
    """A place on a wall and the way a camera there looks."""

    x_m: float
    y_m: float
    height_m: float
    yaw_deg: float

    def camera(self) -> TwinCamera:
        """A camera hung here."""
        return TwinCamera(
            position_m=(round(self.x_m, 2), round(self.y_m, 2), round(self.height_m, 2)),
            yaw_deg=round(self.yaw_deg, 1),
            pitch_deg=MOUNT_PITCH_DEG,
            hfov_deg=MOUNT_HFOV_DEG,
        )


def mounts(plan: TwinPlan, per_wall_m: float) -> list[Mount]:
    """Places in every corner and `per_wall_m` a metre along every wall, outer and inner.

    Cameras hang at `MOUNT_HEIGHT_M`, or 0.2 m below a ceiling lower than 3 m.
    """
    shop = plan.floor_polygon
    height = min(MOUNT_HEIGHT_M, plan.height_m - 0.2)
    found: list[Mount] = []
    corners = list(plan.floor)
    for before, here, after in zip(corners[-1:] + corners[:-1], corners, corners[1:] + corners[:1], strict=True):
        first, second = _unit(here, before), _unit(here, after)
        bisector = (first[0] + second[0], first[1] + second[1])
        if math.hypot(*bisector) < 0.2:
            continue  # hardly a corner: the walls beside it have places of their own
        size = math.hypot(*bisector)
        bisector = (bisector[0] / size, bisector[1] / size)
        at = (here[0] + 1.5 * OFF_WALL_M * bisector[0], here[1] + 1.5 * OFF_WALL_M * bisector[1])
        if not shop.contains(Point(at)):
            continue  # a corner that juts into the shop
        yaw = math.degrees(math.atan2(bisector[1], bisector[0]))
        found += [Mount(*at, height, yaw + turn) for turn in (-20.0, -10.0, 0.0, 10.0, 20.0)]
    walls = list(zip(corners, corners[1:] + corners[:1], strict=True))
    walls += [(wall.start, wall.end) for wall in plan.walls if (wall.height_m or plan.height_m) >= height]
    for start, end in walls:
        found += _along(plan, start, end, per_wall_m, height)
    return _unhindered(plan, found)


def _along(
    plan: TwinPlan, start: tuple[float, float], end: tuple[float, float], per_wall_m: float, height_m: float
) -> list[Mount]:
    shop, found = plan.floor_polygon, []
    along = _unit(start, end)
    length = math.dist(start, end)
    count = max(1, round(length * per_wall_m))
    for k in range(count):
        run = (k + 0.5) * length / count
        for side in (-1.0, 1.0):
            normal = (-along[1] * side, along[0] * side)
            x = start[0] + run * along[0] + OFF_WALL_M * normal[0]
            y = start[1] + run * along[1] + OFF_WALL_M * normal[1]
            if shop.contains(Point(x, y)):
                yaw = math.degrees(math.atan2(normal[1], normal[0]))
                found += [Mount(x, y, height_m, yaw + turn) for turn in TURNS_DEG]
    return found


def _unhindered(plan: TwinPlan, found: list[Mount]) -> list[Mount]:
    """Those that do not stick in tall furniture."""

    def free(mount: Mount) -> bool:
        return not any(
            item.height_m >= mount.height_m - 0.1
            and item.x0_m <= mount.x_m <= item.x1_m
            and item.y0_m <= mount.y_m <= item.y1_m
            for item in plan.furniture
        )

    return [mount for mount in found if free(mount)]


def _unit(start: tuple[float, float], end: tuple[float, float]) -> tuple[float, float]:
    way = np.array(end) - np.array(start)
    x, y = way / float(np.hypot(*way))
    return float(x), float(y)
