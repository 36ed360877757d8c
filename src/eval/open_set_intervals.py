"""How sure open-set figures are: resampling halves of the people.

A bootstrap with replacement would put copies of a person into one gallery and so make every gallery smaller than it
says. Halves drawn without replacement hold different people only, and half of the people scatter about all of them just
as all scatter about the truth (McCarthy's half samples, 1969; Politis and Romano's subsampling with n/2 of n). So a
gallery of N needs 2 (N + 1) people.
"""

import numpy as np
import numpy.typing as npt

from dongsun.eval.open_set_rates import RankedScores, chance_of_none, lowest_similarity_at
from dongsun.eval.open_set_scores import OpenSetScores
from dongsun.eval.person_bootstrap import RULE_OF_THREE, Interval, percentile_interval

_FLOOR_TARGETS = 4.0
"""Half of the people rarely need a threshold where all of them are matched four times as often as asked for."""
Halves = npt.NDArray[np.bool_]
"""bool (resamples, persons): who is in the half."""


def draw_halves(persons: int, resamples: int, seed: int) -> Halves:
    """Random halves of the people (the smaller half of an odd number)."""
    generator = np.random.default_rng(seed)
    return np.asarray(generator.random((resamples, persons)).argsort(axis=1) < persons // 2)


def threshold_interval(
    scores: OpenSetScores, target: float, gallery_size: int, *, resamples: int, seed: int
) -> Interval:
    """The 95 % interval of `lowest_similarity_at`."""
    floor = lowest_similarity_at(scores, min(_FLOOR_TARGETS * target, 0.999), gallery_size)
    ranked, whole = RankedScores(scores, gallery_size, floor), None
    found: list[float] = []
    for half in draw_halves(scores.persons, resamples, seed):
        similarity = ranked.lowest_similarity(target, half)
        if similarity == floor:
            whole = whole or RankedScores(scores, gallery_size)
            similarity = whole.lowest_similarity(target, half)
        found.append(min(similarity, 1.0))
    return percentile_interval(np.array(found))


def false_positive_interval(
    scores: OpenSetScores, similarity: float, gallery_size: int, *, resamples: int, seed: int
) -> Interval:
    """The 95 % interval of `false_positive_identification_rate`.

    Where nobody is falsely matched, its upper limit is the rule of three over the persons.
    """
    alike = (scores.others >= np.float32(similarity)).astype(np.float32)
    if not alike.any():
        return Interval(0.0, min(1.0, RULE_OF_THREE / scores.persons))
    halves = draw_halves(scores.persons, resamples, seed)
    none = chance_of_none(scores.persons // 2 - 1, gallery_size)
    weights = scores.weights
    rates = np.empty(resamples)
    for resample, half in enumerate(halves):
        rows = half[scores.person]
        counts = (alike[rows] @ half.astype(np.float32)).astype(np.int64)
        rates[resample] = np.average(1.0 - none[counts], weights=weights[rows])
    return percentile_interval(rates)
