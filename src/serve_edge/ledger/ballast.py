"""Room kept for the moment when the disk is full: SQLite can't even delete without some."""

import os
import shutil
from pathlib import Path

BALLAST_BYTES = 8_000_000


class Ballast:
    """A file that is there to be given up.

    Args:
        folder: On the ledger's disk.
        size_bytes: 0 keeps none.
    """

    def __init__(self, folder: Path, size_bytes: int = BALLAST_BYTES) -> None:
        self._path, self._size_bytes = folder / "ballast", size_bytes

    def free_bytes(self) -> int:
        """Of the disk."""
        return shutil.disk_usage(self._path.parent).free

    def lay(self) -> None:
        """Takes the room, unless it's taken already, or as much again wouldn't be left for the ledger itself."""
        if not self._size_bytes or self._path.exists():
            return
        try:
            if self.free_bytes() < 2 * self._size_bytes:
                return
            with self._path.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, self._size_bytes)
        except OSError:
            self._path.unlink(missing_ok=True)  # no room for it now; tried again after the next write

    def give_up(self) -> bool:
        """Frees the room; whether there was any."""
        if not self._path.exists():
            return False
        self._path.unlink()
        return True
