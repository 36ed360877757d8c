"""15-second aggregates, aligned to UTC."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np

from dongsun.contract.observations import Direction

WINDOW_S = 15.0
_LONGEST_STEP_S = 1.0
"""A frame vouches for the time until the next one, but not longer: beyond a second nothing was being observed."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class WindowFigures:
    """One window: its start, and what happened in it."""

    starts_at_utc: datetime
    observed_s: float
    crossings_in: dict[str, int]
    crossings_out: dict[str, int]
    occupancy_mean: float
    occupancy_max: int
    dwell_p50_s: dict[str, float | None]
    dwell_p90_s: dict[str, float | None]


@dataclass
class _Sums:
    observed_s: float = 0.0
    people_s: float = 0.0
    occupancy_max: int = 0
    crossings: Counter[tuple[str, Direction]] = field(default_factory=Counter)
    dwells_s: dict[str, list[float]] = field(default_factory=dict)


class WindowAggregator:
    """Sums what happened into windows of 15 s that start on whole quarter minutes of UTC.

    Args:
        started_at_utc: When the first frame of the source was taken.
        line_ids: All lines; each is in every window, with zero if nobody crossed.
        zone_ids: Likewise.
    """

    def __init__(self, started_at_utc: datetime, line_ids: tuple[str, ...], zone_ids: tuple[str, ...]) -> None:
        self._started_s = (started_at_utc - _EPOCH).total_seconds()
        self._lines, self._zones = line_ids, zone_ids
        self._sums: dict[int, _Sums] = {}
        self._closed_until: int | None = None

    def observed(self, from_s: float, to_s: float, occupancy: int) -> None:
        """Notes that `occupancy` people were in view from `from_s` until `to_s` of stream time."""
        to_s = min(to_s, from_s + _LONGEST_STEP_S)
        while from_s < to_s:
            number = self._number(from_s)
            ends_s = (number + 1) * WINDOW_S - self._started_s
            # Rounding may put the end at `from_s` itself; the whole rest then belongs to this window.
            part_s = (ends_s if from_s < ends_s < to_s else to_s) - from_s
            sums = self._sums.setdefault(number, _Sums())
            sums.observed_s += part_s
            sums.people_s += part_s * occupancy
            sums.occupancy_max = max(sums.occupancy_max, occupancy)
            from_s += part_s

    def crossed(self, line_id: str, direction: Direction, time_s: float) -> None:
        """Notes a crossing, in the window in which it happened."""
        self._sums.setdefault(self._number(time_s), _Sums()).crossings[line_id, direction] += 1

    def stayed(self, zone_id: str, exit_s: float, dwell_s: float) -> None:
        """Notes a stay, in the window in which it ended."""
        self._sums.setdefault(self._number(exit_s), _Sums()).dwells_s.setdefault(zone_id, []).append(dwell_s)

    def windows(self) -> list[WindowFigures]:
        """All windows from the first to the last, also those in which nothing was observed."""
        if not self._sums:
            return []
        numbers = range(min(self._sums), max(self._sums) + 1)
        return [self._figures(number, self._sums.get(number, _Sums())) for number in numbers]

    def closed(self, before_s: float) -> list[WindowFigures]:
        """Takes away the windows that ended at `before_s` of stream time or earlier, also those without an observation.

        What is dated into them later goes into the first window still open: totals stay exact, a straggler is late.
        """
        if self._closed_until is None and not self._sums:
            return []  # nothing has begun
        until = self._number(before_s)
        first = min(self._sums) if self._closed_until is None else self._closed_until
        self._closed_until = max(until, first)
        return [self._figures(number, self._sums.pop(number, _Sums())) for number in range(first, until)]

    def _number(self, time_s: float) -> int:
        number = int((self._started_s + time_s) // WINDOW_S)
        return number if self._closed_until is None else max(number, self._closed_until)

    def _figures(self, number: int, sums: _Sums) -> WindowFigures:
        return WindowFigures(
            starts_at_utc=_EPOCH + timedelta(seconds=number * WINDOW_S),
            observed_s=round(min(sums.observed_s, WINDOW_S), 3),
            crossings_in={line: sums.crossings[line, "in"] for line in self._lines},
            crossings_out={line: sums.crossings[line, "out"] for line in self._lines},
            occupancy_mean=round(sums.people_s / sums.observed_s, 3) if sums.observed_s else 0.0,
            occupancy_max=sums.occupancy_max,
            dwell_p50_s={zone: _percentile(sums.dwells_s.get(zone), 50) for zone in self._zones},
            dwell_p90_s={zone: _percentile(sums.dwells_s.get(zone), 90) for zone in self._zones},
        )


def _percentile(values: list[float] | None, percent: float) -> float | None:
    return round(float(np.percentile(values, percent)), 3) if values else None
