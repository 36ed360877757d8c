"""Business days, through the nights on which clocks change."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dongsun.contract.business_day import BusinessCalendar

SEOUL = BusinessCalendar("Asia/Seoul", time(6))
BERLIN = BusinessCalendar("Europe/Berlin", time(6))
BERLIN_NIGHT = BusinessCalendar("Europe/Berlin", time(2, 30))  # skipped in spring, repeated in autumn


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("calendar", "instant", "day"),
    [
        (SEOUL, utc(2026, 11, 20, 20, 59, 59), date(2026, 11, 20)),  # 05:59:59 the next morning
        (SEOUL, utc(2026, 11, 20, 21), date(2026, 11, 21)),
        (BERLIN, utc(2026, 3, 29, 3, 59), date(2026, 3, 28)),  # summer time began at 01:00 UTC
        (BERLIN, utc(2026, 3, 29, 4), date(2026, 3, 29)),
        (BERLIN, utc(2026, 10, 25, 4, 59), date(2026, 10, 24)),
        (BERLIN, utc(2026, 10, 25, 5), date(2026, 10, 25)),
    ],
)
def test_days(calendar: BusinessCalendar, instant: datetime, day: date) -> None:
    assert calendar.day_of(instant) == day


def test_days_are_as_long_as_clocks_make_them() -> None:
    lengths = [
        (BERLIN.ends_utc(d) - BERLIN.begins_utc(d)) / timedelta(hours=1) for d in (date(2026, 3, 28), date(2026, 7, 1))
    ]
    assert lengths == [23.0, 24.0]
    assert BERLIN.ends_utc(date(2026, 10, 24)) - BERLIN.begins_utc(date(2026, 10, 24)) == timedelta(hours=25)


@given(
    st.sampled_from([SEOUL, BERLIN, BERLIN_NIGHT, BusinessCalendar("America/St_Johns", time(0))]),
    st.datetimes(datetime(2025, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)),
)
def test_every_instant_lies_in_its_day_and_in_no_other(calendar: BusinessCalendar, instant: datetime) -> None:
    day = calendar.day_of(instant)
    assert calendar.begins_utc(day) <= instant < calendar.ends_utc(day)
    assert calendar.ends_utc(day) == calendar.begins_utc(day + timedelta(days=1))


def test_hours_are_local() -> None:
    assert SEOUL.hour_of(utc(2026, 1, 1, 0)) == 9
