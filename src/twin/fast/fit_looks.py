"""Fits the modelled looks to a real re-ID model's similarities."""

import itertools
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dongsun.twin.fast.looks import ModelledLooks

F64 = npt.NDArray[np.float64]
LAG_EDGES_S = (0.05, 0.4, 1.0, 2.0, 4.0, 8.0, 20.0)
LONG_S = 20.0
VIEWS_S = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0)


@dataclass(frozen=True)
class TakenLooks:
    """Embeddings of people whose names are known.

    Attributes:
        embeddings: (n, d), rows of length one.
        person_ids: int64 (n,).
        camera_numbers: int64 (n,).
        times_s: float64 (n,), on one clock.
    """

    embeddings: npt.NDArray[np.float32]
    person_ids: npt.NDArray[np.int64]
    camera_numbers: npt.NDArray[np.int64]
    times_s: F64


def fit_looks(taken: TakenLooks, seed: int = 1) -> ModelledLooks:
    """Looks with the real ones' mean similarities, their scatter between people, and their drift in time."""
    similar = (taken.embeddings @ taken.embeddings.T).astype(np.float64)
    above = np.triu(np.ones(similar.shape, np.bool_), 1)
    same = (taken.person_ids[:, None] == taken.person_ids) & above
    other = (taken.person_ids[:, None] != taken.person_ids) & above
    one_camera = taken.camera_numbers[:, None] == taken.camera_numbers
    lag_s = np.abs(taken.times_s[:, None] - taken.times_s)
    apart = float(similar[same & (~one_camera | (lag_s > LONG_S))].mean())
    means, lags = [], []
    for low, high in itertools.pairwise(LAG_EDGES_S):
        near = same & one_camera & (lag_s > low) & (lag_s <= high)
        if near.any():
            means.append(float(similar[near].mean()) - apart)
            lags.append(float(np.median(lag_s[near])))
    drift = np.array(means)
    best = (math.inf, 0.0, VIEWS_S[0])
    for view_s in VIEWS_S:
        basis = np.array([alike_after(lag / view_s) for lag in lags])
        share = float(basis @ drift / (basis @ basis))
        best = min(best, (float(((share * basis - drift) ** 2).sum()), share, view_s))
    between = max(float(similar[other].mean()), 0.0)
    return ModelledLooks(
        seed,
        same_moment_mean=round(min(apart + best[1], 1.0), 2),
        same_person_mean=round(apart, 2),
        uniform_mean=round(max(between, min(0.4, apart)), 2),
        other_person_mean=round(between, 2),
        view_s=best[2],
        dimensions=round(1.0 / float(similar[other].var())),
    )


def alike_after(share: float) -> float:
    """Mean similarity of two views of `ModelledLooks`, `share` of a `view_s` apart, over all phases."""
    phases = (np.arange(400) + 0.5) / 400
    total = 0.0
    for phase in phases:
        whole, rest = divmod(phase + share, 1.0)
        one = (math.cos(phase * math.pi / 2), math.sin(phase * math.pi / 2))
        other = (math.cos(rest * math.pi / 2), math.sin(rest * math.pi / 2))
        if whole == 0:
            total += one[0] * other[0] + one[1] * other[1]
        elif whole == 1:
            total += one[1] * other[0]
    return total / len(phases)
