"""Scores read off a table, between its points: compiled."""

import math

import numpy as np
import numpy.typing as npt

from dongsun.twin.compiled import compiled

F32 = npt.NDArray[np.float32]
F64 = npt.NDArray[np.float64]


@compiled
def scores_of(shows: F32, luck: F32, size_px: F32, knots: F64, table: F64, levels: F64, by_size: F64) -> F64:
    """(n,) scores, 0…1.

    Args:
        shows: (n,) visible shares.
        luck: (n,) standard normal.
        size_px: (n,) sizes.
        knots: (k,) visible shares of the table's rows.
        table: (k, m) log odds.
        levels: (m,) lucks of the table's columns.
        by_size: (j, 2) sizes, and what is added to the log odds.
    """
    scores = np.empty(len(shows))
    for n in range(len(shows)):
        row, down = _place(knots, shows[n])
        column, across = _place(levels, luck[n])
        at, on = _place(by_size[:, 0], size_px[n])
        low = table[row, column] * (1 - down) + table[min(row + 1, len(knots) - 1), column] * down
        right = min(column + 1, len(levels) - 1)
        high = table[row, right] * (1 - down) + table[min(row + 1, len(knots) - 1), right] * down
        odds = low * (1 - across) + high * across
        odds += by_size[at, 1] * (1 - on) + by_size[min(at + 1, len(by_size) - 1), 1] * on
        scores[n] = 1.0 / (1.0 + math.exp(-odds))
    return scores


@compiled
def _place(points: F64, value: float) -> tuple[int, float]:
    """The point before a value, and the share of the way to the next; ends hold beyond them."""
    last = len(points) - 1
    if last == 0 or value <= points[0]:
        return 0, 0.0
    k = 0
    while k < last - 1 and points[k + 1] < value:
        k += 1
    return k, min((value - points[k]) / (points[k + 1] - points[k]), 1.0)
