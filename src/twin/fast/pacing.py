"""Positions, sample by sample, of somebody who walks a way by the clock: compiled."""

import math

import numpy as np
import numpy.typing as npt

from dongsun.twin.compiled import compiled

F64 = npt.NDArray[np.float64]
SETTLING_S = 1.0
"""Stepping aside and back takes about this long."""
LEAST_STEP_M = 1e-3


@compiled
def paced(
    points: F64, left: F64, room_m: F64, clock_s: F64, ways_m: F64, begin: int, stop: int, fps: int, left_m: float,
    behind_m: float,
) -> tuple[F64, F64]:  # fmt: skip
    """Positions at the frames `begin` up to `stop` of the clock.

    Args:
        points: (n, 2) metres, the whole way.
        left: (n, 2) unit vectors to its left.
        room_m: (n,) how far aside one can step.
        clock_s: (m,) moments …
        ways_m: … and how far along the way the leader is at each.
        begin: First frame.
        stop: The frame after the last.
        fps: Frames a second.
        left_m: How far aside of the leader.
        behind_m: How far behind.
    """
    along = np.zeros(len(points))
    for k in range(1, len(points)):
        along[k] = along[k - 1] + math.hypot(points[k, 0] - points[k - 1, 0], points[k, 1] - points[k - 1, 1])
    n = stop - begin
    x, y, aside_x, aside_y = np.empty(n), np.empty(n), np.zeros(n), np.zeros(n)
    leg, moment = 0, 0
    for k in range(n):
        now = (begin + k) / fps
        while moment < len(clock_s) - 2 and clock_s[moment + 1] < now:
            moment += 1
        span = max(clock_s[moment + 1] - clock_s[moment], 1e-9)
        share = min(max((now - clock_s[moment]) / span, 0.0), 1.0)
        at = max(ways_m[moment] + share * (ways_m[moment + 1] - ways_m[moment]) - behind_m, 0.0)
        while leg < len(points) - 2 and along[leg + 1] < at:
            leg += 1
        share = min(max((at - along[leg]) / max(along[leg + 1] - along[leg], 1e-9), 0.0), 1.0)
        x[k] = points[leg, 0] + share * (points[leg + 1, 0] - points[leg, 0])
        y[k] = points[leg, 1] + share * (points[leg + 1, 1] - points[leg, 1])
        if left_m:
            one = min(abs(left_m), room_m[leg]) * (1 - share)
            other = min(abs(left_m), room_m[leg + 1]) * share
            sign = 1.0 if left_m > 0 else -1.0
            aside_x[k] = sign * (one * left[leg, 0] + other * left[leg + 1, 0])
            aside_y[k] = sign * (one * left[leg, 1] + other * left[leg + 1, 1])
    if left_m:
        _add_settled(x, aside_x, fps)
        _add_settled(y, aside_y, fps)
    return x, y


@compiled
def _add_settled(values: F64, aside: F64, fps: int) -> None:
    """Adds a moving average over `SETTLING_S`, so that turning round swaps sides at walking pace."""
    n, half = len(aside), max(1, round(SETTLING_S * fps / 2))
    total = 0.0
    for k in range(-half, half + 1):
        total += aside[min(max(k, 0), n - 1)]
    for k in range(n):
        values[k] += total / (2 * half + 1)
        total += aside[min(k + half + 1, n - 1)] - aside[max(k - half, 0)]


@compiled
def headings(x_m: F64, y_m: F64) -> F64:
    """Where somebody faces at each position, radians: where they go, or went last; 0 before the first step."""
    n = len(x_m)
    yaw, last = np.zeros(n), 0.0
    for k in range(n):
        one, other = max(k - 1, 0), min(k + 1, n - 1)
        dx, dy = (x_m[other] - x_m[one]) / (other - one), (y_m[other] - y_m[one]) / (other - one)
        if math.hypot(dx, dy) > LEAST_STEP_M:
            last = math.atan2(dy, dx)
        yaw[k] = last
    return yaw
