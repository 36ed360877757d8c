"""How far similarities have moved from those that a threshold was tuned on."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dongsun.eval.pair_similarities import PairSimilarities
from dongsun.eval.person_bootstrap import Draws, draw_persons

Counts = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Shift:
    """A two-sample comparison of binned similarities (Kolmogorov and Smirnov's distance, resampled over persons).

    Attributes:
        distance: Largest difference of the two cumulative shares at a bin's edge, in [0, 1].
        mean_change: New mean less the old, from the middles of the bins.
        p_value: Chance of such a distance if nothing had changed.
    """

    distance: float
    mean_change: float
    p_value: float


def shift_of(
    before: tuple[int, ...],
    edges: tuple[float, ...],
    similarities: npt.NDArray[np.float32],
    persons_of_pair: npt.NDArray[np.int64],
    *,
    persons: int,
    persons_before: int,
    resamples: int,
    seed: int,
) -> Shift:
    """Compares new similarities with a stored histogram.

    Under no change the distance scatters as resamples of the new persons scatter about them; the stored people add
    their own scatter, as much as their number lets them (a factor of sqrt(1 + new persons / old persons)).

    Args:
        before: The stored counts.
        edges: Of their bins, ascending.
        similarities: float32 (n,), the new ones.
        persons_of_pair: int64 (n, 2): whose they are, indices below `persons`; the same one twice for one person.
        persons: New persons.
        persons_before: Persons behind the stored counts.
        resamples: Draws of persons.
        seed: Of the draws.
    """
    bins = np.clip(np.searchsorted(edges, similarities, side="right") - 1, 0, len(before) - 1)
    old, new = (
        _shares(np.array(before, np.float64)),
        _shares(np.bincount(bins, minlength=len(before)).astype(np.float64)),
    )
    distance = float(np.abs(np.cumsum(new - old)).max())
    draws = draw_persons(persons, resamples, np.random.default_rng(seed))
    scale = np.sqrt(1.0 + persons / persons_before)
    scattered = scale * np.array(
        [np.abs(np.cumsum(each - new)).max() for each in _redrawn(draws, bins, persons_of_pair, len(before))]
    )
    middles = (np.array(edges[1:]) + np.array(edges[:-1])) / 2
    return Shift(
        distance=distance,
        mean_change=float((new - old) @ middles),
        # One more on both sides: a resampled chance is never zero (Davison & Hinkley 1997).
        p_value=float((1 + (scattered >= distance).sum()) / (1 + len(scattered))),
    )


def impostor_persons(pairs: PairSimilarities) -> npt.NDArray[np.int64]:
    """`persons_of_pair` of the different-person pairs."""
    return pairs.impostor_persons


def genuine_persons(pairs: PairSimilarities) -> npt.NDArray[np.int64]:
    """`persons_of_pair` of the same-person pairs."""
    return np.column_stack([pairs.genuine_person, pairs.genuine_person])


def _redrawn(draws: Draws, bins: npt.NDArray[np.int64], of_pair: npt.NDArray[np.int64], many: int) -> list[Counts]:
    one, other = of_pair.T
    same = one == other
    found: list[Counts] = []
    for draw in draws.astype(np.float64):
        # A person drawn twice brings its own pairs twice, and those with another one twice for each of that one.
        weight = np.where(same, draw[one], draw[one] * draw[other])
        if weight.any():
            found.append(_shares(np.bincount(bins, weights=weight, minlength=many).astype(np.float64)))
    return found


def _shares(counts: Counts) -> Counts:
    return np.asarray(counts / counts.sum())
