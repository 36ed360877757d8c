"""Why something could not be written now; whoever writes keeps it and tries again."""

import apsw


class LedgerWriteError(Exception):
    """Nothing of it was written: the disk refuses, or another program holds the file."""


class LedgerFullError(LedgerWriteError):
    """Nothing of it was written: the disk (or the file's limit) has no room."""


def has_no_room(error: apsw.Error) -> bool:
    """Whether SQLite says that there is no room; of the index of its journal it says so in other words."""
    return isinstance(error, apsw.FullError) or getattr(error, "extendedresult", 0) == apsw.SQLITE_IOERR_SHMSIZE
