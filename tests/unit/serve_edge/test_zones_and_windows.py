"""Stays in zones, and quarter-minute windows."""

from datetime import UTC, datetime

import pytest

from dongsun.contract.store import ZoneConfig
from dongsun.serve_edge.pipeline.constants import CountingConstants
from dongsun.serve_edge.pipeline.looks import FrameSize
from dongsun.serve_edge.pipeline.sighting import Sighting
from dongsun.serve_edge.pipeline.windows import WindowAggregator
from dongsun.serve_edge.pipeline.zone_meter import PixelZone, Stay, ZoneMeter

ZONE = PixelZone.of(ZoneConfig(polygon=((0.4, 0.0), (0.6, 0.0), (0.6, 1.0), (0.4, 1.0))), FrameSize(100, 100))


def stays(xs: list[float | None]) -> list[Stay]:
    """Stays of a path at 10 fps; None is a frame without a sighting."""
    meter = ZoneMeter(ZONE, CountingConstants())
    found = []
    for i, x in enumerate(xs):
        if x is not None:
            box = (x - 2, 40.0, x + 2, 50.0)
            found.append(meter.observe(1, Sighting(i, i / 10, box, box, 0.9)))
    return [s for s in [*found, meter.forget(1)] if s]


TABLE: dict[str, tuple[list[float | None], list[tuple[float, float]]]] = {
    "walks through": ([20.0] * 5 + [50.0] * 20 + [80.0] * 15, [(0.5, 2.4)]),
    "passes too fast": ([20.0] * 5 + [50.0] * 3 + [80.0] * 15, []),
    "steps out for half a second": ([50.0] * 10 + [70.0] * 5 + [50.0] * 10 + [80.0] * 15, [(0.0, 2.4)]),
    "leaves and comes back": ([50.0] * 10 + [70.0] * 15 + [50.0] * 10, [(0.0, 0.9), (2.5, 3.4)]),
    "not seen for two seconds inside": ([50.0] * 10 + [None] * 20 + [50.0] * 10, [(0.0, 3.9)]),
    "track ends inside": ([20.0] * 5 + [50.0] * 10, [(0.5, 1.4)]),
    "jitters at the edge": ([39.0, 41.0] * 3 + [20.0] * 20, []),
    "never inside": ([20.0] * 30, []),
}


@pytest.mark.parametrize("name", TABLE)
def test_stays(name: str) -> None:
    xs, expected = TABLE[name]
    assert [(s.enter_s, s.exit_s) for s in stays(xs)] == [pytest.approx(e) for e in expected]


def test_windows_start_on_quarter_minutes_and_say_what_was_observed() -> None:
    windows = WindowAggregator(datetime(2026, 11, 2, 9, 0, 10, tzinfo=UTC), ("door",), ("shelf",))
    for i in range(200):  # 20 s at 10 fps; two people in the first ten seconds
        windows.observed(i / 10, (i + 1) / 10, 2 if i < 100 else 0)
    windows.crossed("door", "in", 4.9)
    windows.crossed("door", "out", 5.1)
    windows.stayed("shelf", 6.0, 3.0)
    windows.stayed("shelf", 7.0, 5.0)
    first, second = windows.windows()
    assert [w.starts_at_utc.second for w in (first, second)] == [0, 15]
    assert [w.observed_s for w in (first, second)] == [5.0, 15.0]
    assert (first.crossings_in, first.crossings_out) == ({"door": 1}, {"door": 0})
    assert (second.crossings_in, second.crossings_out) == ({"door": 0}, {"door": 1})
    assert first.occupancy_mean == 2.0
    assert second.occupancy_mean == pytest.approx(2 * 5 / 15, abs=1e-3)
    assert first.dwell_p50_s == {"shelf": None}
    assert second.dwell_p50_s == {"shelf": 4.0}


def test_a_gap_is_missing_not_empty() -> None:
    windows = WindowAggregator(datetime(1970, 1, 1, tzinfo=UTC), (), ())
    windows.observed(0.0, 0.1, 1)
    windows.observed(0.1, 40.0, 1)  # the next frame came 40 s later
    windows.observed(40.0, 40.1, 1)
    assert [w.observed_s for w in windows.windows()] == [1.1, 0.0, 0.1]


@pytest.mark.parametrize("rate", [12, 25, 29.97])
def test_observed_time_adds_up_at_any_rate_and_start(rate: float) -> None:
    windows = WindowAggregator(datetime(2026, 1, 1, 0, 0, 3, 333000, tzinfo=UTC), (), ())
    n = int(60 * rate)
    for i in range(n):
        windows.observed(i / rate, (i + 1) / rate, 1)
    assert sum(w.observed_s for w in windows.windows()) == pytest.approx(n / rate, abs=0.01)
    assert all(w.occupancy_mean == 1.0 for w in windows.windows())


def test_closed_windows_are_told_once_and_stragglers_go_into_the_next() -> None:
    windows = WindowAggregator(datetime(2026, 1, 1, tzinfo=UTC), ("door",), ())
    for second in range(40):
        windows.observed(second, second + 1.0, 2)
    windows.crossed("door", "in", 14.9)
    first = windows.closed(15.0)
    windows.crossed("door", "in", 3.0)  # settled late
    windows.crossed("door", "out", 31.0)
    second = windows.closed(30.0)
    assert windows.closed(30.0) == windows.closed(12.0) == []
    open_ones = windows.windows()
    found = [
        (w.starts_at_utc.second, w.crossings_in["door"], w.crossings_out["door"], w.observed_s) for w in first + second
    ]
    assert found == [(0, 1, 0, 15.0), (15, 1, 0, 15.0)]
    assert [(w.starts_at_utc.second, w.crossings_out["door"], w.observed_s) for w in open_ones] == [(30, 1, 10.0)]


def test_an_outage_closes_as_windows_that_saw_nothing() -> None:
    windows = WindowAggregator(datetime(2026, 1, 1, tzinfo=UTC), ("door",), ())
    assert windows.closed(-5.0) == []  # before the first picture no window has begun
    windows.observed(1.0, 2.0, 1)
    windows.observed(61.0, 62.0, 1)
    assert [w.observed_s for w in windows.closed(75.0)] == [1.0, 0.0, 0.0, 0.0, 1.0]
