"""Verification rates against a search over every threshold."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from dongsun.eval.verification import VerificationRates, verification_rates

_SIMILARITIES = hnp.arrays(
    np.float32, st.integers(1, 60), elements=st.sampled_from(np.linspace(-1, 1, 21).astype("f4"))
)


def _naive(genuine: np.ndarray, impostor: np.ndarray) -> VerificationRates:
    best: tuple[float, float] | None = None
    at: dict[float, float] = {0.01: 0.0, 0.001: 0.0}
    for threshold in [*np.unique(np.concatenate([genuine, impostor])), np.inf]:
        false_match = sum(value >= threshold for value in impostor) / len(impostor)
        missed = sum(value < threshold for value in genuine) / len(genuine)
        candidate = (round(abs(false_match - missed), 9), (false_match + missed) / 2)
        best = candidate if best is None else min(best, candidate)
        for target in at:
            if false_match <= target + 1e-12:
                at[target] = max(at[target], 1 - missed)
    assert best is not None
    return VerificationRates(best[1], at[0.01], at[0.001])


@settings(max_examples=60, deadline=None)
@given(_SIMILARITIES, _SIMILARITIES)
def test_rates_are_the_best_over_every_threshold(genuine: np.ndarray, impostor: np.ndarray) -> None:
    rates, naive = verification_rates(genuine, impostor), _naive(genuine, impostor)
    assert rates.eer == pytest.approx(naive.eer)
    assert rates.tmr_at_1pct == pytest.approx(naive.tmr_at_1pct)
    assert rates.tmr_at_01pct == pytest.approx(naive.tmr_at_01pct)


def test_apart_alike_and_upside_down() -> None:
    high, low = np.linspace(0.6, 0.9, 2000).astype("f4"), np.linspace(-0.2, 0.4, 2000).astype("f4")
    assert verification_rates(high, low) == VerificationRates(0.0, 1.0, 1.0)
    assert verification_rates(low, low).eer == pytest.approx(0.5, abs=1e-3)
    assert verification_rates(low, high).eer == pytest.approx(1.0)


def test_golden_convention() -> None:
    impostor = np.linspace(0.0, 0.999, 1000).astype("f4")
    genuine = np.linspace(0.9, 1.099, 200).astype("f4")
    rates = verification_rates(genuine, impostor)
    assert rates.tmr_at_1pct == pytest.approx(110 / 200)  # above 0.989: 0.990 and up
    assert rates.tmr_at_01pct == pytest.approx(101 / 200)  # above 0.998: 0.999 and up
