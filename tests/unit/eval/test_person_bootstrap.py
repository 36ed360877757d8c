"""Intervals over persons against naive resampling."""

import numpy as np
import pytest

from dongsun.eval.pair_similarities import PairSimilarities
from dongsun.eval.person_bootstrap import Interval, draw_persons, false_match_rate_interval, percentile_interval
from dongsun.eval.reid_protocol import ReidProtocol


def _pairs(persons: int, each: int, seed: int = 0, person_effect: float = 0.2) -> PairSimilarities:
    """Every pair of persons compared `each` times; some persons are like everybody."""
    generator = np.random.default_rng(seed)
    one, other = np.repeat(np.array(np.triu_indices(persons, 1)), each, axis=1)
    effect = generator.normal(0, person_effect, persons)
    impostor = np.clip(generator.normal(0, 0.15, len(one)) + effect[one] + effect[other], -1, 1)
    return PairSimilarities(
        genuine=np.full(persons, 0.9, np.float32),
        genuine_person=np.arange(persons),
        impostor=impostor.astype(np.float32),
        impostor_persons=np.column_stack([one, other]),
        persons=tuple(f"p{index}" for index in range(persons)),
        protocol=ReidProtocol("cross_camera"),
    )


def test_interval_agrees_with_a_naive_loop_over_drawn_persons() -> None:
    pairs = _pairs(12, 3)
    interval = false_match_rate_interval(pairs, 0.3, resamples=4000, seed=1)
    generator = np.random.default_rng(7)
    rates: list[float] = []
    for _ in range(1000):
        drawn = generator.integers(0, 12, 12)
        values: list[float] = []
        for first in drawn:
            for second in drawn:
                if first < second:
                    values += pairs.impostor[(pairs.impostor_persons == [first, second]).all(axis=1)].tolist()
        rates.append(float(np.mean(np.array(values) >= 0.3)))
    assert (interval.low, interval.high) == pytest.approx(tuple(np.quantile(rates, [0.025, 0.975])), abs=0.03)


def test_interval_contains_the_rate_and_is_seeded() -> None:
    pairs = _pairs(20, 4)
    rate = float(np.mean(pairs.impostor >= np.float32(0.3)))
    interval = false_match_rate_interval(pairs, 0.3, resamples=500, seed=3)
    assert rate in interval
    assert interval == false_match_rate_interval(pairs, 0.3, resamples=500, seed=3)
    assert interval != false_match_rate_interval(pairs, 0.3, resamples=500, seed=4)


def test_more_pictures_of_the_same_people_do_not_narrow_it() -> None:
    few, many = (false_match_rate_interval(_pairs(12, each), 0.3, resamples=800) for each in (2, 40))
    assert many.high - many.low > 0.6 * (few.high - few.low)
    more_people = false_match_rate_interval(_pairs(120, 2), 0.3, resamples=800)
    assert more_people.high - more_people.low < 0.5 * (few.high - few.low)


def test_no_false_match_still_leaves_an_upper_limit() -> None:
    pairs = _pairs(10, 50)
    assert false_match_rate_interval(pairs, 1.0) == Interval(0.0, 3 / 45)


def test_resamples_hold_as_many_persons_as_there_are() -> None:
    draws = draw_persons(3, 2000, np.random.default_rng(0), least_distinct=2)
    assert (draws.sum(axis=1) == 3).all()
    assert ((draws > 0).sum(axis=1) >= 2).all()
    with pytest.raises(ValueError, match="1 persons"):
        draw_persons(1, 10, np.random.default_rng(0))


def test_percentiles() -> None:
    interval = percentile_interval(np.arange(1001, dtype=np.float64))
    assert (interval.low, interval.high) == pytest.approx((25, 975))
    assert 25 in interval
    assert 976 not in interval
