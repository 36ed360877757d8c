"""Intervals from resampling persons, not pictures or pairs: one person's hundred pictures are one piece of evidence."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dongsun.eval.pair_similarities import PairSimilarities

_LEVEL = (0.025, 0.975)
RULE_OF_THREE = 3.0
"""Where nothing was seen in n trials, 3 / n is the upper 95 % limit of the rate (Hanley & Lippman-Hand 1983)."""
Draws = npt.NDArray[np.int64]
"""int64 (resamples, persons): how often each person was drawn."""


@dataclass(frozen=True)
class Interval:
    """A 95 % interval, both ends included."""

    low: float
    high: float

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


def draw_persons(persons: int, resamples: int, generator: np.random.Generator, *, least_distinct: int = 2) -> Draws:
    """How often each person is drawn in each resample: as many draws as persons, with replacement.

    A resample of fewer than `least_distinct` different persons is drawn again: it holds nothing to measure.

    Raises:
        ValueError: There are fewer than `least_distinct` persons.
    """
    if persons < least_distinct:
        raise ValueError(f"{persons} persons can't be resampled to {least_distinct} different ones")
    draws = generator.multinomial(persons, np.full(persons, 1.0 / persons), size=resamples)
    while (poor := np.flatnonzero((draws > 0).sum(axis=1) < least_distinct)).size:
        draws[poor] = generator.multinomial(persons, np.full(persons, 1.0 / persons), size=poor.size)
    return np.asarray(draws, dtype=np.int64)


def percentile_interval(values: npt.NDArray[np.float64]) -> Interval:
    """The middle 95 % of resampled values."""
    low, high = np.quantile(values, _LEVEL)
    return Interval(float(low), float(high))


def false_match_rate_interval(
    pairs: PairSimilarities, similarity: float, *, resamples: int = 1000, seed: int = 0
) -> Interval:
    """The 95 % interval of the share of different-person pairs at or above `similarity`.

    A percentile bootstrap over persons: a pair of persons a, b weighs (times a was drawn) * (times b was drawn), as in
    the subsets bootstrap of Bolle, Ratha and Pankanti (*Error analysis of pattern recognition systems*, CVIU 2004).
    Where no pair matches, resampling would say "0 to 0"; the upper limit then is the rule of three over the pairs of
    persons that were compared.

    Raises:
        ValueError: Fewer than two persons.
    """
    people = len(pairs.persons)
    one, other = pairs.impostor_persons.T
    compared, matched = np.zeros((people, people)), np.zeros((people, people))
    np.add.at(compared, (one, other), 1.0)
    np.add.at(matched, (one, other), pairs.impostor >= np.float32(similarity))
    if not matched.any():
        return Interval(0.0, min(1.0, RULE_OF_THREE / np.count_nonzero(compared)))
    draws = draw_persons(people, resamples, np.random.default_rng(seed)).astype(np.float64)
    weights = np.einsum("rp,rp->r", draws @ compared, draws)
    matches = np.einsum("rp,rp->r", draws @ matched, draws)
    # Two persons who were never compared (other cameras) may be all that a resample holds: it measures nothing.
    return percentile_interval(matches[weights > 0] / weights[weights > 0])


def true_match_rate_interval(
    pairs: PairSimilarities, similarity: float, *, resamples: int = 1000, seed: int = 0
) -> Interval:
    """The 95 % interval of the share of same-person pairs at or above `similarity`, by the same bootstrap.

    Raises:
        ValueError: Fewer than two persons.
    """
    people = len(pairs.persons)
    compared = np.bincount(pairs.genuine_person, minlength=people).astype(np.float64)
    matched = np.bincount(
        pairs.genuine_person, weights=pairs.genuine >= np.float32(similarity), minlength=people
    ).astype(np.float64)
    draws = draw_persons(people, resamples, np.random.default_rng(seed)).astype(np.float64)
    weights, matches = draws @ compared, draws @ matched
    return percentile_interval(matches[weights > 0] / weights[weights > 0])
