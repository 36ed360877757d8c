"""What every way upstream can do."""

from collections.abc import Sequence
from typing import Protocol

from dongsun.serve_edge.ledger.batch import OutboxItem


class SendError(Exception):
    """Nobody acknowledged in time, or the receiver refused; the messages stay in the outbox. Holds no password."""


class Sender(Protocol):
    """A way upstream. Messages may arrive twice, never out of order or not at all: receivers keep one of each id."""

    def send(self, items: Sequence[OutboxItem]) -> None:
        """Returns once the receiver has acknowledged every message.

        Raises:
            SendError: It hasn't.
        """

    def close(self) -> None:
        """Ends the connection."""
