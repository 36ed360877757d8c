"""What is written to the ledger at once, and what waits in it to be sent."""

from dataclasses import dataclass

from dongsun.contract.observations import Crossing, Window, ZoneVisit


@dataclass(frozen=True)
class HeatCell:
    """How long visitors stood in one cell of the floor.

    Attributes:
        hour: Local hour of the day.
        x_cell: Floor x in metres over the cell's size, rounded down.
        y_cell: Floor y likewise.
        seconds: To be added.
    """

    hour: int
    x_cell: int
    y_cell: int
    seconds: float


@dataclass(frozen=True)
class DayVisitors:
    """What is known of a business day's visitors so far; it replaces what was known before.

    Attributes:
        unique_visitors: Different people, staff apart.
        re_entries: Times that one of them came back in.
        unique_staff: Different people taken for staff.
    """

    unique_visitors: int
    re_entries: int
    unique_staff: int


@dataclass(frozen=True)
class Message:
    """Something to be sent upstream.

    Attributes:
        idempotency_key: The receiver keeps one of each.
        kind: `window` or `health`.
        body: JSON text.
    """

    idempotency_key: str
    kind: str
    body: str


@dataclass(frozen=True)
class NamedEvent:
    """Whose crossing or visit it was, once that is known.

    Attributes:
        idempotency_key: Of an event kept without a visitor.
        visitor_id: Day-scoped.
        staff: Whether the visitor is taken for staff.
    """

    idempotency_key: str
    visitor_id: int
    staff: bool


@dataclass(frozen=True)
class LedgerBatch:
    """Written in one transaction: all of it or nothing.

    Attributes:
        crossings: Of any camera.
        visits: Of any camera.
        windows: Closed ones.
        heat: Seconds to add; not idempotent by itself, so it goes with the windows of the same time.
        heat_day: The business day of `heat`, ISO date; needed with it.
        visitors: Business day (ISO date) → what is known of it.
        messages: For the outbox.
        named: Events kept earlier without a visitor, who is now known.
        staff_visitors: Visitors who turned out to be staff; all that is kept of them on `staff_day` is flagged, what
            this batch brings too.
        staff_day: The business day of `staff_visitors`, ISO date; needed with it.
    """

    crossings: tuple[Crossing, ...] = ()
    visits: tuple[ZoneVisit, ...] = ()
    windows: tuple[Window, ...] = ()
    heat: tuple[HeatCell, ...] = ()
    heat_day: str | None = None
    visitors: tuple[tuple[str, DayVisitors], ...] = ()
    messages: tuple[Message, ...] = ()
    named: tuple[NamedEvent, ...] = ()
    staff_visitors: tuple[int, ...] = ()
    staff_day: str | None = None


@dataclass(frozen=True)
class OutboxItem:
    """A message that waits to be sent.

    Attributes:
        sequence: Ascending in the order of writing; messages are sent in this order.
        message: What to send.
        created_at_utc: ISO 8601.
    """

    sequence: int
    message: Message
    created_at_utc: str
