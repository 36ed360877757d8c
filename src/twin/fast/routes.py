"""Shortest ways over the walkable floor, computed once per pair of places."""

import heapq
import math
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import Polygon

Points = npt.NDArray[np.float64]
Cell = tuple[int, int]

CELL_M = 0.2
CLEARANCE_M = 0.27
SPACING_M = 0.1
ROUNDING = 5
"""Points of the moving average that rounds corners: half a metre."""
LATERAL_MARGIN_M = 0.18
_STEPS = tuple((dx, dy, CELL_M * math.hypot(dx, dy)) for dx in (-1, 0, 1) for dy in (-1, 0, 1) if (dx, dy) != (0, 0))


@dataclass(frozen=True)
class Routes:
    """Ways between places: Dijkstra over a grid of `CELL_M`, corners pulled tight where one can walk straight, rounded.

    Attributes:
        floor: Where people can walk, metres.
    """

    floor: Polygon
    _trees: dict[Cell, dict[Cell, Cell]] = field(default_factory=dict)
    _ways: dict[tuple[float, float, float, float], Points] = field(default_factory=dict)

    def way(self, start: tuple[float, float], end: tuple[float, float]) -> Points:
        """(n, 2) metres, about every `SPACING_M` from `start` to `end`, n ≥ 2."""
        key = (*start, *end)
        if key not in self._ways:
            self._ways[key] = self._rounded(self._tightened(self._corners(start, end)))
        return self._ways[key]

    def room_m(self, points: Points) -> Points:
        """(n,) how far aside of each point (n, 2) one can step, by bilinear interpolation of the grid."""
        x0, y0, free = self._origin[0], self._origin[1], self._room
        column = np.clip((points[:, 0] - x0) / CELL_M, 0, free.shape[0] - 1.001)
        row = np.clip((points[:, 1] - y0) / CELL_M, 0, free.shape[1] - 1.001)
        i, j = column.astype(np.int64), row.astype(np.int64)
        a, b = column - i, row - j
        low = free[i, j] * (1 - a) + free[i + 1, j] * a
        high = free[i, j + 1] * (1 - a) + free[i + 1, j + 1] * a
        return np.asarray(np.maximum(low * (1 - b) + high * b - LATERAL_MARGIN_M, 0.0), np.float64)

    @cached_property
    def _origin(self) -> tuple[float, float]:
        x0, y0, _, _ = self.floor.bounds
        return float(x0), float(y0)

    @cached_property
    def _room(self) -> Points:
        """Distance of each grid point to the floor's edge; 0 outside."""
        x0, y0, x1, y1 = self.floor.bounds
        x, y = np.meshgrid(np.arange(x0, x1 + CELL_M, CELL_M), np.arange(y0, y1 + CELL_M, CELL_M), indexing="ij")
        shapely.prepare(self.floor)
        inside = shapely.contains_xy(self.floor, x, y)
        return np.asarray(np.where(inside, shapely.distance(shapely.points(x, y), self.floor.boundary), 0.0))

    @cached_property
    def _free(self) -> npt.NDArray[np.bool_]:
        return np.asarray(self._room >= CLEARANCE_M, np.bool_)

    @cached_property
    def _open_floor(self) -> Polygon:
        tight = self.floor.buffer(-CLEARANCE_M + 0.02)
        shapely.prepare(tight)
        return tight

    def _corners(self, start: tuple[float, float], end: tuple[float, float]) -> Points:
        goal, cell = self._nearest_free(end), self._nearest_free(start)
        if goal not in self._trees:
            self._trees[goal] = self._tree(goal)
        tree, cells = self._trees[goal], [cell]
        while cells[-1] in tree and cells[-1] != goal:
            cells.append(tree[cells[-1]])
        return np.array([start, *(self._place(c) for c in cells[1:-1]), end], np.float64)

    def _tree(self, goal: Cell) -> dict[Cell, Cell]:
        """The next cell toward `goal` from every cell that reaches it."""
        free = self._free
        distance, after, queue = {goal: 0.0}, {goal: goal}, [(0.0, goal)]
        while queue:
            so_far, (i, j) = heapq.heappop(queue)
            if so_far > distance[(i, j)]:
                continue
            for di, dj, length in _STEPS:
                cell = (i + di, j + dj)
                if not (0 <= cell[0] < free.shape[0] and 0 <= cell[1] < free.shape[1] and free[cell]):
                    continue
                if so_far + length < distance.get(cell, math.inf) - 1e-9:
                    distance[cell], after[cell] = so_far + length, (i, j)
                    heapq.heappush(queue, (so_far + length, cell))
        return after

    def _nearest_free(self, point: tuple[float, float]) -> Cell:
        cells = np.argwhere(self._free)
        places = cells * CELL_M + np.array(self._origin)
        i, j = cells[int(np.argmin(((places - np.array(point)) ** 2).sum(axis=1)))]
        return int(i), int(j)

    def _place(self, cell: Cell) -> tuple[float, float]:
        return self._origin[0] + cell[0] * CELL_M, self._origin[1] + cell[1] * CELL_M

    def _tightened(self, corners: Points) -> Points:
        kept, at = [corners[0]], 0
        while at < len(corners) - 1:
            lines = shapely.linestrings(
                np.stack([np.broadcast_to(corners[at], corners[at + 1 :].shape), corners[at + 1 :]], axis=1)
            )
            seen = np.flatnonzero(shapely.covers(self._open_floor, lines))
            at += 1 + (int(seen[-1]) if len(seen) else 0)
            kept.append(corners[at])
        return np.array(kept)

    def _rounded(self, corners: Points) -> Points:
        along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(corners, axis=0).T))])
        count = max(2, math.ceil(along[-1] / SPACING_M) + 1)
        at = np.linspace(0.0, along[-1], count)
        points = np.column_stack([np.interp(at, along, corners[:, 0]), np.interp(at, along, corners[:, 1])])
        half = ROUNDING // 2
        if count <= ROUNDING:
            return points
        sums = np.stack([points[k : count - 2 * half + k] for k in range(ROUNDING)]).mean(axis=0)
        return np.concatenate([points[:half], sums, points[-half:]])
