"""Counting metrics against brute force and hand-made cases."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dongsun.eval.counting_metrics import EventCounts, evaluate_counts, match_times
from dongsun.eval.line_event import LineEvent, OptionalEvent

_TIMES = st.lists(st.integers(0, 40).map(lambda tenth: tenth / 10), max_size=5)


def _brute_force(predicted: list[float], true: list[float], tolerance_s: float) -> tuple[int, float]:
    """(most pairs, least sum of differences among those), over every possible matching."""
    best = (0, 0.0)
    small, large = sorted((predicted, true), key=len)
    for size in range(1, len(small) + 1):
        for chosen in itertools.combinations(small, size):
            for partners in itertools.permutations(large, size):
                gaps = [abs(a - b) for a, b in zip(chosen, partners, strict=True)]
                if max(gaps) <= tolerance_s + 1e-9 and (size, -sum(gaps)) > (best[0], -best[1] + 1e-12):
                    best = (size, sum(gaps))
    return best


@settings(max_examples=150, deadline=None)
@given(_TIMES, _TIMES, st.sampled_from([0.0, 0.3, 1.0, 5.0]))
def test_matching_is_optimal(predicted: list[float], true: list[float], tolerance_s: float) -> None:
    pairs = match_times(np.array(predicted), np.array(true), tolerance_s)
    assert len({p for p, _ in pairs}) == len({t for _, t in pairs}) == len(pairs)
    number, cost = _brute_force(predicted, true, tolerance_s)
    assert len(pairs) == number
    assert sum(abs(predicted[p] - true[t]) for p, t in pairs) == pytest.approx(cost, abs=1e-6)


@settings(max_examples=100, deadline=None)
@given(_TIMES, _TIMES)
def test_bounds_and_symmetry(predicted: list[float], true: list[float]) -> None:
    guesses = [LineEvent("door", "in", time_s) for time_s in predicted]
    facts = [LineEvent("door", "in", time_s) for time_s in true]
    there = evaluate_counts(guesses, facts, ["door"]).total
    back = evaluate_counts(facts, guesses, ["door"]).total
    assert there.matched <= min(there.true, there.predicted)
    assert 0 <= there.f1 <= 1
    assert (there.precision, there.recall, there.f1) == pytest.approx((back.recall, back.precision, back.f1))


def _events(*times_s: float, line: str = "door", direction: str = "in") -> list[LineEvent]:
    return [LineEvent(line, direction, time_s) for time_s in times_s]  # type: ignore[arg-type]


def test_greedy_would_lose_a_pair() -> None:
    # Nearest first would pair 1.0 with 1.1 and leave 0.2 and 1.9 apart.
    assert evaluate_counts(_events(1.0, 1.9), _events(0.2, 1.1), ["door"]).total.matched == 2


def test_lines_and_directions_are_kept_apart() -> None:
    predicted = _events(1, 2) + _events(3, direction="out") + _events(4, line="gate")
    true = _events(1, 2, direction="out") + _events(3) + _events(4, line="gate")
    metrics = evaluate_counts(predicted, true, ["door", "gate"])
    assert metrics.line("door") == EventCounts(true=3, predicted=3, matched=2)
    assert metrics.line("gate") == EventCounts(true=1, predicted=1, matched=1)
    assert metrics.total.matched == 3
    with pytest.raises(ValueError, match="gate"):
        evaluate_counts(predicted, true, ["door"])


def test_count_error_is_signed_and_relative() -> None:
    counts = evaluate_counts(_events(1, 5, 9, 13, 17), _events(1, 5, 9, 13), ["door"]).line("door")
    assert (counts.signed_error, counts.count_error) == pytest.approx((0.25, 0.25))
    assert EventCounts(true=4, predicted=3, matched=3).signed_error == pytest.approx(-0.25)
    assert EventCounts(true=0, predicted=2, matched=0).count_error == 2


def test_nothing_to_count_and_nothing_counted_is_perfect() -> None:
    total = evaluate_counts([], [], ["door"]).total
    assert (total.precision, total.recall, total.f1, total.count_error) == (1, 1, 1, 0)
    assert EventCounts(true=2, predicted=0, matched=0).precision == 0
    assert EventCounts(true=0, predicted=2, matched=0).recall == 0


def test_an_optional_crossing_is_right_either_way_but_only_once() -> None:
    optional = [OptionalEvent("door", "in", 50, 60, "feet out of the picture")]
    without = evaluate_counts(_events(10), _events(10), ["door"], optional=optional)
    once = evaluate_counts(_events(10, 55), _events(10), ["door"], optional=optional)
    twice = evaluate_counts(_events(10, 55, 57), _events(10), ["door"], optional=optional)
    assert without.total == once.total == EventCounts(1, 1, 1)
    assert twice.total == EventCounts(true=1, predicted=2, matched=1)
    assert once.by_direction[0].optional_taken == 1


def test_a_true_crossing_goes_before_an_optional_one() -> None:
    optional = [OptionalEvent("door", "in", 0, 100, "")]
    assert evaluate_counts(_events(10), _events(10), ["door"], optional=optional).total == EventCounts(1, 1, 1)


def test_the_ends_of_the_judged_part_belong_to_the_truth() -> None:
    true = _events(9.8, 10.2, 19.9, 20.3)
    predicted = _events(10.1, 9.9, 20.2, 20.4, 5.0, 15.0)
    counts = evaluate_counts(predicted, true, ["door"], judged_s=(10.0, 20.0)).total
    assert counts == EventCounts(true=2, predicted=3, matched=2)


def test_offset_tells_a_late_counter() -> None:
    row = evaluate_counts(_events(1.4, 5.6), _events(1, 5), ["door"]).by_direction[0]
    assert row.mean_offset_s == pytest.approx(0.5)
