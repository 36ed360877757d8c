"""Writing to and reading from the ledger."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any

import apsw
from pydantic import SecretStr

from dongsun.contract.business_day import BusinessCalendar
from dongsun.contract.clock import iso_utc
from dongsun.serve_edge.ledger.batch import LedgerBatch, Message, OutboxItem
from dongsun.serve_edge.ledger.database import open_database
from dongsun.serve_edge.ledger.rows import crossing_row, visit_row, window_row


class LedgerFullError(Exception):
    """The disk (or the file's limit) has no room; nothing of the batch was written."""


class Ledger:
    """The station's truth in one SQLite file (WAL), safe to use from several threads.

    What `append` has returned from survives a kill and a power cut. Everything has an idempotency key: writing it again
    changes nothing. Messages are put into the outbox in the transaction of the facts that they tell.

    Args:
        path: The file.
        calendar: Of the store: it says to which business day an instant belongs.
        key: Encrypts the file at rest.
        most_bytes: Limit of the file's size.

    Raises:
        DongsunError: The file can't be used; see `open_database`.
    """

    def __init__(
        self, path: Path, calendar: BusinessCalendar, key: SecretStr | None = None, most_bytes: int | None = None
    ) -> None:
        self.calendar = calendar
        self._lock = threading.Lock()
        self._db = open_database(path, key, most_bytes)

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
        """
        with self._transaction():
            self._write_facts(batch)
            self._write_outbox(batch.messages, now_utc)

    def pending(self, limit: int) -> list[OutboxItem]:
        """The oldest messages that nobody has acknowledged yet."""
        found = self._rows(
            "SELECT sequence, idempotency_key, kind, body, created_at_utc FROM outbox WHERE sent_at_utc IS NULL "
            "ORDER BY sequence LIMIT ?",
            (limit,),
        )
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

        Args:
            now_utc: The wall clock.
            events_days: Crossings and visits are kept so long …
            windows_days: … windows, heat and days so long …
            sent_days: … and sent messages so long, for a receiver that lost its own.
        """
        today = self.calendar.day_of(now_utc)
        events, windows = (str(today - timedelta(days=days)) for days in (events_days, windows_days))
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

    def make_room(self) -> int:
        """Frees pages inside the file when it's full: sent messages, then the oldest day of events, then of windows.

        Returns:
            How many rows went.

        Raises:
            LedgerFullError: There isn't even room to delete.
        """
        steps = (
            "DELETE FROM outbox WHERE sent_at_utc IS NOT NULL",
            "DELETE FROM visits WHERE business_day = (SELECT min(business_day) FROM visits)",
            "DELETE FROM crossings WHERE business_day = (SELECT min(business_day) FROM crossings)",
            "DELETE FROM heat WHERE business_day = (SELECT min(business_day) FROM heat)",
            # The oldest half of the windows and messages: the newest are what anybody still waits for.
            "DELETE FROM windows WHERE starts_at_utc <= (SELECT starts_at_utc FROM windows ORDER BY starts_at_utc "
            "LIMIT 1 OFFSET (SELECT count(*) / 2 FROM windows))",
            "DELETE FROM outbox WHERE sequence <= (SELECT (min(sequence) + max(sequence)) / 2 FROM outbox)",
        )
        try:
            for step in steps:
                with self._transaction():
                    self._db.execute(step)
                    gone = self._db.changes()
                if gone:
                    with self._lock:
                        self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                    return gone
        except (apsw.FullError, apsw.IOError) as error:
            raise LedgerFullError(str(error)) from error
        return 0

    def rows(self, query: str, bindings: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        """The rows of a reading query; for reports."""
        return self._rows(query, bindings)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """All or nothing. SQLite itself rolls back when the disk is full, so that ours may find nothing to undo."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException as error:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                if isinstance(error, (apsw.FullError, apsw.IOError)):
                    raise LedgerFullError(str(error)) from error
                raise

    def _rows(self, query: str, bindings: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        with self._lock:
            return list(self._db.execute(query, bindings))

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
