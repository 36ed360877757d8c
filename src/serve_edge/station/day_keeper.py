"""The business day: its visitors, its heat, and what is kept of both when it ends."""

import logging
import secrets
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta

from dongsun.serve_edge.ledger.batch import DayVisitors, LedgerBatch
from dongsun.serve_edge.ledger.ledger import Ledger
from dongsun.serve_edge.ledger.ledger_errors import LedgerWriteError
from dongsun.serve_edge.ledger.ledger_writer import LedgerWriter
from dongsun.serve_edge.ledger.line_balance import LineBalance, line_balances
from dongsun.serve_edge.pipeline.floor_heat import FloorHeat
from dongsun.serve_edge.pipeline.gallery import Gallery
from dongsun.serve_edge.station.station_settings import RetentionSettings

_LOG = logging.getLogger(__name__)


class DayKeeper:
    """Holds the gallery of the business day, and begins a new one when the day changes.

    Args:
        ledger: Where the days are.
        writer: To it.
        heat: Of all cameras.
        new_gallery: Makes an empty one, with ids that mean nothing.
        now_utc: The wall clock.

    Attributes:
        day: The business day.
        gallery: Its visitors.
        drift: By how much each line's occupancy was wrong when the day before ended.
    """

    def __init__(
        self,
        ledger: Ledger,
        writer: LedgerWriter,
        heat: FloorHeat,
        new_gallery: Callable[[], Gallery],
        now_utc: datetime,
    ) -> None:
        self._ledger, self._writer, self._heat, self._new_gallery = ledger, writer, heat, new_gallery
        self.day = ledger.calendar.day_of(now_utc)
        self.gallery = new_gallery()
        self._before = self._known(self.day)
        self.drift = self._drift_of_yesterday()
        self._drift_told = True

    def turn(self, now_utc: datetime) -> bool:
        """Begins a new day if it's time; whether it did: cameras then need the new gallery."""
        day = self._ledger.calendar.day_of(now_utc)
        if day == self.day:
            return False
        _LOG.info("business day %s begins", day)
        self._write_day()
        self.day, self.gallery = day, self._new_gallery()
        self._before = self._known(day)
        self._drift_told = False  # in a minute: cameras are still writing what they counted until now
        return True

    def keep_house(self, now_utc: datetime, retention: RetentionSettings) -> None:
        """Writes what the day has come to, and forgets what is too old; to be called every minute."""
        self._write_day()
        self._tell_drift()
        try:
            self._ledger.retain(
                now_utc,
                events_days=retention.events_days,
                windows_days=retention.windows_days,
                sent_days=retention.sent_days,
            )
        except LedgerWriteError as error:
            # The writer makes room and says so in the station's health; what is too old goes in a minute's time.
            _LOG.warning("no room even to forget: %s", error)

    def _write_day(self) -> None:
        day, staff = str(self.day), self.gallery.staff.known
        # All of the day's staff again: a camera may have named a crossing just before another found out.
        if staff:
            self._writer.write(LedgerBatch(staff_visitors=staff, staff_day=day))
        visitors = self._visitors(len(staff))
        self._writer.write(LedgerBatch(heat=self._heat.drain(), heat_day=day, visitors=((day, visitors),)))

    def _tell_drift(self) -> None:
        """Occupancy began with nobody when the day did; what was left over then was wrong, and is said."""
        if self._drift_told:
            return
        self.drift, self._drift_told = self._drift_of_yesterday(), True
        for line in self.drift:
            if line.inside or line.never_came_in:
                _LOG.warning(
                    "the day that is over had drifted at line %s: %d left uncounted, %d came in uncounted; the new day "
                    "began with nobody inside",
                    line.line_id,
                    line.inside,
                    line.never_came_in,
                )

    def _drift_of_yesterday(self) -> tuple[LineBalance, ...]:
        return line_balances(self._ledger, self.day - timedelta(days=1))

    def _visitors(self, staff: int) -> DayVisitors:
        rows = self._ledger.rows(
            "SELECT count(*) FROM crossings WHERE business_day = ? AND direction = 'in' AND visitor_id IS NOT NULL "
            "AND NOT staff GROUP BY visitor_id HAVING count(*) > 1",
            (str(self.day),),
        )
        returns = sum(int(count) - 1 for (count,) in rows)
        before = self._before
        visitors = max(0, self.gallery.count - staff)
        return DayVisitors(before.unique_visitors + visitors, returns, before.unique_staff + staff)

    def _known(self, day: date) -> DayVisitors:
        rows = self._ledger.rows(
            "SELECT unique_visitors, re_entries, unique_staff FROM days WHERE business_day = ?", (str(day),)
        )
        return DayVisitors(*rows[0]) if rows else DayVisitors(0, 0, 0)


def meaningless_ids() -> Iterator[int]:
    """Visitors' ids, drawn anew each day: they tell two visitors of a day apart, and nothing else."""
    while True:
        yield secrets.randbits(53) or 1
