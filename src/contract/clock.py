"""UTC, stated once; and the two clocks of a station: one to measure with, one to tell the time by."""

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


def utc_now() -> datetime:
    """The present instant, timezone-aware, in UTC."""
    return datetime.now(UTC)


def iso_utc(instant: datetime) -> str:
    """`instant` as ISO 8601 in UTC with milliseconds and a Z.

    Raises:
        ValueError: `instant` carries no time zone.
    """
    if instant.tzinfo is None:
        raise ValueError("an instant without a time zone has no place here")
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Clock(Protocol):
    """What every part that waits or dates asks for the time, so that weeks can be simulated and clocks can jump."""

    def monotonic_s(self) -> float:
        """Seconds on a clock that never jumps nor goes back; its zero means nothing."""

    def now_utc(self) -> datetime:
        """The wall clock, aware, UTC; it may jump when somebody sets it."""

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Waits until `event` is set or the seconds are over; whether it is set."""


class SystemClock:
    """The machine's clocks."""

    def monotonic_s(self) -> float:
        """As `time.monotonic`."""
        return time.monotonic()

    def now_utc(self) -> datetime:
        """The machine's wall clock."""
        return utc_now()

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """As `Event.wait`."""
        return event.wait(seconds)


class ManualClock:
    """A clock that stands until it is told to go: for simulated days and jumping wall clocks.

    Args:
        now_utc: Where the wall clock begins.
    """

    def __init__(self, now_utc: datetime = datetime(2026, 1, 5, tzinfo=UTC)) -> None:
        self._now_utc = now_utc
        self._monotonic_s = 0.0
        self._moved = threading.Condition()

    def monotonic_s(self) -> float:
        """Seconds advanced so far."""
        with self._moved:
            return self._monotonic_s

    def now_utc(self) -> datetime:
        """The simulated wall clock."""
        with self._moved:
            return self._now_utc

    def advance(self, seconds: float) -> None:
        """Both clocks go on; whoever waits that long wakes up."""
        if seconds < 0:
            raise ValueError(f"a monotonic clock can't go back by {-seconds} s; set the wall clock instead")
        with self._moved:
            self._monotonic_s += seconds
            self._now_utc += timedelta(seconds=seconds)
            self._moved.notify_all()

    def set_wall_clock(self, now_utc: datetime) -> None:
        """Somebody (or NTP) sets the wall clock; the monotonic one doesn't notice."""
        with self._moved:
            self._now_utc = now_utc

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Waits for simulated seconds; a set event is noticed within a few real milliseconds."""
        with self._moved:
            until_s = self._monotonic_s + seconds
            while self._monotonic_s < until_s and not event.is_set():
                self._moved.wait(0.005)
        return event.is_set()
