"""When a path really changes sides: the rule that lines and doors share."""

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]
CONFIRMED_M = 0.15
"""How far beyond a line somebody must come before the crossing counts: whoever turns back on it has not crossed."""


def net_passages(depth_m: F64) -> list[tuple[int, bool]]:
    """Changes from one confirmed side to the other (`CONFIRMED_M` off the border), in order.

    Args:
        depth_m: (n,) signed distance from the border along a path, positive inside.

    Returns:
        (index of the first sample beyond the border, whether inward) of each. The last change of side before the
        confirmation is the passage, so jitter on the border counts once.
    """
    inner = depth_m > 0
    confirmed = np.flatnonzero(np.abs(depth_m) >= CONFIRMED_M)
    turns = confirmed[1:][inner[confirmed[1:]] != inner[confirmed[:-1]]]
    changes = np.flatnonzero(inner[1:] != inner[:-1]) + 1
    at = changes[np.searchsorted(changes, turns, side="right") - 1] if len(turns) else turns
    return [(int(k), bool(inner[k])) for k in at]


def confirmed_side(depth_m: F64) -> npt.NDArray[np.bool_]:
    """(n,) whether the person counts as inside: changes exactly at `net_passages`.

    The first sample has the side of the first confirmed one (its own where none is).
    """
    if not len(depth_m):
        return np.zeros(0, bool)
    confirmed = np.flatnonzero(np.abs(depth_m) >= CONFIRMED_M)
    begins = bool(depth_m[confirmed[0]] > 0) if len(confirmed) else bool(depth_m[0] > 0)
    flips = np.zeros(len(depth_m), np.int64)
    flips[[k for k, _ in net_passages(depth_m)]] = 1
    return np.asarray((np.cumsum(flips) % 2 == 1) ^ begins, bool)


def spans(flags: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """[first, end) of every run of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
