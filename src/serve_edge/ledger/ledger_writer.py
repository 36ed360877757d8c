"""What the running station writes through: it goes on counting when the disk is full, and says so."""

import logging
import os
import threading
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from dongsun.contract.clock import Clock
from dongsun.serve_edge.ledger.batch import LedgerBatch
from dongsun.serve_edge.ledger.ledger import Ledger, LedgerFullError

_LOG = logging.getLogger(__name__)
_BALLAST_BYTES = 8_000_000
_TRIES = 6


@dataclass(frozen=True)
class WriterHealth:
    """How writing goes.

    Attributes:
        full: The last batch didn't fit; those waiting are kept in memory.
        waiting: Batches kept in memory.
        lost: Batches that left the memory unwritten, the oldest first.
        made_room: Rows given up for newer ones.
    """

    full: bool
    waiting: int
    lost: int
    made_room: int


class LedgerWriter:
    """Writes batches in order and never blocks counting.

    A full disk: the ballast (a file kept for this moment) is given up so that SQLite can move at all, old rows are
    given up for new ones, and what still doesn't fit waits in memory, the newest `most_waiting` batches of it.

    Args:
        ledger: Where to.
        folder: Of the ballast, on the ledger's disk.
        clock: The station's.
        most_waiting: Batches kept in memory; an hour of windows of 15 seconds is 240.
        ballast_bytes: 0 keeps none.
    """

    def __init__(
        self,
        ledger: Ledger,
        folder: Path,
        clock: Clock,
        *,
        most_waiting: int = 240,
        ballast_bytes: int = _BALLAST_BYTES,
    ) -> None:
        self._ledger, self._clock = ledger, clock
        self._ballast, self._ballast_bytes = folder / "ballast", ballast_bytes
        self._waiting: deque[LedgerBatch] = deque()
        self._most_waiting = most_waiting
        self._full, self._lost, self._made_room = False, 0, 0
        self._lock = threading.Lock()
        self._lay_ballast()

    def write(self, batch: LedgerBatch) -> None:
        """Writes what waits, then `batch`; what doesn't fit waits for the next call."""
        with self._lock:
            self._waiting.append(batch)
            while len(self._waiting) > self._most_waiting:
                self._waiting.popleft()
                self._lost += 1
            while self._waiting and self._fits(self._waiting[0]):
                self._waiting.popleft()
            if not self._waiting:
                if self._full:
                    _LOG.warning("the ledger has room again")
                self._full = False
                self._lay_ballast()

    def health(self) -> WriterHealth:
        """How it goes."""
        with self._lock:
            return WriterHealth(self._full, len(self._waiting), self._lost, self._made_room)

    def _fits(self, batch: LedgerBatch) -> bool:
        for attempt in range(_TRIES):
            try:
                self._ledger.append(batch, self._clock.now_utc())
            except LedgerFullError as error:
                if not self._full:
                    _LOG.error("no room for the ledger (%s): older rows are given up for newer ones", error)
                self._full = True
                if attempt == 0 and self._give_up_ballast():
                    continue
                if not self._gave_up_rows():
                    return False
            else:
                return True
        return False

    def _gave_up_rows(self) -> bool:
        try:
            gone = self._ledger.make_room()
        except LedgerFullError:
            return False
        self._made_room += gone
        return gone > 0

    def _lay_ballast(self) -> None:
        if not self._ballast_bytes or self._ballast.exists():
            return
        try:
            with self._ballast.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, self._ballast_bytes)
        except OSError:
            self._ballast.unlink(missing_ok=True)  # no room for it now; tried again after the next write

    def _give_up_ballast(self) -> bool:
        if not self._ballast.exists():
            return False
        self._ballast.unlink()
        return True
