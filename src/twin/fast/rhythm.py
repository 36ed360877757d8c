"""Noise that goes on from picture to picture while somebody stays in view: compiled."""

import numpy as np
import numpy.typing as npt

from dongsun.twin.compiled import compiled

I64 = npt.NDArray[np.int64]
F32 = npt.NDArray[np.float32]


@compiled
def previous_rows(offsets: I64, person_ids: I64) -> I64:
    """(n,) the row of the same person in the picture before, −1 where there is none.

    Args:
        offsets: Frame k's rows are `offsets[k]` up to `offsets[k + 1]`.
        person_ids: (n,).
    """
    n = len(person_ids)
    before = np.full(n, -1, np.int64)
    if n == 0:
        return before
    lowest = person_ids.min()
    row, frame_of = np.zeros(person_ids.max() - lowest + 1, np.int64), np.full(person_ids.max() - lowest + 1, -2)
    for frame in range(len(offsets) - 1):
        for k in range(offsets[frame], offsets[frame + 1]):
            who = person_ids[k] - lowest
            if frame_of[who] == frame - 1:
                before[k] = row[who]
            row[who], frame_of[who] = k, frame
    return before


@compiled
def lasting(before: I64, drawn: F32, rate: float) -> F32:
    """Standard normal noise (n, d) whose autocorrelation over m pictures is exp(−m · `rate`) (first order).

    Args:
        before: See `previous_rows`.
        drawn: (n, d) independent standard normal; overwritten.
        rate: Over one picture; pictures divided by the time constant.
    """
    keep = np.float32(np.exp(-rate))
    fresh = np.float32(np.sqrt(1.0 - keep * keep))
    for k in range(len(before)):
        if before[k] >= 0:
            for axis in range(drawn.shape[1]):
                drawn[k, axis] = keep * drawn[before[k], axis] + fresh * drawn[k, axis]
    return drawn


@compiled
def held(before: I64, renewed: npt.NDArray[np.bool_]) -> I64:
    """(n,) the row whose draw each row goes by: its person's in the picture before, until renewed."""
    origin = np.arange(len(before))
    for k in range(len(before)):
        if before[k] >= 0 and not renewed[k]:
            origin[k] = origin[before[k]]
    return origin
