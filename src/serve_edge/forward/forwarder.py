"""The thread that empties the outbox, in order, for as long as it takes."""

import logging
import threading
from dataclasses import dataclass
from datetime import datetime

from dongsun.contract.clock import Clock
from dongsun.serve_edge.forward.sender import Sender, SendError
from dongsun.serve_edge.ledger.ledger import Ledger
from dongsun.serve_edge.ledger.ledger_errors import LedgerWriteError
from dongsun.serve_edge.stream.address import redacted
from dongsun.serve_edge.stream.backoff import Backoff

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class ForwarderHealth:
    """How sending goes.

    Attributes:
        sent: Messages acknowledged since the start.
        failures: Batches that weren't.
        last_sent_at_utc: Of the last acknowledged batch.
        last_error: Of the last failure, without secrets; empty after a success.
    """

    sent: int
    failures: int
    last_sent_at_utc: datetime | None
    last_error: str


class Forwarder:
    """Sends what waits in the outbox: oldest first, batch by batch, each marked when it's acknowledged.

    After days offline it goes at `most_per_s`, so that a station's backlog doesn't starve the network that the shop
    lives by, nor the receiver. A failure waits (exponentially, with jitter) and tries the same batch again.

    Args:
        ledger: Whose outbox.
        sender: The way upstream.
        clock: The station's.
        batch: Messages at once.
        poll_s: How often an empty outbox is looked at.
        most_per_s: Messages a second.
        backoff: Between failures.
    """

    def __init__(
        self,
        ledger: Ledger,
        sender: Sender,
        clock: Clock,
        *,
        batch: int = 50,
        poll_s: float = 2.0,
        most_per_s: float = 50.0,
        backoff: Backoff | None = None,
    ) -> None:
        self._ledger, self._sender, self._clock = ledger, sender, clock
        self._batch, self._poll_s, self._most_per_s = batch, poll_s, most_per_s
        self._backoff = backoff or Backoff(2.0, 300.0)
        self._stop = threading.Event()
        self._given_up = False
        self._lock = threading.Lock()
        self._health = ForwarderHealth(0, 0, None, "")
        self._thread = threading.Thread(target=self._run, name="forwarder", daemon=True)

    def start(self) -> None:
        """Begins."""
        self._thread.start()

    def end_soon(self) -> None:
        """No batch is begun any more."""
        self._stop.set()

    def stop(self, timeout_s: float) -> bool:
        """Ends after the batch under way; whether it ended in time. What wasn't sent waits in the outbox.

        A batch that nobody acknowledges in time is given up and left alone: the ledger may be closed then.
        """
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        self._given_up = self._thread.is_alive()
        return not self._given_up

    def health(self) -> ForwarderHealth:
        """How it goes."""
        with self._lock:
            return self._health

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                wait_s = self._guarded_step()
                if wait_s and self._clock.wait(self._stop, wait_s):
                    return
        finally:
            self._sender.close()

    def _guarded_step(self) -> float:
        """This thread's only net: whatever breaks, what is counted must still be sent in months."""
        try:
            return self._step()
        except Exception as error:  # noqa: BLE001 - the one net
            _LOG.exception("sending broke")
            wait_s = self._backoff.next_s()
            self._failed(redacted(str(error)) or type(error).__name__, wait_s)
            return wait_s

    def _step(self) -> float:
        """Sends one batch; seconds to wait before the next."""
        items = self._ledger.pending(self._batch)
        if not items:
            return self._poll_s
        now_utc = self._clock.now_utc()
        try:
            self._sender.send(items)
            if self._given_up:
                return self._poll_s
            # Without room to mark them they are sent again: receivers keep one of each.
            self._ledger.mark_sent([item.sequence for item in items], now_utc)
        except (SendError, LedgerWriteError) as error:
            wait_s = self._backoff.next_s()
            self._failed(redacted(str(error)), wait_s)
            return wait_s
        self._backoff.reset()
        with self._lock:
            self._health = ForwarderHealth(self._health.sent + len(items), self._health.failures, now_utc, "")
        return len(items) / self._most_per_s

    def _failed(self, why: str, wait_s: float) -> None:
        _LOG.warning("nothing was sent, next try in %.0f s: %s", wait_s, why)
        with self._lock:
            before = self._health
            self._health = ForwarderHealth(before.sent, before.failures + 1, before.last_sent_at_utc, why)
