"""Writing to and reading from the ledger."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any

import apsw
from pydantic import SecretStr

from dongsun.contract.business_day import BusinessCalendar
from dongsun.contract.clock import iso_utc, utc_now
from dongsun.serve_edge.ledger.batch import LedgerBatch, Message, OutboxItem
from dongsun.serve_edge.ledger.damaged_files import DamagedFiles
from dongsun.serve_edge.ledger.database import open_database
from dongsun.serve_edge.ledger.ledger_errors import (
    DAMAGED,
    DamagedFileError,
    LedgerDamagedError,
    LedgerFullError,
    LedgerWriteError,
    has_no_room,
)
from dongsun.serve_edge.ledger.room import ROOM_STEPS
from dongsun.serve_edge.ledger.rows import crossing_row, visit_row, window_row
from dongsun.serve_edge.ledger.salvage import Salvage

_LOG = logging.getLogger(__name__)

_REFUSED = (apsw.IOError, apsw.BusyError, apsw.LockedError, apsw.ReadOnlyError, apsw.CantOpenError)
"""What a disk, or a program beside this one, may do to a write; the same write may pass later."""

_MOST_ASIDE = 3
"""Damaged files beside the ledger: a disk that makes more of them is dying, and each takes room."""
_SLACK_PAGES = 16
_DAYS_THAT_PROVE = 3
_NEWEST_DAYS = """
WITH RECURSIVE known(day) AS (
  SELECT max(business_day) FROM windows
  UNION ALL SELECT (SELECT max(business_day) FROM windows WHERE business_day < day) FROM known WHERE day IS NOT NULL
  LIMIT ?)
