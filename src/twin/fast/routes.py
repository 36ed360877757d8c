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

from dongsun.twin.fast.smoothing import CELL_M, nearest, node_chain, smooth_way
from dongsun.twin.plan.frozen import FloorPoint

Points = npt.NDArray[np.float64]

CLEARANCE_M = 0.27


@dataclass(frozen=True)
class Way:
    """One way, a point about every 0.1 m.

    Attributes:
        points: (n, 2) metres, n ≥ 2, evenly spaced but for the rounding of corners.
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
    _near: dict[FloorPoint, int] = field(default_factory=dict)

    def way(self, start: FloorPoint, end: FloorPoint) -> Way:
        """The shortest way between two different places."""
        key = (*start, *end)
        if key not in self._ways:
            self._ways[key] = self._found(start, end)
        return self._ways[key]

    def _found(self, start: FloorPoint, end: FloorPoint) -> Way:
        """By the tree of either place: the way there is the way back."""
        node, goal = self._nearest_free(start), self._nearest_free(end)
        back = goal not in self._trees and node in self._trees
        chain = node_chain(self._tree(node if back else goal), goal if back else node)
        corners = self._nodes[chain[::-1] if back else chain]
        corners[0], corners[-1] = start, end
        points, left, room, length = smooth_way(corners, self._room, np.array(self._origin))
        return Way(points, left, room, length)

    def _tree(self, goal: int) -> npt.NDArray[np.int32]:
        """For every node, the next on the way to `goal`."""
        if goal not in self._trees:
            _, before = dijkstra(self._graph, indices=goal, return_predecessors=True)
            self._trees[goal] = before.astype(np.int32)
        return self._trees[goal]

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
    def _nodes(self) -> Points:
        """(n, 2) free grid points, metres."""
        return np.asarray(np.argwhere(self._free) * CELL_M + np.array(self._origin), np.float64)

    @cached_property
    def _graph(self) -> csr_array:
        """Lengths between neighbouring nodes, both ways."""
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
        one, other, metres = np.concatenate(tails), np.concatenate(heads), np.concatenate(lengths)
        ends = (np.concatenate([one, other]), np.concatenate([other, one]))
        return csr_array((np.concatenate([metres, metres]), ends), shape=(len(self._nodes), len(self._nodes)))

    def _nearest_free(self, point: FloorPoint) -> int:
        if point not in self._near:
            self._near[point] = nearest(self._nodes, point[0], point[1])
        return self._near[point]
