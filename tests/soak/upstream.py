"""A receiver that is away now and then, and sometimes takes messages without saying so."""

from collections.abc import Sequence
from datetime import datetime

from dongsun.contract.clock import Clock
from dongsun.serve_edge.forward.sender import SendError
from dongsun.serve_edge.ledger.batch import OutboxItem

Outage = tuple[datetime, datetime]


class Upstream:
    """Counts what arrives; nothing of it is kept."""

    def __init__(self, clock: Clock, outages: tuple[Outage, ...]) -> None:
        self._clock, self._outages = clock, outages
        self._last_sequence = self._calls = 0
        self.received = self.repeated = self.out_of_order = 0

    def send(self, items: Sequence[OutboxItem]) -> None:
        """Every 40th acknowledgement is lost on its way."""
        now_utc = self._clock.now_utc()
        if any(begin <= now_utc < end for begin, end in self._outages):
            raise SendError("nobody answers")
        sequences = [item.sequence for item in items]
        self.out_of_order += sequences != sorted(set(sequences))
        new = [sequence for sequence in sequences if sequence > self._last_sequence]
        self.received += len(new)
        self.repeated += len(sequences) - len(new)
        self._last_sequence = max(self._last_sequence, *sequences)
        self._calls += 1
        if self._calls % 40 == 0:
            raise SendError("no acknowledgement")

    def close(self) -> None:
        """Nothing to close."""
