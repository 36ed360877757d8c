"""How long to wait before the next try."""

import random


class Backoff:
    """Exponential waiting with jitter, capped: many stations must not all knock at once after a power cut.

    Each wait is drawn evenly from the upper half of first·2ᵏ, so that it still grows and never is nothing.

    Args:
        first_s: The first wait's upper end.
        most_s: No wait is longer.
        seed: Of the jitter; by default the system's.
    """

    def __init__(self, first_s: float, most_s: float, seed: int | None = None) -> None:
        self._first_s, self._most_s = first_s, most_s
        self._random = random.Random(seed)
        self._tries = 0

    def next_s(self) -> float:
        """The next wait in seconds."""
        reach_s = min(self._most_s, self._first_s * 2.0 ** min(self._tries, 60))
        self._tries += 1
        return reach_s * self._random.uniform(0.5, 1.0)

    def reset(self) -> None:
        """It worked: start anew next time."""
        self._tries = 0
