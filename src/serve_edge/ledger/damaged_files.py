"""Ledger files that were damaged, set aside beside the new one."""

import os
from datetime import UTC, datetime
from pathlib import Path

_STAMP = "%Y%m%dT%H%M%S%fZ"
_DAMAGED, _SALVAGED = "damaged", "salvaged"


class DamagedFiles:
    """Set aside as `<ledger>-damaged-<UTC>.db`; once all that can be read is copied, `<ledger>-salvaged-<UTC>.db`.

    Args:
        path: The ledger's file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def set_aside(self, now_utc: datetime) -> Path:
        """Moves the ledger's file out of the way, with the journal that belongs to it; where to.

        The journal first: beside a new file it would be taken for that one's.
        """
        aside = self._named(_DAMAGED, now_utc.strftime(_STAMP))
        for ending in ("-wal", ""):
            source = Path(f"{self._path}{ending}")
            if source.exists():
                source.rename(f"{aside}{ending}")
        Path(f"{self._path}-shm").unlink(missing_ok=True)
        self._fsync()
        return aside

    def unfinished(self) -> list[Path]:
        """Those not yet copied to the end, oldest first."""
        return self._all(_DAMAGED)

    def finish(self, aside: Path) -> None:
        """All that can be read of this one is copied."""
        for ending in ("-wal", "-shm"):
            Path(f"{aside}{ending}").unlink(missing_ok=True)
        aside.rename(self._named(_SALVAGED, _stamp(aside)))
        self._fsync()

    def kept(self) -> list[Path]:
        """All that are still here, oldest first."""
        return sorted([*self._all(_DAMAGED), *self._all(_SALVAGED)], key=_stamp)

    def forget(self, before_utc: datetime) -> None:
        """Deletes salvaged ones set aside before then: they hold what must not outlive the business day."""
        for path in self._all(_SALVAGED):
            if datetime.strptime(_stamp(path), _STAMP).replace(tzinfo=UTC) < before_utc:
                path.unlink()

    def _named(self, what: str, stamp: str) -> Path:
        return self._path.with_name(f"{self._path.stem}-{what}-{stamp}{self._path.suffix}")

    def _all(self, what: str) -> list[Path]:
        return sorted(self._path.parent.glob(self._named(what, "*").name))

    def _fsync(self) -> None:
        handle = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _stamp(path: Path) -> str:
    return path.stem.rsplit("-", 1)[1]
