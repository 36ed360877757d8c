"""A figure over several runs: its pooled value, and an interval that says how far other runs might take it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

LEAST_RUNS = 3
"""With fewer runs a bootstrap interval would only repeat them."""
_RESAMPLES = 2000


@dataclass(frozen=True)
class Ratio:
    """One run's share of a figure that is pooled over runs as sum of numerators / sum of denominators.

    A plain mean has denominators of 1; a run that says nothing (no true crossing, for a recall) has (0, 0). Three
    crossings counted where none was true is (3, 0): undefined alone, but it weighs in the pool.
    """

    numerator: float
    denominator: float

    @property
    def value(self) -> float | None:
        """Of this run alone; None where it says nothing."""
        return self.numerator / self.denominator if self.denominator else None

    def __add__(self, other: "Ratio") -> "Ratio":
        return Ratio(self.numerator + other.numerator, self.denominator + other.denominator)

    @staticmethod
    def mean_of(value: float | None) -> "Ratio":
        """Share of a plain mean over runs."""
        return Ratio(0.0, 0.0) if value is None else Ratio(value, 1.0)


@dataclass(frozen=True)
class Estimate:
    """A figure over runs.

    Attributes:
        value: Pooled over the runs.
        runs: How many say something of it.
        interval: Ends of the percentile bootstrap interval over runs; None with fewer than `LEAST_RUNS`.
    """

    value: float
    runs: int
    interval: tuple[float, float] | None


def estimate(ratios: Sequence[Ratio], *, confidence: float = 0.95, seed: int = 0) -> Estimate | None:
    """Pools one figure over runs; None if no run says anything.

    The interval resamples whole runs with replacement (what happens within a run is not independent).
    Source: Efron & Tibshirani, *An Introduction to the Bootstrap*, 1993, chapter 13 (percentile interval).
    """
    said = [(r.numerator, r.denominator) for r in ratios if r.numerator or r.denominator]
    shares = np.array(said, dtype=np.float64).reshape(-1, 2)
    runs = len(shares)
    numerator, denominator = shares.sum(axis=0)
    if denominator == 0.0:
        return None
    value = float(numerator / denominator)
    if runs < LEAST_RUNS:
        return Estimate(value, runs, None)
    drawn = np.random.default_rng(seed).integers(0, runs, size=(_RESAMPLES, runs))
    pooled = shares[drawn].sum(axis=1)
    tail = (1.0 - confidence) / 2.0
    pooled = pooled[pooled[:, 1] > 0.0]
    low, high = np.quantile(pooled[:, 0] / pooled[:, 1], [tail, 1.0 - tail])
    return Estimate(value, runs, (float(low), float(high)))
