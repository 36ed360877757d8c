"""How well similarities verify: equal error rate, and true matches at fixed rates of false ones."""

from dataclasses import dataclass

import numpy as np

from dongsun.eval.threshold import Similarities, lowest_similarity, rate_at_or_above


@dataclass(frozen=True)
class VerificationRates:
    """Rates in [0, 1] of pairs of pictures; a pair matches at or above a threshold.

    Attributes:
        eer: Error rate at the threshold where false matches and missed matches are nearest to equal.
        tmr_at_1pct: Share of same-person pairs that match while at most 1 % of the different-person pairs do.
        tmr_at_01pct: The same at 0.1 %.
    """

    eer: float
    tmr_at_1pct: float
    tmr_at_01pct: float


def verification_rates(genuine: Similarities, impostor: Similarities) -> VerificationRates:
    """Measures both kinds of pairs, without interpolating between thresholds.

    Fewer than 1,000 different-person pairs can't show 0.1 %: the rate is then the one with no false match at all.

    Args:
        genuine: float32 (g,), same-person pairs; at least one.
        impostor: float32 (i,), different-person pairs; at least one.
    """
    return VerificationRates(
        eer=equal_error_rate(genuine, impostor),
        tmr_at_1pct=true_match_rate_at(genuine, impostor, 0.01),
        tmr_at_01pct=true_match_rate_at(genuine, impostor, 0.001),
    )


def true_match_rate_at(genuine: Similarities, impostor: Similarities, false_match_rate: float) -> float:
    """Share of `genuine` that matches at the lowest threshold whose false-match rate does not exceed the given one."""
    return rate_at_or_above(genuine, lowest_similarity(impostor, false_match_rate))


def equal_error_rate(genuine: Similarities, impostor: Similarities) -> float:
    """Mean of the false-match and missed-match rates at the threshold where they differ least.

    Where several thresholds are as near, the least mean counts (ISO/IEC 19795-1 leaves the choice open).
    """
    # Rates change at seen similarities only; above the highest one nothing matches.
    thresholds = np.append(np.unique(np.concatenate([genuine, impostor])), np.float32(np.inf))
    false_match = 1.0 - np.searchsorted(np.sort(impostor), thresholds, side="left") / len(impostor)
    missed = np.searchsorted(np.sort(genuine), thresholds, side="left") / len(genuine)
    apart = np.abs(false_match - missed)
    nearest = apart <= apart.min() + 1e-12
    return float(((false_match + missed) / 2)[nearest].min())
