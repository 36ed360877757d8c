"""Pooled figures and their intervals."""

import numpy as np
import pytest

from dongsun.eval.twin_bench.estimate import LEAST_RUNS, Estimate, Ratio, estimate


def test_value_is_the_pooled_ratio() -> None:
    found = estimate([Ratio(1, 10), Ratio(9, 10), Ratio(0, 0)])
    assert found == Estimate(0.5, 2, None)


def test_a_run_that_counts_where_nothing_is_true_weighs() -> None:
    found = estimate([Ratio(3, 0), Ratio(1, 4)])
    assert found is not None
    assert found.value == 1.0
    assert Ratio(3, 0).value is None


def test_nothing_said_is_no_estimate() -> None:
    assert estimate([]) is None
    assert estimate([Ratio(0, 0)]) is None
    assert estimate([Ratio(2, 0)]) is None


@pytest.mark.parametrize("runs", [1, 2])
def test_few_runs_have_no_interval(runs: int) -> None:
    found = estimate([Ratio.mean_of(0.5)] * runs)
    assert found is not None
    assert found.interval is None
    assert found.runs == runs < LEAST_RUNS


def test_equal_runs_have_an_interval_without_width() -> None:
    found = estimate([Ratio(3, 4)] * 5)
    assert found is not None
    assert found.interval == (0.75, 0.75)


def test_interval_is_the_same_twice_and_holds_the_value() -> None:
    shares = [Ratio(k, 10) for k in range(8)]
    one, two = estimate(shares), estimate(shares)
    assert one == two
    assert one is not None
    assert one.interval is not None
    assert one.interval[0] < one.value < one.interval[1]


def test_coverage_is_near_nominal() -> None:
    draw = np.random.default_rng(4)
    covered = 0
    trials = 150
    for _ in range(trials):
        found = estimate([Ratio.mean_of(v) for v in draw.normal(2.0, 1.0, 25)])
        assert found is not None
        assert found.interval is not None
        covered += found.interval[0] <= 2.0 <= found.interval[1]
    assert 0.86 <= covered / trials <= 0.99  # a percentile interval of 25 is a little narrow


def test_a_run_that_says_nothing_does_not_move_the_estimate() -> None:
    shares = [Ratio(k, 10) for k in range(5)]
    assert estimate(shares) == estimate([*shares, Ratio(0, 0)])
