"""What stands between a camera and a person: furniture, inner walls and the shop's outer walls."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from shapely.geometry import LineString

from dongsun.twin.plan.twin_plan import TwinPlan

Points = npt.NDArray[np.float64]
OUTER_WALL_M = 0.04
"""Thickness given to the outer walls: enough to stop a ray, too little to swallow a camera that hangs on them."""
_DOOR_REACH_M = 0.05
_TOUCH = 1e-6


@dataclass(frozen=True)
class Block:
    """An upright box on the floor: `axis` is the unit vector of its first side, `half_m` half its two sides."""

    centre_m: tuple[float, float]
    axis: tuple[float, float]
    half_m: tuple[float, float]
    height_m: float


@dataclass(frozen=True)
class Obstacles:
    """Everything in the shop that light does not pass."""

    blocks: tuple[Block, ...]

    @classmethod
    def of(cls, plan: TwinPlan) -> "Obstacles":
        """Furniture, inner walls, and the outer walls less their doors."""
        blocks = [
            Block(
                ((item.x0_m + item.x1_m) / 2, (item.y0_m + item.y1_m) / 2),
                (1.0, 0.0),
                ((item.x1_m - item.x0_m) / 2, (item.y1_m - item.y0_m) / 2),
                item.height_m,
            )
            for item in plan.furniture
        ]
        for wall in plan.walls:
            blocks.append(_slab(wall.start, wall.end, wall.thickness_m, wall.height_m or plan.height_m))
        doors = [LineString([door.start, door.end]).buffer(_DOOR_REACH_M) for door in plan.doors.values()]
        for start, end in zip(plan.floor, plan.floor[1:] + plan.floor[:1], strict=True):
            edge = LineString([start, end])
            for door in doors:
                edge = edge.difference(door)
            for piece in getattr(edge, "geoms", [edge]):
                if piece.length > _DOOR_REACH_M:
                    ends = list(piece.coords)
                    blocks.append(_slab(ends[0], ends[-1], OUTER_WALL_M, plan.height_m))
        return cls(tuple(blocks))

    def clear(self, eye_m: tuple[float, float, float], targets_m: Points) -> npt.NDArray[np.bool_]:
        """Whether each target (n, 3) can be seen from `eye_m`, by the slab test of every ray with every block.

        A block in which the eye itself is (a camera built into a wall) does not hide anything from it.
        """
        eye, targets = np.array(eye_m, np.float64), np.asarray(targets_m, np.float64)
        clear = np.ones(len(targets), np.bool_)
        ways = targets - eye
        for block in self.blocks:
            clear &= ~_crosses(block, eye, ways)
        return clear


def _slab(start: tuple[float, float], end: tuple[float, float], thickness_m: float, height_m: float) -> Block:
    length = math.dist(start, end)
    return Block(
        ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2),
        ((end[0] - start[0]) / length, (end[1] - start[1]) / length),
        (length / 2, thickness_m / 2),
        height_m,
    )


def _crosses(block: Block, eye: Points, ways: Points) -> npt.NDArray[np.bool_]:
    """Whether the rays eye + t·ways, 0 < t < 1, pass through the block."""
    ux, uy = block.axis
    turn = np.array([[ux, uy, 0.0], [-uy, ux, 0.0], [0.0, 0.0, 1.0]])
    low = np.array([-block.half_m[0], -block.half_m[1], 0.0])
    high = np.array([block.half_m[0], block.half_m[1], block.height_m])
    origin = turn @ (eye - np.array([*block.centre_m, 0.0]))
    if bool(((origin > low) & (origin < high)).all()):
        return np.zeros(len(ways), np.bool_)
    local = ways @ turn.T
    local[np.abs(local) < 1e-12] = 1e-12
    a, b = (low - origin) / local, (high - origin) / local
    enters, leaves = np.minimum(a, b).max(axis=1), np.maximum(a, b).min(axis=1)
    return np.asarray((enters < leaves - _TOUCH) & (leaves > _TOUCH) & (enters < 1 - _TOUCH), np.bool_)
