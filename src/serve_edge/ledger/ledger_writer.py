"""What the running station writes through: it goes on counting when the disk is full, and says so."""

import logging
import threading
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from dongsun.contract.clock import Clock
from dongsun.serve_edge.ledger.ballast import BALLAST_BYTES, Ballast
from dongsun.serve_edge.ledger.batch import LedgerBatch
from dongsun.serve_edge.ledger.ledger import Ledger
from dongsun.serve_edge.ledger.ledger_errors import LedgerDamagedError, LedgerFullError, LedgerWriteError

_LOG = logging.getLogger(__name__)
_TRIES = 6
_MOST_AT_ONCE = 200
"""Batches written by one call: whoever calls is a camera's thread, and pictures come meanwhile."""


@dataclass(frozen=True)
class WriterHealth:
    """How writing goes.

    Attributes:
        full: The last batch could not be written: no room, or the disk refuses; those waiting are kept in memory.
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

    The ledger leaves the disk's last `reserve_bytes` alone: before, old rows are given up for new ones within the file.
    Where something else fills the disk, the ballast (a file kept for this moment) is given up so that SQLite can move
    at all, and what still doesn't fit waits in memory, the newest `most_waiting` batches of it. A disk that refuses for
    another reason costs no old row: there it only waits.

    Args:
        ledger: Where to.
        folder: Of the ballast, on the ledger's disk.
        clock: The station's.
        most_waiting: Batches kept in memory, some KB each; a camera's windows of an hour are 240.
        ballast_bytes: 0 keeps none.
        reserve_bytes: More than the journal takes.
    """

    def __init__(
        self,
        ledger: Ledger,
        folder: Path,
        clock: Clock,
        *,
        most_waiting: int = 5_000,
        ballast_bytes: int = BALLAST_BYTES,
        reserve_bytes: int = BALLAST_BYTES // 2,
    ) -> None:
        self._ledger, self._clock = ledger, clock
        self._ballast, self._reserve_bytes = Ballast(folder, ballast_bytes), reserve_bytes
        self._waiting: deque[LedgerBatch] = deque()
        self._most_waiting = most_waiting
        self._full, self._lost, self._made_room = False, 0, 0
        self._lock = threading.Lock()
        self._ballast.lay()

    def write(self, batch: LedgerBatch) -> None:
        """Writes what waits, then `batch`; what doesn't fit waits for the next call."""
        with self._lock:
            self._waiting.append(batch)
            while len(self._waiting) > self._most_waiting:
                self._waiting.popleft()
                self._lost += 1
            for _ in range(_MOST_AT_ONCE):
                if not self._waiting or not self._fits(self._waiting[0]):
                    break
                self._waiting.popleft()
            if not self._waiting:
                if self._full:
                    _LOG.warning("the ledger takes what is counted again")
                self._full = False
                self._ballast.lay()

    def health(self) -> WriterHealth:
        """How it goes."""
        with self._lock:
            return WriterHealth(self._full, len(self._waiting), self._lost, self._made_room)

    def _fits(self, batch: LedgerBatch) -> bool:
        for attempt in range(_TRIES):
            try:
                self._ledger.may_grow(self._ballast.free_bytes() - self._reserve_bytes)
                self._ledger.append(batch, self._clock.now_utc())
            except LedgerFullError as error:
                self._say("no room for the ledger (%s): older rows are given up for newer ones", error)
                if not self._gave_up(rows=attempt > 0):
                    return False
            except LedgerWriteError as error:
                if isinstance(error, LedgerDamagedError) and not attempt:
                    continue  # it has begun anew
                self._say("the ledger can't be written (%s): what is counted waits in memory", error)
                return False
            else:
                return True
        return False

    def _say(self, text: str, error: LedgerWriteError) -> None:
        """Once, not at every batch."""
        if not self._full:
            _LOG.error(text, error)
        self._full = True

    def _gave_up(self, *, rows: bool) -> bool:
        """Frees some room; whether it's worth another try."""
        try:
            if not rows:
                if self._ballast.free_bytes() < self._reserve_bytes:
                    self._ballast.give_up()
                self._ledger.fold_journal()
                return True
            gone = self._ledger.make_room()
        except LedgerWriteError:
            return False
        self._made_room += gone
        return gone > 0
