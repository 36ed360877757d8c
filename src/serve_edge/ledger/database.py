"""Opening the ledger's file: key, journal, migrations, integrity."""

from pathlib import Path

import apsw
from pydantic import SecretStr

from dongsun.contract.errors import DongsunError
from dongsun.serve_edge.ledger.ledger_errors import DamagedFileError, LedgerFullError, has_no_room
from dongsun.serve_edge.ledger.migrations import STEPS

BUSY_TIMEOUT_MS = 5_000
JOURNAL_PAGES = 256
"""The journal (WAL) is folded into the file at this length, 1 MB: on a small disk it must not take what is left."""


def open_database(path: Path, key: SecretStr | None, most_bytes: int | None) -> apsw.Connection:
    """Opens (or creates) the ledger's database, migrated to this version.

    Args:
        path: The file; its folder must exist.
        key: Encrypts the file at rest (SQLite3 Multiple Ciphers' default, ChaCha20-Poly1305); None leaves it plain.
        most_bytes: The file may not grow beyond this; None is no limit.

    Raises:
        DamagedFileError: It is damaged.
        DongsunError: Another key, no database, made by a newer version, or not writable.
        LedgerFullError: There is no room even to open it.
    """
    try:
        connection = apsw.Connection(str(path))
        connection.set_busy_timeout(BUSY_TIMEOUT_MS)
        if key is not None:
            connection.pragma("key", key.get_secret_value())
        connection.pragma("user_version")  # the first read tells whether the key fits
        _settle(connection, most_bytes)
        _migrate(connection, path)
    except apsw.NotADBError as error:
        raise _unusable(
            path,
            "a file that can't be read with this key" if key else "a file that is no plain database",
            "give the key that it was made with, or move the file away to begin a new one",
        ) from error
    except (apsw.CantOpenError, apsw.ReadOnlyError) as error:
        raise _unusable(path, str(error), "create its folder and let the station's user write there") from error
    except apsw.CorruptError as error:
        raise DamagedFileError(
            expected="the station's ledger",
            got=f"a damaged file ({error})",
            where=str(path),
            mend="start the station: it sets the file aside, begins a new one and copies what can be read",
        ) from error
    except (apsw.FullError, apsw.IOError, apsw.BusyError) as error:
        if has_no_room(error):
            raise LedgerFullError(str(error)) from error
        raise _unusable(path, str(error), "see whether the disk is well and no other program holds the file") from error
    return connection


def _settle(connection: apsw.Connection, most_bytes: int | None) -> None:
    connection.pragma("journal_mode", "wal")
    connection.pragma("synchronous", "FULL")  # a commit outlives a power cut, not only a kill
    connection.pragma("foreign_keys", True)
    connection.pragma("wal_autocheckpoint", JOURNAL_PAGES)
    connection.pragma("journal_size_limit", JOURNAL_PAGES * int(connection.pragma("page_size")))
    if most_bytes is not None:
        connection.pragma("max_page_count", max(1, most_bytes // int(connection.pragma("page_size"))))


def _migrate(connection: apsw.Connection, path: Path) -> None:
    seen = int(connection.pragma("user_version"))
    if seen > len(STEPS):
        raise _unusable(path, f"version {seen}", f"run the newer dongsun that made it; this one knows {len(STEPS)}")
    for version in range(seen, len(STEPS)):
        with connection:
            connection.execute(STEPS[version])
            connection.pragma("user_version", version + 1)


def _unusable(path: Path, got: str, mend: str) -> DongsunError:
    return DongsunError(expected="the station's ledger", got=got, where=str(path), mend=mend)
