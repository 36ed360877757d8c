"""The similarity at which a station says "the same person", from a target rate of false matches."""

import numpy as np
import numpy.typing as npt

from dongsun.contract.bundle import SimilarityHistogram, SimilarityThreshold
from dongsun.contract.errors import DongsunError
from dongsun.eval.pair_similarities import PairSimilarities
from dongsun.eval.person_bootstrap import (
    Interval,
    false_match_rate_interval,
    percentile_interval,
    true_match_rate_interval,
)

EXPECTED_FALSE_MATCHES = 10
"""The rule of ten: a rate p needs about 10/p impostor pairs before its estimate means anything."""
LEAST_AREA_UNDER_ROC = 0.6
_BINS = 50
Similarities = npt.NDArray[np.float32]


def lowest_similarity(impostor: Similarities, target_false_match_rate: float) -> float:
    """The lowest similarity t whose empirical false-match rate does not exceed the target.

    A pair matches when its similarity is >= t, so the rate is #(impostor >= t) / n. With k = floor(target * n)
    matches allowed, t is the least float32 above the (k+1)-th largest impostor similarity: no interpolation, and
    impostors tied at that value are all refused. Every lower t would break the target.
    """
    descending = -np.sort(-impostor)
    allowed = _allowed(target_false_match_rate, len(impostor))
    return float(np.nextafter(descending[allowed], np.float32(np.inf)))


def _allowed(target: float, pairs: int) -> int:
    # 0.01 * 300 is 3.0000000000000004 and 0.07 * 100 is 7.000000000000001, but 0.29 * 100 is 28.999999999999996.
    return int(np.floor(target * pairs + 1e-9))


def rate_at_or_above(similarities: Similarities, threshold: float) -> float:
    """Share of `similarities` that match at `threshold`."""
    return float(np.mean(similarities >= np.float32(threshold)))


def area_under_roc(genuine: Similarities, impostor: Similarities) -> float:
    """Chance that a same-person pair is more alike than a different-person pair, ties counted half (Mann-Whitney)."""
    ascending = np.sort(impostor)
    below = np.searchsorted(ascending, genuine, side="left")
    not_above = np.searchsorted(ascending, genuine, side="right")
    return float((below + not_above).sum() / (2.0 * len(genuine) * len(impostor)))


def tune_threshold(
    pairs: PairSimilarities,
    target_false_match_rate: float = 0.01,
    bootstrap: int = 1000,
    seed: int = 0,
    min_persons: int = 4,
) -> SimilarityThreshold:
    """Finds the threshold for a target false-match rate, with its evidence.

    The 95 % interval is a percentile bootstrap over PERSONS: each resample draws as many persons with replacement,
    and a pair of persons a, b weighs (times a was drawn) * (times b was drawn). Resampling pairs would count one
    person's hundred pictures as a hundred pieces of evidence.

    Args:
        pairs: Similarities of same-person and different-person pairs.
        target_false_match_rate: In (0, 1).
        bootstrap: Resamples of the interval.
        seed: Of the resampling.
        min_persons: Fewer are refused; never below 3, where no pair of persons would be left out by a resample.

    Raises:
        DongsunError: Too few persons; fewer than 10 / target different-person pairs (fewer than ten false matches
            to be expected); or distributions that don't separate (area under ROC below 0.6, or no more true
            matches than false ones).
    """
    _refuse_too_little(pairs, target_false_match_rate, min_persons)
    similarity = lowest_similarity(pairs.impostor, target_false_match_rate)
    refuse_alike(pairs, similarity, f"a false-match rate of {target_false_match_rate}", target_false_match_rate)
    interval = _person_interval(pairs, target_false_match_rate, bootstrap, seed)
    return with_evidence(
        pairs, similarity, interval, bootstrap=bootstrap, seed=seed, target_false_match_rate=target_false_match_rate
    )


