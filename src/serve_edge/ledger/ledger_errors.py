"""Why something could not be written now; whoever writes keeps it and tries again."""

import apsw

from dongsun.contract.errors import DongsunError

DAMAGED = (apsw.CorruptError, apsw.NotADBError)
"""What SQLite says of a damaged page; of an encrypted file's first page it says that this is no database."""


class LedgerWriteError(Exception):
    """Nothing of it was written: the disk refuses, or another program holds the file."""


class LedgerFullError(LedgerWriteError):
    """Nothing of it was written: the disk (or the file's limit) has no room."""


class LedgerDamagedError(LedgerWriteError):
    """Nothing of it was written: the file is damaged. A station's ledger begins anew, and the next write passes."""


class DamagedFileError(DongsunError):
    """The ledger's file is damaged."""


def has_no_room(error: apsw.Error) -> bool:
    """Whether SQLite says that there is no room; of the index of its journal it says so in other words."""
    return isinstance(error, apsw.FullError) or getattr(error, "extendedresult", 0) == apsw.SQLITE_IOERR_SHMSIZE
