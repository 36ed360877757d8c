"""Facts as rows of the ledger's tables, in the order of their columns."""

from dongsun.contract.business_day import BusinessCalendar
from dongsun.contract.clock import iso_utc
from dongsun.contract.observations import Crossing, Window, ZoneVisit

Row = tuple[str | int | float | None, ...]


def crossing_row(crossing: Crossing, calendar: BusinessCalendar) -> Row:
    """A row of `crossings`."""
    return (
        crossing.idempotency_key,
        str(calendar.day_of(crossing.crossed_at_utc)),
        crossing.camera_id,
        crossing.line_id,
        crossing.direction,
        iso_utc(crossing.crossed_at_utc),
        crossing.track_id,
        crossing.visitor_id,
        int(crossing.staff),
        crossing.bundle_version,
    )


def visit_row(visit: ZoneVisit, calendar: BusinessCalendar) -> Row:
    """A row of `visits`; a stay belongs to the day on which it began."""
    return (
        visit.idempotency_key,
        str(calendar.day_of(visit.entered_at_utc)),
        visit.camera_id,
        visit.zone_id,
        iso_utc(visit.entered_at_utc),
        visit.dwell_s,
        visit.track_id,
        visit.visitor_id,
        int(visit.staff),
        visit.bundle_version,
    )


def window_row(window: Window, calendar: BusinessCalendar) -> Row:
    """A row of `windows`, the whole window as JSON in its last column."""
    return (
        window.idempotency_key,
        str(calendar.day_of(window.starts_at_utc)),
        window.camera_id,
        iso_utc(window.starts_at_utc),
        window.observed_s,
        window.occupancy_max,
        window.model_dump_json(),
    )
