"""The business day: when a store's day begins, by its own clock on the wall."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from dongsun.contract.store import StoreConfig


@dataclass(frozen=True)
class BusinessCalendar:
    """Tells to which business day an instant belongs. A day is 23 or 25 hours long where clocks change.

    Attributes:
        timezone: IANA name.
        starts: Local time of day.
    """

    timezone: str
    starts: time

    @classmethod
    def of(cls, store: StoreConfig) -> "BusinessCalendar":
        """A store's calendar."""
        return cls(store.timezone, time.fromisoformat(store.business_day_starts))

    def day_of(self, instant_utc: datetime) -> date:
        """The business day of an aware instant."""
        local = instant_utc.astimezone(ZoneInfo(self.timezone))
        # Bounds are compared in UTC: in the hour that clocks repeat, the time of day alone doesn't tell.
        candidate = local.date()
        return candidate if instant_utc >= self.begins_utc(candidate) else candidate - timedelta(days=1)

    def begins_utc(self, day: date) -> datetime:
        """When a business day begins; a time of day that clocks skip counts as if they hadn't been changed yet."""
        return datetime.combine(day, self.starts, ZoneInfo(self.timezone)).astimezone(UTC)

    def ends_utc(self, day: date) -> datetime:
        """When it ends: the next one's beginning."""
        return self.begins_utc(day + timedelta(days=1))

    def hour_of(self, instant_utc: datetime) -> int:
        """The local hour of the day, 0 to 23."""
        return instant_utc.astimezone(ZoneInfo(self.timezone)).hour
