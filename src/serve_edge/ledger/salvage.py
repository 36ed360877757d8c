"""What can still be read of a damaged ledger."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import apsw
from pydantic import SecretStr

from dongsun.serve_edge.ledger.migrations import STEPS

Row = tuple[object, ...]
_ROWS = 500
"""Copied at once: some 10 ms."""
_UNSENT = ("outbox", "WHERE sent_at_utc IS NULL", "sequence")
_OTHERS = (
    ("crossings", "", "idempotency_key"),
    ("visits", "", "idempotency_key"),
    ("days", "", "business_day"),
    ("windows", "", "idempotency_key"),
    ("heat", "", "business_day"),
    ("outbox", "WHERE sent_at_utc IS NOT NULL", "sequence"),
)
"""Table, which of its rows, in which order: what upstream waits for comes first, what it has had last."""


class Salvage:
    """Copies rows of a damaged ledger into the one begun anew, a few at a time.

    Each table is read from its beginning until damage is met, then from its end; what lies between two damages is lost.
    What the new ledger has already stays as it is there, so that copying may begin again at any time.

    Args:
        damaged: The file that was set aside; it is only read.
        key: That it was made with.

    Attributes:
        damaged: The file.
        copied: Rows so far.
        incomplete: Tables in which damage was met.
        has_messages: Messages that nobody has acknowledged may still come; newer ones must wait for them.
    """

    def __init__(self, damaged: Path, key: SecretStr | None) -> None:
        self.damaged, self._key = damaged, key
        self.copied = 0
        self.incomplete: set[str] = set()
        self.has_messages = True
        self._chunks = self._all()
        self._chunk: tuple[str, list[Row]] | None = None
        self._new = 0

    def copy_heat_of(self, business_day: str, into: apsw.Connection) -> None:
        """Copies a day's heat at once, since its seconds go on being added to."""
        for table, rows in self._read((("heat", f"WHERE business_day = '{business_day}'", "hour"),)):
            _insert(into, table, rows)

    def newest_sequence(self) -> int:
        """Of the messages ever put into its outbox; 0 where that can't be read."""
        try:
            with closing(self._opened()) as connection:
                found = list(connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'outbox'"))
        except apsw.Error:
            return 0
        return int(found[0][0]) if found else 0

    def step(self, into: apsw.Connection) -> bool:
        """Copies some rows within the caller's transaction; False if there were no more.

        The same rows again, until `advance` says that the transaction passed.
        """
        self._chunk = self._chunk or next(self._chunks, None)
        if self._chunk is None:
            return False
        self._new = _insert(into, *self._chunk)
        return True

    def advance(self) -> int:
        """The rows of the last step are written; how many of them the new ledger didn't have."""
        new, self._new, self._chunk = self._new, 0, None
        self.copied += new
        return new

    def _all(self) -> Iterator[tuple[str, list[Row]]]:
        yield from self._read((_UNSENT,))
        self.has_messages = False
        yield from self._read(_OTHERS)

    def _read(self, parts: tuple[tuple[str, str, str], ...]) -> Iterator[tuple[str, list[Row]]]:
        try:
            connection = self._opened()
        except apsw.Error:
            self.incomplete |= {table for table, *_ in parts}
            return
        with closing(connection):
            for part in parts:
                yield from self._read_part(connection, *part)

    def _read_part(
        self, connection: apsw.Connection, table: str, which: str, order: str
    ) -> Iterator[tuple[str, list[Row]]]:
        for direction in ("ASC", "DESC"):
            rows: list[Row] = []
            whole = True
            try:
                for row in connection.execute(f"SELECT * FROM {table} {which} ORDER BY {order} {direction}"):
                    rows.append(row)
                    if len(rows) == _ROWS:
                        yield table, rows
                        rows = []
            except apsw.Error:
                self.incomplete.add(table)
                whole = False
            if rows:  # those just before the damage, too
                yield table, rows
            if whole:
                return

    def _opened(self) -> apsw.Connection:
        connection = apsw.Connection(str(self.damaged), flags=apsw.SQLITE_OPEN_READWRITE)
        if self._key is not None:
            connection.pragma("key", self._key.get_secret_value())
        if int(connection.pragma("user_version")) != len(STEPS):
            connection.close()
            raise apsw.SchemaChangeError("it has other tables")
        return connection


def _insert(into: apsw.Connection, table: str, rows: list[Row]) -> int:
    before = into.total_changes()
    into.executemany(f"INSERT OR IGNORE INTO {table} VALUES ({','.join('?' * len(rows[0]))})", rows)
    return into.total_changes() - before
