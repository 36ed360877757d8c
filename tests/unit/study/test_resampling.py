import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dongsun.study.cell import PersonScores
from dongsun.study.resampling import Draws, difference_interval, interval_of, mean_map, weighted_map

PERSONS = st.lists(st.tuples(st.floats(0, 1), st.integers(1, 5)), min_size=2, max_size=6)


def scores_of(people: list[tuple[float, int]]) -> PersonScores:
    return PersonScores(tuple(share * n for share, n in people), tuple(n for _, n in people))


@given(PERSONS, st.integers(0, 1000))
def test_weights_are_repetitions(people: list[tuple[float, int]], seed: int) -> None:
    times = np.random.default_rng(seed).integers(0, 4, size=len(people))
    times[0] += 1
    slow = [share for (share, n), k in zip(people, times, strict=True) for _ in range(n * k)]
    assert weighted_map(scores_of(people), times.astype(float)[None])[0] == pytest.approx(
        float(np.mean(slow)), abs=1e-9
    )


@given(PERSONS, PERSONS)
def test_mean_over_the_drawn_seeds(first: list[tuple[float, int]], second: list[tuple[float, int]]) -> None:
    size = min(len(first), len(second))
    runs = [scores_of(first[:size]), scores_of(second[:size])]
    ones = np.ones((1, size))
    each = [weighted_map(run, ones)[0] for run in runs]
    assert mean_map(runs, Draws(np.array([[0, 1, 1]]), ones))[0] == pytest.approx((each[0] + 2 * each[1]) / 3)


def test_a_network_against_itself_is_even() -> None:
    runs = [scores_of([(0.2, 3), (0.9, 2), (0.5, 4)]), scores_of([(0.1, 3), (0.7, 2), (0.6, 4)])]
    interval = difference_interval(runs, runs)
    assert (interval.value, interval.low, interval.high) == (0.0, 0.0, 0.0)


def test_a_steady_gain_is_certain_and_a_lucky_person_is_not() -> None:
    base = [(0.3, 4)] * 12
    steady = [(0.4, 4)] * 12
    lucky = [(1.0, 4), *[(0.3 - 0.02, 4)] * 11]
    gain = difference_interval([scores_of(steady)], [scores_of(base)])
    luck = difference_interval([scores_of(lucky)], [scores_of(base)])
    assert gain.low == pytest.approx(0.1) and gain.high == pytest.approx(0.1)
    assert luck.value > 0 > luck.low


def test_persons_are_paired() -> None:
    """Hard people are hard for both: their being drawn must not blur the difference."""
    random = np.random.default_rng(0)
    level = random.uniform(0.1, 0.8, size=40)
    base = scores_of([(share, 3) for share in level])
    better = scores_of([(share + 0.02, 3) for share in level])
    interval = difference_interval([better], [base])
    assert interval.low > 0.019 and interval.high < 0.021


def test_unpaired_runs_are_refused() -> None:
    run = scores_of([(0.5, 2), (0.1, 1)])
    with pytest.raises(ValueError, match="paired"):
        difference_interval([run], [run, run])


def test_what_is_never_reached_stays_infinite() -> None:
    interval = interval_of(lambda draws: np.full(len(draws.persons), -np.inf), seeds=3, persons=4, resamples=50)
    assert interval.low == interval.high == interval.value == float("-inf")


def test_same_seed_same_interval() -> None:
    run = [scores_of([(0.2, 3), (0.9, 2), (0.5, 4)])]
    first, second = (
        interval_of(lambda draws: mean_map(run, draws), seeds=1, persons=3, resamples=80, seed=seed) for seed in (1, 1)
    )
    assert first == second
