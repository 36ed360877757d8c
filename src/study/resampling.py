"""Intervals over test persons and over seeds at once: both are a sample of what might have been."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dongsun.study.cell import PersonScores

Weights = npt.NDArray[np.float64]
"""float64 (persons,): how often each test person was drawn."""


@dataclass(frozen=True)
class Interval:
    """A value with its 95 % interval; infinite where it can't be reached."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Draw:
    """One resample: which seeds (positions, with repetition) and how often each person."""

    seeds: tuple[int, ...]
    persons: Weights


def weighted_map(scores: PersonScores, persons: Weights) -> float:
    """Mean average precision over queries when each person counts `persons` times."""
    queries = float(np.dot(persons, scores.queries))
    return float(np.dot(persons, scores.precision_sums)) / queries if queries else float("nan")


def mean_map(runs: Sequence[PersonScores], draw: Draw) -> float:
    """Mean over the drawn seeds of `weighted_map`; one run a seed."""
    return float(np.mean([weighted_map(runs[seed], draw.persons) for seed in draw.seeds]))


def interval_of(
    statistic: Callable[[Draw], float], *, seeds: int, persons: int, resamples: int = 1000, seed: int = 0
) -> Interval:
    """The statistic of what was measured, and its percentile interval under resampling of seeds and persons.

    The same draws serve whatever is compared, so that a difference is a paired one. With three seeds the seeds' part
    of the interval is rough; the persons' part isn't.
    """
    generator = np.random.default_rng(seed)
    values = []
    for _ in range(resamples):
        chosen = tuple(int(k) for k in generator.integers(0, seeds, size=seeds))
        drawn = generator.multinomial(persons, np.full(persons, 1.0 / persons)).astype(np.float64)
        values.append(statistic(Draw(chosen, drawn)))
    measured = statistic(Draw(tuple(range(seeds)), np.ones(persons)))
    # Values may be infinite, so quantiles are drawn values, never between two.
    low, high = np.quantile(np.array(values), [0.025, 0.975], method="nearest")
    return Interval(measured, float(low), float(high))


def difference_interval(first: Sequence[PersonScores], second: Sequence[PersonScores]) -> Interval:
    """mAP of `first` less mAP of `second`: one run a seed each, the same seeds and the same persons."""
    if len(first) != len(second) or not first:
        raise ValueError(f"paired runs wanted, got {len(first)} and {len(second)}")
    return interval_of(
        lambda draw: mean_map(first, draw) - mean_map(second, draw),
        seeds=len(first),
        persons=len(first[0].queries),
    )
