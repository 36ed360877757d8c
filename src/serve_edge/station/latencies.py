"""How long it takes from a picture's capture to its counts, over the last pictures."""

import threading
from collections import deque

import numpy as np


class Latencies:
    """The last few hundred times in seconds, from one thread, read from another."""

    def __init__(self, keep: int = 600) -> None:
        self._last: deque[float] = deque(maxlen=keep)
        self._lock = threading.Lock()

    def add(self, seconds: float) -> None:
        """Notes one."""
        with self._lock:
            self._last.append(seconds)

    def percentile(self, percent: float) -> float | None:
        """Of those kept; None before the first."""
        with self._lock:
            return float(np.percentile(self._last, percent)) if self._last else None