def with_evidence(
    pairs: PairSimilarities,
    similarity: float,
    interval: Interval,
    *,
    bootstrap: int,
    seed: int,
    target_false_match_rate: float | None,
) -> SimilarityThreshold:
    """A threshold, however it was found, with what it does to the pairs.

    Args:
        pairs: Of one person and of two.
        similarity: The threshold.
        interval: Its own, at 95 %.
        bootstrap: Resamples of persons for the intervals of the rates.
        seed: Of the resampling.
        target_false_match_rate: What it was tuned to; None if to something other than pairs.
    """
    false, true = (
        of_rate(pairs, similarity, resamples=bootstrap, seed=seed)
        for of_rate in (false_match_rate_interval, true_match_rate_interval)
    )
    edges = np.linspace(-1.0, 1.0, _BINS + 1)
    return SimilarityThreshold(
        similarity=similarity,
        ci95=(interval.low, interval.high),
        target_false_match_rate=target_false_match_rate,
        false_match_rate=rate_at_or_above(pairs.impostor, similarity),
        true_match_rate=rate_at_or_above(pairs.genuine, similarity),
        genuine_pairs=len(pairs.genuine),
        impostor_pairs=len(pairs.impostor),
        persons=len(pairs.persons),
        false_match_ci95=(false.low, false.high),
        true_match_ci95=(true.low, true.high),
        histogram=SimilarityHistogram(
            edges=tuple(edges.round(6).tolist()),
            genuine=tuple(np.histogram(pairs.genuine, edges)[0].tolist()),
            impostor=tuple(np.histogram(pairs.impostor, edges)[0].tolist()),
        ),
    )


def refuse_alike(pairs: PairSimilarities, similarity: float, at: str, least_true_match_rate: float) -> None:
    """Raises `DongsunError` where the pairs don't separate at a threshold tuned to what `at` says."""
    true_match_rate = rate_at_or_above(pairs.genuine, similarity)
    area = area_under_roc(pairs.genuine, pairs.impostor)
    if similarity > 1.0 or area < LEAST_AREA_UNDER_ROC or true_match_rate <= least_true_match_rate:
        raise DongsunError(
            expected="same-person pairs more alike than different-person pairs",
            got=f"area under ROC {area:.3f} and a true-match rate of {true_match_rate:.4f} at {at}: the model can't "
            "tell people apart",
            where="threshold tuning",
            mend="train re-ID longer or on more people, and check that validation's identities are right",
        )


def _person_interval(pairs: PairSimilarities, target: float, resamples: int, seed: int) -> Interval:
    generator = np.random.default_rng(seed)
    people = len(pairs.persons)
    order = np.argsort(-pairs.impostor, kind="stable")
    descending = pairs.impostor[order]
    one, other = pairs.impostor_persons[order].T
    thresholds: list[float] = []
    while len(thresholds) < resamples:
        drawn = generator.multinomial(people, np.full(people, 1.0 / people))
        matches = np.cumsum(drawn[one] * drawn[other])
        if not matches[-1]:
            continue  # one person alone was drawn: such a resample holds no pair of two persons
        refused = int(np.searchsorted(matches, _allowed(target, int(matches[-1])), side="right"))
        thresholds.append(float(np.nextafter(descending[refused], np.float32(np.inf))))
    return percentile_interval(np.minimum(thresholds, 1.0))


def refuse_few_persons(pairs: PairSimilarities, min_persons: int) -> None:
    """Raises `DongsunError` for fewer than `min_persons` persons, or 3."""
    least_persons = max(3, min_persons)
    if len(pairs.persons) < least_persons:
        raise DongsunError(
            expected=f"at least {least_persons} persons",
            got=f"{len(pairs.persons)}",
            where="threshold tuning",
            mend="give the validation split more people",
        )


def _refuse_too_little(pairs: PairSimilarities, target: float, min_persons: int) -> None:
    if not 0 < target < 1:
        raise DongsunError(
            expected="a target false-match rate between 0 and 1",
            got=str(target),
            where="threshold tuning",
            mend="set threshold.target_false_match_rate, for example 0.01",
        )
    refuse_few_persons(pairs, min_persons)
    needed = int(np.ceil(EXPECTED_FALSE_MATCHES / target - 1e-9))
    if len(pairs.impostor) < needed or not len(pairs.genuine):
        raise DongsunError(
            expected=f"at least {needed} different-person pairs for a false-match rate of {target} "
            f"({EXPECTED_FALSE_MATCHES} false matches expected), and same-person pairs",
            got=f"{len(pairs.impostor)} different-person and {len(pairs.genuine)} same-person pairs",
            where="threshold tuning",
            mend="add validation pictures or people, or ask for a higher false-match rate",
        )
