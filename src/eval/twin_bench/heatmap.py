"""Where on the floor people spend their time: tracks' foot points against true positions, on one grid."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dongsun.contract.geometry import Points

CELL_M = 0.5
Grid = npt.NDArray[np.float64]
"""float64 (rows along y, columns along x)."""


@dataclass(frozen=True)
class FloorGrid:
    """Square cells over a shop's bounding box.

    Attributes:
        bounds_m: x0, y0, x1, y1.
        cell_m: Side of a cell.
    """

    bounds_m: tuple[float, float, float, float]
    cell_m: float = CELL_M

    @property
    def shape(self) -> tuple[int, int]:
        """Rows along y, columns along x."""
        x0, y0, x1, y1 = self.bounds_m
        return int(np.ceil((y1 - y0) / self.cell_m - 1e-9)), int(np.ceil((x1 - x0) / self.cell_m - 1e-9))

    def centres(self) -> Points:
        """(rows * columns, 2) centres, row by row."""
        rows, columns = self.shape
        x = self.bounds_m[0] + (np.arange(columns) + 0.5) * self.cell_m
        y = self.bounds_m[1] + (np.arange(rows) + 0.5) * self.cell_m
        across, along = np.meshgrid(x, y)
        return np.column_stack([across.ravel(), along.ravel()])

    def seconds(self, floor_m: Points, seconds_each: float) -> Grid:
        """Time in each cell of points (n, 2) that stand for `seconds_each`; those off the grid or NaN are left out."""
        rows, columns = self.shape
        points = floor_m[np.isfinite(floor_m).all(axis=1)]
        column = np.floor((points[:, 0] - self.bounds_m[0]) / self.cell_m).astype(np.int64)
        row = np.floor((points[:, 1] - self.bounds_m[1]) / self.cell_m).astype(np.int64)
        on = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
        grid = np.zeros((rows, columns))
        np.add.at(grid, (row[on], column[on]), seconds_each)
        return grid

    def covered(self, sees: Callable[[Points], npt.NDArray[np.bool_]]) -> npt.NDArray[np.bool_]:
        """Cells whose centre on the floor the camera has in its picture, whatever stands before it."""
        return sees(self.centres()).reshape(self.shape)


def heatmap_correlation(one: Grid, other: Grid, covered: npt.NDArray[np.bool_]) -> float | None:
    """Pearson's correlation over the covered cells; None where a map is flat."""
    a, b = one[covered], other[covered]
    if len(a) < 2 or a.std() == 0.0 or b.std() == 0.0:
        return None
    return float(np.corrcoef(a, b)[0, 1])


def foot_points(boxes_xyxy_px: npt.NDArray[np.float32]) -> Points:
    """(n, 2) bottom centres of boxes (n, 4), in pixels."""
    boxes = np.asarray(boxes_xyxy_px, dtype=np.float64).reshape(-1, 4)
    return np.column_stack([(boxes[:, 0] + boxes[:, 2]) / 2.0, boxes[:, 3]])


def stacked(boxes: Sequence[npt.NDArray[np.float32]]) -> npt.NDArray[np.float32]:
    """All boxes of all frames, (n, 4)."""
    return np.concatenate([*boxes, np.zeros((0, 4), np.float32)])
