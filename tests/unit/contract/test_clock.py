"""Clocks that can be told what time it is."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from dongsun.contract.clock import ManualClock, SystemClock


def test_a_wall_clock_jumps_and_the_monotonic_one_does_not() -> None:
    clock = ManualClock(datetime(2026, 3, 1, tzinfo=UTC))
    clock.advance(60)
    clock.set_wall_clock(datetime(2025, 1, 1, tzinfo=UTC))
    clock.advance(5)
    assert clock.monotonic_s() == 65
    assert clock.now_utc() == datetime(2025, 1, 1, 0, 0, 5, tzinfo=UTC)
    with pytest.raises(ValueError, match="go back"):
        clock.advance(-1)


def test_waiting_ends_by_time_or_by_the_event() -> None:
    clock, stop = ManualClock(), threading.Event()
    heard: list[bool] = []
    waiting = threading.Thread(target=lambda: heard.append(clock.wait(stop, 3600)))
    waiting.start()
    clock.advance(3599)
    waiting.join(0.05)
    assert waiting.is_alive()
    clock.advance(1)
    waiting.join(5)
    assert heard == [False]
    stop.set()
    assert clock.wait(stop, 3600)


def test_the_system_clock_is_utc_and_ascends() -> None:
    clock = SystemClock()
    before = clock.monotonic_s()
    assert clock.now_utc().utcoffset() == timedelta(0)
    assert not clock.wait(threading.Event(), 0.01)
    assert clock.monotonic_s() > before
