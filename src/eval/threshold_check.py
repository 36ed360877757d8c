"""Does new footage still support a bundle's threshold?"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from dongsun.contract.bundle import SimilarityThreshold
from dongsun.contract.errors import DongsunError
from dongsun.eval.pair_similarities import PairSimilarities
from dongsun.eval.person_bootstrap import Interval, false_match_rate_interval, true_match_rate_interval
from dongsun.eval.threshold import EXPECTED_FALSE_MATCHES, Similarities, rate_at_or_above
from dongsun.eval.threshold_drift import genuine_persons, impostor_persons, shift_of

Verdict = Literal["supported", "drifted", "too little data"]
_TELLING = 2.0
"""An interval that reaches beyond twice the promised upper limit can't tell whether the promise is kept."""


class ThresholdDrifted(DongsunError):
    """The threshold is no longer what was promised: a verdict, for whoever scripts the check."""

    exit_code = 3


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CheckedRate(_Frozen):
    """A rate at the bundle's threshold, as promised and as met."""

    promised: float
    promised_ci95: tuple[float, float] = Field(description="both ends the promised rate in bundles of schema 1")
    met: float
    met_ci95: tuple[float, float]


class SimilarityShift(_Frozen):
    """How far similarities moved since tuning; see `dongsun.eval.threshold_drift.Shift`."""

    distance: float
    mean_change: float
    p_value: float


class ThresholdCheck(_Frozen):
    """`check.json`."""

    verdict: Verdict
    reasons: tuple[str, ...]
    similarity: float
    false_matches: CheckedRate
    true_matches: CheckedRate
    persons: int
    genuine_pairs: int
    impostor_pairs: int
    same_person_shift: SimilarityShift | None = Field(description="None: the bundle keeps no histogram (schema 1)")
    different_people_shift: SimilarityShift | None


def check_threshold(
    promised: SimilarityThreshold, pairs: PairSimilarities, *, min_persons: int, resamples: int, seed: int
) -> ThresholdCheck:
    """Holds new people against what the bundle promises of its threshold.

    *Drifted*: the new rate of false matches lies above the promised one, or that of true matches below it, interval
    from interval. *Too little data*: fewer than `min_persons` persons, fewer than ten false matches to be expected, or
    an interval of false matches that reaches beyond twice the promised limit. Else *supported*.

    Args:
        promised: The bundle's threshold, of the precision that ships.
        pairs: Similarities of the new people, by the same model.
        min_persons: Fewer are too few.
        resamples: Of persons.
        seed: Of the resampling.
    """
    similarity = promised.similarity
    met_false = false_match_rate_interval(pairs, similarity, resamples=resamples, seed=seed)
    met_true = true_match_rate_interval(pairs, similarity, resamples=resamples, seed=seed)
    false = _checked(promised.false_match_rate, promised.false_match_ci95, pairs.impostor, similarity, met_false)
    true = _checked(promised.true_match_rate, promised.true_match_ci95, pairs.genuine, similarity, met_true)
    limit = max(false.promised_ci95[1], promised.target_false_match_rate or 0.0)
    too_little = _too_little(pairs, limit, false, min_persons)
    drifted = _drifted(false, true, limit) if len(pairs.persons) >= min_persons else ()
    verdict: Verdict = "drifted" if drifted else "too little data" if too_little else "supported"
    low, high = false.met_ci95
    kept = (
        f"{false.met:.2%} of false matches ({low:.2%} to {high:.2%}) don't contradict the promised limit of {limit:.2%}"
    )
    return ThresholdCheck(
        verdict=verdict,
        reasons=drifted or too_little or (kept,),
        similarity=similarity,
        false_matches=false,
        true_matches=true,
        persons=len(pairs.persons),
        genuine_pairs=len(pairs.genuine),
        impostor_pairs=len(pairs.impostor),
        same_person_shift=_shift(promised, pairs, True, resamples, seed),
        different_people_shift=_shift(promised, pairs, False, resamples, seed),
    )


def _checked(
    promised: float, interval: tuple[float, float] | None, similarities: Similarities, similarity: float, met: Interval
) -> CheckedRate:
    return CheckedRate(
        promised=promised,
        promised_ci95=interval or (promised, promised),
        met=rate_at_or_above(similarities, similarity),
        met_ci95=(met.low, met.high),
    )


def _drifted(false: CheckedRate, true: CheckedRate, limit: float) -> tuple[str, ...]:
    reasons: list[str] = []
    if false.met_ci95[0] > limit:
        low, high = false.met_ci95
        reasons.append(
            f"{false.met:.2%} of different people pass for one person ({low:.2%} to {high:.2%}), where at most "
            f"{limit:.2%} were promised"
        )
    if true.met_ci95[1] < true.promised_ci95[0]:
        low, high = true.met_ci95
        reasons.append(
            f"{true.met:.1%} of people are recognised ({low:.1%} to {high:.1%}), where at least "
            f"{true.promised_ci95[0]:.1%} were promised"
        )
    return tuple(reasons)


def _too_little(pairs: PairSimilarities, limit: float, false: CheckedRate, min_persons: int) -> tuple[str, ...]:
    reasons: list[str] = []
    if len(pairs.persons) < min_persons:
        reasons.append(f"{len(pairs.persons)} persons, where at least {min_persons} are needed")
    expected = len(pairs.impostor) * false.promised
    if expected < EXPECTED_FALSE_MATCHES:
        reasons.append(
            f"{len(pairs.impostor)} different-person pairs: {expected:.1f} false matches to be expected, where "
            f"{EXPECTED_FALSE_MATCHES} are needed"
        )
    if false.met_ci95[1] > _TELLING * limit:
        reasons.append(
            f"false matches may be as many as {false.met_ci95[1]:.2%}: too few people to tell from {limit:.2%}"
        )
    return tuple(reasons)


def _shift(
    promised: SimilarityThreshold, pairs: PairSimilarities, same_person: bool, resamples: int, seed: int
) -> SimilarityShift | None:
    histogram = promised.histogram
    if histogram is None:
        return None
    shift = shift_of(
        histogram.genuine if same_person else histogram.impostor,
        histogram.edges,
        pairs.genuine if same_person else pairs.impostor,
        genuine_persons(pairs) if same_person else impostor_persons(pairs),
        persons=len(pairs.persons),
        persons_before=promised.persons,
        resamples=resamples,
        seed=seed,
    )
    return SimilarityShift(distance=shift.distance, mean_change=shift.mean_change, p_value=shift.p_value)
