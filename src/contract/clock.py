"""UTC, stated once."""

from datetime import UTC, datetime


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
