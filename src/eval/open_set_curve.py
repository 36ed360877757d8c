"""Misses and false identifications as a gallery grows."""

from dataclasses import dataclass

import numpy as np

from dongsun.contract.bundle import IdentificationRates
from dongsun.eval.open_set_rates import false_positive_identification_rate, lowest_similarity_at, miss_rate
from dongsun.eval.open_set_scores import OpenSetScores

_POINTS = 24


@dataclass(frozen=True)
class GalleryCurve:
    """Rates at measured gallery sizes, from 1 to the largest measured.

    Attributes:
        similarity: The threshold.
        rates: Its figures at the store's size.
        sizes: Visitors in the gallery, ascending.
        false_positive_rates: People not in it who are matched at the threshold.
        miss_rates: People in it who are missed at the threshold.
        tuned_miss_rates: The same with the threshold tuned for that very size; empty without a target rate.
    """

    similarity: float
    rates: IdentificationRates
    sizes: tuple[int, ...]
    false_positive_rates: tuple[float, ...]
    miss_rates: tuple[float, ...]
    tuned_miss_rates: tuple[float, ...]


def gallery_curve(scores: OpenSetScores, similarity: float, rates: IdentificationRates) -> GalleryCurve:
    """Measures the curve, on about evenly spaced logarithms of size.

    Raises:
        ValueError: Nobody among the people was seen twice.
    """
    sizes = tuple(np.unique(np.geomspace(1, rates.measured_gallery_size, _POINTS).round().astype(int)).tolist())
    target = rates.target_false_positive_rate
    tuned = [] if target is None else [lowest_similarity_at(scores, target, size) for size in sizes]
    return GalleryCurve(
        similarity=similarity,
        rates=rates,
        sizes=sizes,
        false_positive_rates=tuple(false_positive_identification_rate(scores, similarity, size) for size in sizes),
        miss_rates=tuple(_missed(scores, similarity, size) for size in sizes),
        tuned_miss_rates=tuple(
            _missed(scores, own, size) for own, size in zip(tuned, sizes[: len(tuned)], strict=True)
        ),
    )


def _missed(scores: OpenSetScores, similarity: float, size: int) -> float:
    missed = miss_rate(scores, similarity, size)
    if missed is None:
        raise ValueError("nobody was seen twice: there are no rates to draw")
    return missed
