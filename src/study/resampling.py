"""Intervals over test persons and over seeds at once: both are a sample of what might have been."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dongsun.study.cell import PersonScores

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """A value with its 95 % interval; infinite where it can't be reached."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Draws:
    """Resamples.

    Attributes:
        seeds: int64 (r, s): which runs, as positions, with repetition.
        persons: float64 (r, p): how often each test person.
    """

    seeds: npt.NDArray[np.int64]
    persons: Floats


def whole(seeds: int, persons: int) -> Draws:
    """What was measured: every seed and every person once."""
    return Draws(np.arange(seeds)[None], np.ones((1, persons)))


def weighted_map(scores: PersonScores, persons: Floats) -> Floats:
    """Mean average precision over queries, float64 (r,), when each person counts as `persons` (r, p) says."""
    queries: Floats = persons @ np.asarray(scores.queries, dtype=np.float64)
    found: Floats = persons @ np.asarray(scores.precision_sums, dtype=np.float64)
    mean: Floats = np.divide(found, queries, out=np.full(len(persons), np.nan), where=queries > 0)
    return mean


def mean_map(runs: Sequence[PersonScores], draws: Draws) -> Floats:
    """Mean over the drawn seeds of `weighted_map`, float64 (r,); one run a seed."""
    each = np.stack([weighted_map(run, draws.persons) for run in runs], axis=1)
    return np.asarray(np.take_along_axis(each, draws.seeds, axis=1).mean(axis=1))


def interval_of(
    statistic: Callable[[Draws], Floats], *, seeds: int, persons: int, resamples: int = 1000, seed: int = 0
) -> Interval:
    """The statistic of what was measured, and its percentile interval under resampling of seeds and persons.

    The same draws serve whatever is compared, so that a difference is a paired one. With three seeds the seeds' part
    of the interval is rough; the persons' part isn't.
    """
    generator = np.random.default_rng(seed)
    drawn = Draws(
        generator.integers(0, seeds, size=(resamples, seeds)),
        generator.multinomial(persons, np.full(persons, 1.0 / persons), size=resamples).astype(np.float64),
    )
    measured = float(statistic(whole(seeds, persons))[0])
    # Values may be infinite, so quantiles are drawn values, never between two.
    low, high = np.quantile(statistic(drawn), [0.025, 0.975], method="nearest")
    return Interval(measured, float(low), float(high))


def difference_interval(first: Sequence[PersonScores], second: Sequence[PersonScores]) -> Interval:
    """mAP of `first` less mAP of `second`: one run a seed each, the same seeds and the same persons."""
    if len(first) != len(second) or not first:
        raise ValueError(f"paired runs wanted, got {len(first)} and {len(second)}")
    return interval_of(
        lambda draws: mean_map(first, draws) - mean_map(second, draws),
        seeds=len(first),
        persons=len(first[0].queries),
    )
