"""What a business day came to."""

from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

from dongsun.contract.observations import Window
from dongsun.serve_edge.ledger.ledger import Ledger
from dongsun.serve_edge.ledger.line_balance import line_balances

_DAYS = """
WITH RECURSIVE known(day) AS (
  SELECT min(business_day) FROM windows
  UNION ALL SELECT (SELECT min(business_day) FROM windows WHERE business_day > day) FROM known WHERE day IS NOT NULL)
SELECT day FROM known WHERE day IS NOT NULL"""


@dataclass(frozen=True)
class LineDay:
    """A line's day; staff apart, but in the balance (`LineBalance`)."""

    line_id: str
    visitors_in: int
    visitors_out: int
    staff_in: int
    staff_out: int
    inside: int
    never_came_in: int


@dataclass(frozen=True)
class ZoneDay:
    """A zone's day; staff apart. `dwell_p50_s` is the median stay in seconds, None without a stay."""

    zone_id: str
    visits: int
    dwell_p50_s: float | None
    staff_visits: int


@dataclass(frozen=True)
class CameraDay:
    """How much of a day a camera saw.

    Attributes:
        camera_id: Of the store file.
        observed_s: Seconds of pictures that could be trusted.
        windows: How many windows there are.
        missing_s: Seconds of those windows that were not seen: not zero people, unknown.
        occupancy_max: Most people in its picture at once.
    """

    camera_id: str
    observed_s: float
    windows: int
    missing_s: float
    occupancy_max: int


@dataclass(frozen=True)
class DayReport:
    """A business day.

    Attributes:
        business_day: Its date.
        lines: By id.
        zones: By id.
        cameras: By id.
        unique_visitors: None while nobody has told, and of a day of which nothing was seen.
        re_entries: Likewise.
        unique_staff: Likewise.
        unsent: Messages of any day that still wait.
    """

    business_day: date
    lines: tuple[LineDay, ...]
    zones: tuple[ZoneDay, ...]
    cameras: tuple[CameraDay, ...]
    unique_visitors: int | None
    re_entries: int | None
    unique_staff: int | None
    unsent: int


def day_report(ledger: Ledger, day: date) -> DayReport:
    """Sums a business day up."""
    bound = (str(day),)
    crossed = ledger.rows(
        "SELECT line_id, sum(direction = 'in' AND NOT staff), sum(direction = 'out' AND NOT staff), "
        "sum(direction = 'in' AND staff), sum(direction = 'out' AND staff) FROM crossings WHERE business_day = ? "
        "GROUP BY line_id ORDER BY line_id",
        bound,
    )
    seen = ledger.rows(
        "SELECT camera_id, sum(observed_s), count(*), max(occupancy_max) FROM windows WHERE business_day = ? "
        "GROUP BY camera_id ORDER BY camera_id",
        bound,
    )
    balances = {balance.line_id: balance for balance in line_balances(ledger, day)}
    known = ledger.rows("SELECT unique_visitors, re_entries, unique_staff FROM days WHERE business_day = ?", bound)
    # A day of which nothing was seen has no number of visitors, not none.
    looked = any(observed_s for _, observed_s, _, _ in seen)
    unique_visitors, re_entries, unique_staff = known[0] if known and looked else (None, None, None)
    window_s = float(Window.model_fields["window_s"].default)
    return DayReport(
        day,
        tuple(
            LineDay(line, came, went, staff_in, staff_out, balances[line].inside, balances[line].never_came_in)
            for line, came, went, staff_in, staff_out in crossed
        ),
        _zones(ledger, bound),
        tuple(CameraDay(c, s, n, round(max(0.0, n * window_s - s), 3), most) for c, s, n, most in seen),
        unique_visitors,
        re_entries,
        unique_staff,
        ledger.pending_count(),
    )


def _zones(ledger: Ledger, bound: tuple[str]) -> tuple[ZoneDay, ...]:
    stays: dict[str, list[float]] = {}
    staff: dict[str, int] = {}
    for zone_id, dwell_s, is_staff in ledger.rows(
        "SELECT zone_id, dwell_s, staff FROM visits WHERE business_day = ? ORDER BY zone_id", bound
    ):
        stays.setdefault(zone_id, [])
        if is_staff:
            staff[zone_id] = staff.get(zone_id, 0) + 1
        else:
            stays[zone_id].append(dwell_s)
    return tuple(
        ZoneDay(zone_id, len(times), median(times) if times else None, staff.get(zone_id, 0))
        for zone_id, times in stays.items()
    )


def days_kept(ledger: Ledger) -> tuple[date, ...]:
    """Business days of which there are windows, in order; found by the index, not by looking through all windows."""
    return tuple(date.fromisoformat(day) for (day,) in ledger.rows(_DAYS))


def hours_missing(report: DayReport, length: timedelta) -> float:
    """Hours of the day that no camera's windows cover, of `length` from the day's beginning to now."""
    most = max((camera.observed_s for camera in report.cameras), default=0.0)
    return max(0.0, length.total_seconds() - most) / 3600
