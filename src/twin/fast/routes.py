"""Shortest ways over the walkable floor, computed once per pair of places."""

import math
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from shapely.geometry import Polygon

from dongsun.twin.plan.frozen import FloorPoint

Points = npt.NDArray[np.float64]

CELL_M = 0.2
CLEARANCE_M = 0.27
SPACING_M = 0.1
ROUNDING = 5
"""Points of the moving average that rounds corners: half a metre."""
LATERAL_MARGIN_M = 0.18


@dataclass(frozen=True)
class Way:
    """One way, about every `SPACING_M` a point.

    Attributes:
        points: (n, 2) metres, n ≥ 2.
        left: (n, 2) unit vectors to the left of the way.
        room_m: (n,) how far aside one can step.
        length_m: Of the way.
    """

    points: Points
    left: Points
    room_m: Points
    length_m: float


@dataclass(frozen=True)
class Routes:
    """Ways between places: Dijkstra over a grid of `CELL_M`, corners pulled tight where one can walk straight, rounded.

    Attributes:
        floor: Where people can walk, metres.
    """

    floor: Polygon
    _trees: dict[int, npt.NDArray[np.int32]] = field(default_factory=dict)
    _ways: dict[tuple[float, float, float, float], Way] = field(default_factory=dict)

    def way(self, start: FloorPoint, end: FloorPoint) -> Way:
        """The shortest way between two different places."""
        key = (*start, *end)
        if key not in self._ways:
            points = self._rounded(self._tightened(self._corners(start, end)))
            ahead = np.gradient(points, axis=0)
            ahead /= np.maximum(np.hypot(ahead[:, 0], ahead[:, 1])[:, None], 1e-9)
            length = float(np.hypot(*np.diff(points, axis=0).T).sum())
            left = np.column_stack([-ahead[:, 1], ahead[:, 0]])
            self._ways[key] = Way(points, left, self._room_at(points), length)
        return self._ways[key]

    def _room_at(self, points: Points) -> Points:
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

    def _corners(self, start: FloorPoint, end: FloorPoint) -> Points:
        goal, node = self._nearest_free(end), self._nearest_free(start)
        if goal not in self._trees:
            _, before = dijkstra(self._graph, directed=False, indices=goal, return_predecessors=True)
            self._trees[goal] = before.astype(np.int32)
        tree, nodes = self._trees[goal], [node]
        while nodes[-1] != goal and tree[nodes[-1]] >= 0:
            nodes.append(int(tree[nodes[-1]]))
        return np.concatenate([[start], self._nodes[nodes[1:-1]], [end]])

    @cached_property
    def _nodes(self) -> Points:
        """(n, 2) free grid points, metres."""
        return np.asarray(np.argwhere(self._free) * CELL_M + np.array(self._origin), np.float64)

    @cached_property
    def _graph(self) -> csr_array:
        """Lengths between neighbouring nodes, each pair once."""
        free = self._free
        number = np.full(free.shape, -1, np.int64)
        number[free] = np.arange(int(free.sum()))
        wide = np.pad(number, 1, constant_values=-1)
        tails, heads, lengths = [], [], []
        for di, dj in ((1, 0), (0, 1), (1, 1), (1, -1)):
            beside = wide[1 + di : 1 + di + free.shape[0], 1 + dj : 1 + dj + free.shape[1]]
            both = (number >= 0) & (beside >= 0)
            tails.append(number[both])
            heads.append(beside[both])
            lengths.append(np.full(int(both.sum()), CELL_M * math.hypot(di, dj)))
        ends = (np.concatenate(tails), np.concatenate(heads))
        return csr_array((np.concatenate(lengths), ends), shape=(len(self._nodes), len(self._nodes)))

    def _nearest_free(self, point: FloorPoint) -> int:
        return int(np.argmin(((self._nodes - np.array(point)) ** 2).sum(axis=1)))

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