SELECT day FROM known WHERE day IS NOT NULL"""
Bindings = tuple[object, ...] | dict[str, object]
"""Of a query: by place or by name."""


class Ledger:
    """The station's truth in one SQLite file (WAL), safe to use from several threads.

    What `append` has returned from survives a kill and a power cut. Everything has an idempotency key: writing it again
    changes nothing. Messages are put into the outbox in the transaction of the facts that they tell.

    A file found damaged is set aside, if this is the ledger of whoever looks after it: a new one is begun at once, and
    `salvage` copies into it what can still be read.

    Args:
        path: The file.
        calendar: Of the store: it says to which business day an instant belongs.
        key: Encrypts the file at rest.
        most_bytes: Limit of the file's size.
        mends: Sets a damaged file aside; a report beside a running station must not.

    Attributes:
        begun_anew: How often the file was found damaged since it was opened.
        salvaged: Rows copied from damaged files since then.

    Raises:
        DongsunError: The file can't be used; see `open_database`.
        LedgerFullError: There is no room even to open it.
    """

    def __init__(
        self,
        path: Path,
        calendar: BusinessCalendar,
        key: SecretStr | None = None,
        most_bytes: int | None = None,
        *,
        mends: bool = False,
    ) -> None:
        self.calendar = calendar
        self._path, self._key, self._most_bytes, self._mends = path, key, most_bytes, mends
        self._lock = threading.Lock()
        self._aside = DamagedFiles(path)
        self._salvages = [Salvage(each, key) for each in self._aside.unfinished()] if mends else []
        self.begun_anew = self.salvaged = 0
        try:
            self._open()
            for salvage in self._salvages:
                self._make_way(salvage, utc_now())
        except DamagedFileError as error:
            if not mends:
                raise
            try:
                self._begin_anew(None)
            except LedgerDamagedError as hopeless:
                raise DamagedFileError(
                    expected=error.expected, got=str(hopeless), where=str(path), mend="copy the folder elsewhere first"
                ) from hopeless

    def __enter__(self) -> "Ledger":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the file."""
        with self._lock:
            self._db.close()

    def append(self, batch: LedgerBatch, now_utc: datetime) -> None:
        """Writes a batch: all of it or nothing.

        Args:
            batch: The facts.
            now_utc: When its messages were created.

        Raises:
            LedgerFullError: There is no room.
            LedgerWriteError: The disk refuses, or another program holds the file.
        """
        with self._transaction():
            self._write_facts(batch)
            self._write_outbox(batch.messages, now_utc)

    def pending(self, limit: int) -> list[OutboxItem]:
        """The oldest messages that nobody has acknowledged yet; none while older ones may still be salvaged."""
        found = self._rows(
            "SELECT sequence, idempotency_key, kind, body, created_at_utc FROM outbox WHERE sent_at_utc IS NULL "
            "ORDER BY sequence LIMIT ?",
            (limit,),
        )
        # Asked afterwards: the ledger may have begun anew, and taken newer messages, just before.
        if any(salvage.has_messages for salvage in self._salvages):
            return []
        return [OutboxItem(int(s), Message(str(k), str(kind), str(body)), str(at)) for s, k, kind, body, at in found]

    def pending_count(self) -> int:
        """How many messages wait."""
        return int(self._rows("SELECT count(*) FROM outbox WHERE sent_at_utc IS NULL")[0][0])

    def mark_sent(self, sequences: list[int], at_utc: datetime) -> None:
        """The receiver has acknowledged these."""
        with self._transaction():
            self._db.executemany(
                "UPDATE outbox SET sent_at_utc = ? WHERE sequence = ? AND sent_at_utc IS NULL",
                [(iso_utc(at_utc), sequence) for sequence in sequences],
            )

    def retain(self, now_utc: datetime, *, events_days: int = 90, windows_days: int = 400, sent_days: int = 7) -> None:
        """Forgets what is too old, and everything that identifies beyond the business day.

        A wall clock that is years ahead for a day or two costs no history: what is too old is told by days that were
        counted, not by the clock alone.

        Args:
            now_utc: The wall clock.
            events_days: Crossings and visits are kept so long …
            windows_days: … windows, heat and days so long …
            sent_days: … and sent messages so long, for a receiver that lost its own.
        """
        today = self.calendar.day_of(now_utc)
        proven = self._proven_day(today)
        events, windows = (str(proven - timedelta(days=days)) for days in (events_days, windows_days))
        with self._transaction():
            for table in ("crossings", "visits"):
                self._db.execute(f"DELETE FROM {table} WHERE business_day < ?", (events,))
                self._db.execute(
                    f"UPDATE {table} SET visitor_id = NULL, track_id = 0 WHERE business_day < ? AND "
                    "(visitor_id IS NOT NULL OR track_id <> 0)",
                    (str(today),),
                )
            for table in ("windows", "heat", "days"):
                self._db.execute(f"DELETE FROM {table} WHERE business_day < ?", (windows,))
            self._db.execute(
                "DELETE FROM outbox WHERE sent_at_utc < ?", (iso_utc(now_utc - timedelta(days=sent_days)),)
            )
        try:
            self._aside.forget(now_utc - timedelta(days=1))
        except OSError as error:
            raise LedgerWriteError(str(error)) from error

    def _proven_day(self, today: date) -> date:
        """Today, but no more than three days after the third newest day that was counted."""
        newest = [date.fromisoformat(day) for (day,) in self._rows(_NEWEST_DAYS, (_DAYS_THAT_PROVE,))]
        if len(newest) < _DAYS_THAT_PROVE:
            return min([today, *newest])
        return min(today, newest[-1] + timedelta(days=_DAYS_THAT_PROVE))

    def salvage(self, for_s: float) -> None:
        """Goes on copying from damaged files for so long, a step at least; to be called every second.

        Raises:
            LedgerWriteError: The disk refuses; the same rows are tried again.
        """
        until_s = time.monotonic() + for_s
        while self._salvages:
            salvage = self._salvages[0]
            try:
                with self._transaction():
                    goes_on = salvage.step(self._db)
            except LedgerFullError as error:
                _LOG.error("no room for what is left in %s: %s", salvage.damaged.name, error)
                goes_on = False
            else:
                self.salvaged += salvage.advance()
            if not goes_on:
                self._finish(salvage)
            if time.monotonic() >= until_s:
                return

    def may_grow(self, more_bytes: int) -> None:
        """The file may take so much more of the disk, and never more than its own limit; what is full then is the file,
        in which old rows can still be deleted, and not the disk, on which nothing can be written at all."""
        with self._lock, self._mended(), _told():
            pages = int(self._db.pragma("page_count")) + max(0, more_bytes) // self._page_bytes
            self._db.pragma("max_page_count", min(self._most_pages, pages))

    def fold_journal(self) -> None:
        """Folds the journal into the file, so that the disk has its room again.

        Raises:
            LedgerFullError: There is no room for it in the file.
            LedgerWriteError: The disk refuses.
        """
        with self._lock, self._mended(), _told():
            self._db.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)

    def make_room(self) -> int:
        """Deletes the oldest rows, so that the file has room for newer ones: a few, since deleting needs some room too.

        First what was sent; then days that are over, events before windows; then messages that nobody has had yet; then
        today, windows last.

        Returns:
            How many rows went; 0 if there are none left.

        Raises:
            LedgerFullError: There isn't even room to delete.
            LedgerWriteError: The disk refuses.
        """
        for step in ROOM_STEPS:
            with self._transaction():
                # A tree that loses rows may need a page more before it gives some back.
                self._db.pragma("max_page_count", int(self._db.pragma("page_count")) + _SLACK_PAGES)
                self._db.execute(step)
                gone = self._db.changes()
            if gone:
                self.fold_journal()
                return gone
        return 0

    def rows(self, query: str, bindings: Bindings = ()) -> list[tuple[Any, ...]]:
        """The rows of a reading query; for reports."""
        return self._rows(query, bindings)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """All or nothing. SQLite itself rolls back when the disk is full, so that ours may find nothing to undo."""
        with self._lock, self._mended(), _told():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def _rows(self, query: str, bindings: Bindings = ()) -> list[tuple[Any, ...]]:
        with self._lock:
            try:
                return list(self._db.execute(query, bindings))
            except DAMAGED as error:
                if not self._mends:
                    raise DamagedFileError(
                        expected="the station's ledger",
                        got=f"a damaged file ({error})",
                        where=str(self._path),
                        mend="let the station run: it begins a new one as soon as it meets the damage",
                    ) from error
                self._begin_anew(self._db)
                return list(self._db.execute(query, bindings))

    def _open(self) -> None:
        self._db = open_database(self._path, self._key, self._most_bytes)
        self._page_bytes = int(self._db.pragma("page_size"))
        self._most_pages = int(self._db.pragma("max_page_count"))

    @contextmanager
    def _mended(self) -> Iterator[None]:
        """Nothing was written to a damaged file; the next write finds a new one."""
        try:
            yield
        except LedgerDamagedError:
            if self._mends:
                self._begin_anew(self._db)
            raise

    def _begin_anew(self, damaged: apsw.Connection | None) -> None:
        """Sets the file aside, unless that has happened too often, and begins a new one."""
        if len(self._aside.kept()) >= _MOST_ASIDE:
            raise LedgerDamagedError(f"damaged {_MOST_ASIDE + 1} times in a day or two: replace the disk")
        now_utc = utc_now()
        try:
            salvage = Salvage(self._aside.set_aside(now_utc), self._key)
        except OSError as error:
            raise LedgerDamagedError(f"it can't be set aside: {error}") from error
        if damaged is not None:
            damaged.close(True)
        _LOG.error("the ledger was damaged: %s is set aside, a new one begun", salvage.damaged.name)
        self._open()
        self.begun_anew += 1
        self._salvages.append(salvage)
        self._make_way(salvage, now_utc)

    def _make_way(self, salvage: Salvage, now_utc: datetime) -> None:
        """What a new file must hold before anything else is written; a kill in between is made good at the start."""
        with _told(), self._db:
            if not list(self._db.execute("SELECT 1 FROM sqlite_sequence WHERE name = 'outbox'")):
                # New messages come after all that are salvaged, also where the clock has been set back.
                newest = max(int(now_utc.timestamp() * 1000), salvage.newest_sequence())
                self._db.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('outbox', ?)", (newest,))
            salvage.copy_heat_of(str(self.calendar.day_of(now_utc)), self._db)

    def _finish(self, salvage: Salvage) -> None:
        self._aside.finish(salvage.damaged)
        self._salvages.remove(salvage)
        lost = f"; parts of {', '.join(sorted(salvage.incomplete))} can't be read" if salvage.incomplete else ""
        _LOG.warning("%d rows were copied from %s%s", salvage.copied, salvage.damaged.name, lost)

    def _write_facts(self, batch: LedgerBatch) -> None:
        calendar = self.calendar
        self._db.executemany(
            "INSERT OR IGNORE INTO crossings VALUES (?,?,?,?,?,?,?,?,?,?)",
            [crossing_row(crossing, calendar) for crossing in batch.crossings],
        )
        self._db.executemany(
            "INSERT OR IGNORE INTO visits VALUES (?,?,?,?,?,?,?,?,?,?)",
            [visit_row(visit, calendar) for visit in batch.visits],
        )
        for table in ("crossings", "visits"):
            self._db.executemany(
                f"UPDATE {table} SET visitor_id = ?, staff = max(staff, ?) "
                "WHERE idempotency_key = ? AND visitor_id IS NULL",
                [(event.visitor_id, int(event.staff), event.idempotency_key) for event in batch.named],
            )
            self._db.executemany(
                f"UPDATE {table} SET staff = 1 WHERE business_day = ? AND visitor_id = ? AND NOT staff",
                [(batch.staff_day, visitor_id) for visitor_id in batch.staff_visitors],
            )
        self._db.executemany(
            "INSERT OR IGNORE INTO windows VALUES (?,?,?,?,?,?,?)",
            [window_row(window, calendar) for window in batch.windows],
        )
        self._db.executemany(
            "INSERT INTO heat VALUES (?,?,?,?,?) ON CONFLICT DO UPDATE SET seconds = seconds + excluded.seconds",
            [(batch.heat_day, cell.hour, cell.x_cell, cell.y_cell, cell.seconds) for cell in batch.heat],
        )
        self._db.executemany(
            "INSERT OR REPLACE INTO days VALUES (?,?,?,?)",
            [(of, v.unique_visitors, v.re_entries, v.unique_staff) for of, v in batch.visitors],
        )

    def _write_outbox(self, messages: tuple[Message, ...], now_utc: datetime) -> None:
        self._db.executemany(
            "INSERT OR IGNORE INTO outbox (idempotency_key, kind, body, created_at_utc) VALUES (?,?,?,?)",
            [(m.idempotency_key, m.kind, m.body, iso_utc(now_utc)) for m in messages],
        )


@contextmanager
def _told() -> Iterator[None]:
    """SQLite's errors in the words of whoever writes."""
    try:
        yield
    except DAMAGED as error:
        raise LedgerDamagedError(str(error)) from error
    except (apsw.FullError, *_REFUSED) as error:
        raise (LedgerFullError if has_no_room(error) else LedgerWriteError)(str(error)) from error
