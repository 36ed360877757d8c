"""Dates of pictures: bunched arrivals are spread out, and no camera's clock is believed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dongsun.serve_edge.stream.arrival_clock import ArrivalClock


def test_bunched_arrivals_get_their_even_times() -> None:
    rng = np.random.default_rng(1)
    taken = np.arange(200) * 0.1
    arrived = np.maximum.accumulate(100.0 + taken + rng.exponential(0.05, 200))
    clock = ArrivalClock()
    dated = np.array([clock.date(5000.0 + t, a) for t, a in zip(taken, arrived, strict=True)])
    late = dated[50:] - (100.0 + taken[50:])
    assert late.max() - late.min() < 0.02  # while arrivals scatter by
    assert np.ptp(arrived[50:] - taken[50:]) > 0.2


def test_a_drifting_camera_clock_is_followed() -> None:
    clock = ArrivalClock()
    for k in range(6000):  # ten minutes, the camera's clock 0.1 % slow
        arrived = k * 0.1
        dated = clock.date(arrived * 0.999, arrived)
    assert abs(dated - arrived) < 0.1


def test_stamps_that_jump_or_are_missing_fall_back_on_arrivals() -> None:
    clock = ArrivalClock()
    assert clock.date(10.0, 0.0) == 0.0
    assert clock.date(10.1, 0.1) == pytest.approx(0.1)
    assert clock.date(2.0, 0.2) == pytest.approx(0.2)  # back
    assert clock.date(None, 0.3) == pytest.approx(0.3)
    assert clock.date(500.0, 0.5) <= 0.5 + 1e-9  # a leap forward is no later than its arrival
    assert abs(clock.date(2.5, 5.0) - 5.0) < 1e-9
    clock.restart()
    assert clock.date(99.0, 6.0) == pytest.approx(6.0)


@given(
    st.lists(
        st.tuples(st.one_of(st.none(), st.floats(-1e6, 1e6)), st.floats(0, 5)),
        min_size=1,
        max_size=80,
    )
)
def test_whatever_comes_times_ascend_and_stay_by_the_arrivals(steps: list[tuple[float | None, float]]) -> None:
    clock, arrived, before = ArrivalClock(), 0.0, -1.0
    for count, (stamp, step) in enumerate(steps, start=1):
        arrived += step
        dated = clock.date(stamp, arrived)
        assert dated > before
        assert arrived - 1.0 - 1e-6 <= dated <= arrived + count * 1.1e-3
        before = dated


@given(st.lists(st.tuples(st.floats(0.01, 3.0), st.floats(0.0, 0.6)), min_size=1, max_size=60))
def test_the_quickest_way_is_that_of_the_last_seconds(steps: list[tuple[float, float]]) -> None:
    clock, taken_s, arrived_s, ways, dated_s = ArrivalClock(), 0.0, 0.0, [], 0.0
    for step_s, way_s in steps:
        taken_s += step_s
        arrived_s = max(arrived_s, taken_s + way_s)
        ways.append((arrived_s, arrived_s - taken_s))
        naive_s = taken_s + min(way for at_s, way in ways if at_s >= arrived_s - 20.0)
        if arrived_s - naive_s > 1.0:
            naive_s, ways = arrived_s, []
        dated_s = max(naive_s, dated_s + 1e-3)
        assert clock.date(taken_s, arrived_s) == pytest.approx(dated_s, abs=1e-6)
