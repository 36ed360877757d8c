"""From a chain of grid points to a way that people walk: corners pulled tight, then rounded."""

import math

import numpy as np
import numpy.typing as npt

from dongsun.twin.compiled import compiled

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]

CELL_M = 0.2
"""Of the grid of free room."""
SPACING_M = 0.1
ROUNDING = 5
"""Points of the moving average that rounds corners: half a metre."""
STRAIGHT_CLEARANCE_M = 0.25
PROBE_M = 0.05
LATERAL_MARGIN_M = 0.18


@compiled
def nearest(nodes: F64, x_m: float, y_m: float) -> int:
    """The row of `nodes` (n, 2) nearest to a place."""
    best, least = 0, 1e300
    for k in range(len(nodes)):
        off = (nodes[k, 0] - x_m) ** 2 + (nodes[k, 1] - y_m) ** 2
        if off < least:
            best, least = k, off
    return best


@compiled
def node_chain(before: npt.NDArray[np.int32], node: int) -> I64:
    """(n,), n ≥ 2: from a node along its tree to the root; two places at one node give it twice."""
    length, at = 1, node
    while before[at] >= 0:
        at = before[at]
        length += 1
    chain = np.full(max(length, 2), node, np.int64)
    for k in range(1, length):
        chain[k] = before[chain[k - 1]]
    return chain


@compiled
def smooth_way(corners: F64, room: F64, origin: F64) -> tuple[F64, F64, F64, float]:
    """The way along corners (m, 2), straightened where one can walk straight.

    Args:
        corners: In metres.
        room: Distance to the floor's edge at each point of a grid of `CELL_M`.
        origin: (2,) the grid's first point.

    Returns:
        As in `Way`: points (n, 2), unit vectors to the left (n, 2), room to step aside (n,), length.
    """
    points = _rounded(_tightened(corners, room, origin))
    n = len(points)
    left, aside = np.empty((n, 2)), np.empty(n)
    length = 0.0
    for k in range(n):
        one, other = points[max(k - 1, 0)], points[min(k + 1, n - 1)]
        dx, dy = other[0] - one[0], other[1] - one[1]
        far = max(math.hypot(dx, dy), 1e-9)
        left[k, 0], left[k, 1] = -dy / far, dx / far
        aside[k] = max(room_at(points[k, 0], points[k, 1], room, origin) - LATERAL_MARGIN_M, 0.0)
        if k:
            length += math.hypot(points[k, 0] - points[k - 1, 0], points[k, 1] - points[k - 1, 1])
    return points, left, aside, length


@compiled
def room_at(x_m: float, y_m: float, room: F64, origin: F64) -> float:
    """Distance to the floor's edge, by bilinear interpolation of the grid."""
    a = min(max((x_m - origin[0]) / CELL_M, 0.0), room.shape[0] - 1.001)
    b = min(max((y_m - origin[1]) / CELL_M, 0.0), room.shape[1] - 1.001)
    i, j = int(a), int(b)
    a, b = a - i, b - j
    low = room[i, j] * (1 - a) + room[i + 1, j] * a
    high = room[i, j + 1] * (1 - a) + room[i + 1, j + 1] * a
    return float(low * (1 - b) + high * b)


@compiled
def _tightened(corners: F64, room: F64, origin: F64) -> F64:
    """The corners that remain when each is followed by the last one that can be walked to straight."""
    kept, count, at = np.empty_like(corners), 1, 0
    kept[0] = corners[0]
    while at < len(corners) - 1:
        goal = len(corners) - 1
        while goal > at + 1 and not _straight(corners[at], corners[goal], room, origin):
            goal -= 1
        at = goal
        kept[count] = corners[at]
        count += 1
    return kept[:count]


@compiled
def _straight(one: F64, other: F64, room: F64, origin: F64) -> bool:
    dx, dy = other[0] - one[0], other[1] - one[1]
    probes = int(math.hypot(dx, dy) / PROBE_M) + 1
    for k in range(probes + 1):
        share = k / probes
        if room_at(one[0] + share * dx, one[1] + share * dy, room, origin) < STRAIGHT_CLEARANCE_M:
            return False
    return True


@compiled
def _rounded(corners: F64) -> F64:
    """Evenly spaced points along the corners, averaged over their neighbours but at the ends."""
    along = np.zeros(len(corners))
    for k in range(1, len(corners)):
        step = math.hypot(corners[k, 0] - corners[k - 1, 0], corners[k, 1] - corners[k - 1, 1])
        along[k] = along[k - 1] + step
    count = max(2, math.ceil(along[-1] / SPACING_M) + 1)
    even, leg = np.empty((count, 2)), 0
    for k in range(count):
        at = along[-1] * k / (count - 1)
        while leg < len(corners) - 2 and along[leg + 1] < at:
            leg += 1
        share = min(max((at - along[leg]) / max(along[leg + 1] - along[leg], 1e-9), 0.0), 1.0)
        even[k] = corners[leg] + share * (corners[leg + 1] - corners[leg])
    if count <= ROUNDING:
        return even
    points, half = even.copy(), ROUNDING // 2
    for k in range(half, count - half):
        points[k, 0] = even[k - half : k + half + 1, 0].mean()
        points[k, 1] = even[k - half : k + half + 1, 1].mean()
    return points
