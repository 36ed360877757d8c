"""Where visitors spend their time, hour by hour."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from dongsun.twin.crowd.trajectories import Trajectories
from dongsun.twin.plan.twin_plan import TwinPlan

CELL_M = 0.25


@dataclass(frozen=True)
class Heatmap:
    """Visitor seconds in square cells of the floor.

    Attributes:
        x0_m: Left border of the first column.
        y0_m: Near border of the first row.
        seconds: Local hour of the day → (rows, columns) seconds.
    """

    x0_m: float
    y0_m: float
    seconds: dict[int, npt.NDArray[np.float64]]

    def cells(self) -> list[tuple[int, float, float, float]]:
        """(hour, x and y of the cell's middle, seconds) of every cell where somebody was."""
        found = []
        for hour, grid in self.seconds.items():
            for row, column in np.argwhere(grid > 0).tolist():
                x, y = self.x0_m + (column + 0.5) * CELL_M, self.y0_m + (row + 0.5) * CELL_M
                found.append((hour, x, y, float(grid[row, column])))
        return found


def heatmap(trajectories: Trajectories, plan: TwinPlan, starts_at: str) -> Heatmap:
    """Adds up the visitors' positions inside the outer walls.

    Args:
        trajectories: Where everybody is.
        plan: The shop.
        starts_at: Local time, HH:MM, of the first frame.
    """
    x0, y0, x1, y1 = plan.bounds_m
    rows, columns = max(1, int(np.ceil((y1 - y0) / CELL_M))), max(1, int(np.ceil((x1 - x0) / CELL_M)))
    floor = plan.floor_polygon
    shapely.prepare(floor)
    start_s = 3600 * int(starts_at[:2]) + 60 * int(starts_at[3:])
    counts: dict[int, npt.NDArray[np.int64]] = {}
    for walk in trajectories.walks:
        if trajectories.members[walk.person_id].role == "staff":
            continue
        inside = shapely.contains_xy(floor, walk.x_m, walk.y_m)
        column = np.minimum(((walk.x_m[inside] - x0) / CELL_M).astype(np.int64), columns - 1)
        row = np.minimum(((walk.y_m[inside] - y0) / CELL_M).astype(np.int64), rows - 1)
        seconds = (walk.first_frame + np.flatnonzero(inside)) // trajectories.fps + start_s
        hours = seconds // 3600 % 24
        for hour in np.unique(hours).tolist():
            here = np.bincount((row * columns + column)[hours == hour], minlength=rows * columns)
            counts[hour] = counts.get(hour, np.zeros(rows * columns, np.int64)) + here
    grids = {h: counts[h].reshape(rows, columns) / trajectories.fps for h in sorted(counts)}
    return Heatmap(x0, y0, grids)
