"""When people come: the arrival curve over the business day."""

import numpy as np
import numpy.typing as npt

from dongsun.contract.errors import DongsunError
from dongsun.twin.plan.traffic import Visitors
from dongsun.twin.plan.twin_plan import TwinPlan

DAY_S = 86_400.0
GRID_S = 20.0
SHORT_S = 600.0
"""In a span up to this long the first party comes at once, so that a short clip shows somebody."""


def seconds_of_day(time_of_day: str) -> float:
    """Seconds since midnight of a local HH:MM."""
    return int(time_of_day[:2]) * 3600.0 + int(time_of_day[3:]) * 60.0


def arrival_level(visitors: Visitors, clock_s: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The curve's level at seconds since midnight (any number of days), shape as `clock_s`."""
    times = [seconds_of_day(time) for time, _ in visitors.curve]
    levels = [level for _, level in visitors.curve]
    return np.asarray(np.interp(np.mod(clock_s, DAY_S), times, levels, period=DAY_S), np.float64)


def arrival_count(plan: TwinPlan, *, seed: int, duration_s: float, starts_at: str = "12:00") -> int:
    """How many people come in a span: Poisson, with the mean that the curve and `per_hour` give."""
    return int(np.random.default_rng([seed, 9]).poisson(expected_arrivals(plan, duration_s, starts_at)))


def expected_arrivals(plan: TwinPlan, duration_s: float, starts_at: str = "12:00") -> float:
    """The mean number of people who come in a span."""
    _, cumulative = _cumulative(plan.visitors, seconds_of_day(starts_at), duration_s)
    return float(cumulative[-1]) / 3600.0 * plan.visitors.per_hour


def arrival_times(
    visitors: Visitors, count: int, *, clock_s: float, span_s: float, rng: np.random.Generator
) -> npt.NDArray[np.float64]:
    """Sorted arrival times (count,) in seconds from the span's start, as dense as the curve is high.

    Nobody comes in the last part of the span (a quarter of it, 45 s at most), so that visits have time to end.

    Args:
        visitors: The curve.
        count: How many parties come.
        clock_s: Time of day when the span begins, seconds since midnight.
        span_s: Its length.
        rng: Source of chance.

    Raises:
        DongsunError: The curve is 0 all through the span, so that nobody can come.
    """
    if not count:
        return np.empty(0)
    open_s = max(1.0, span_s - min(0.28 * span_s, 45.0))
    times, cumulative = _cumulative(visitors, clock_s, open_s)
    if cumulative[-1] <= 0:
        raise DongsunError(
            expected="an arrival curve above 0 at some time of the span",
            got=f"0 from {clock_s / 3600 % 24:.2f} h on, for {open_s:.0f} s",
            where="twin.visitors.curve",
            mend="begin the span (starts_at) when people come, or ask for no people",
        )
    drawn = np.sort(np.interp(rng.uniform(0.0, cumulative[-1], count), cumulative, times))
    if span_s <= SHORT_S:
        drawn[0] = min(drawn[0], 1.0)
    return np.asarray(drawn, np.float64)


def _cumulative(
    visitors: Visitors, clock_s: float, span_s: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Times (n,) from the span's start, and the integral of the level up to them, in seconds."""
    times = np.linspace(0.0, span_s, max(2, int(span_s / GRID_S) + 2))
    level = arrival_level(visitors, clock_s + times)
    steps = (level[1:] + level[:-1]) / 2 * np.diff(times)
    return times, np.concatenate([[0.0], np.cumsum(steps)])
