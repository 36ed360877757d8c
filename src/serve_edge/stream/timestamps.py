"""Ascending frame times out of containers that state them badly."""

import heapq
import itertools
from collections.abc import Sequence

REORDER_LIMIT = 32
"""H.264 and H.265 reorder at most 16 pictures; twice that leaves room for decoder threads."""


def ascend(times_s: Sequence[float]) -> bool:
    """True if every time is later than the one before."""
    return all(later > earlier for earlier, later in itertools.pairwise(times_s))


class FrameClock:
    """Gives each decoded picture its time in seconds since the first, strictly ascending.

    A decoder hands pictures out in presentation order, so their times must ascend. Some containers (AVI, MP4 without
    composition offsets) store decode times only, and then B-frames' times come out shuffled: the right times on the
    wrong pictures. With `shuffled`, every picture gets the smallest packet time not given out yet, which is exact in
    that case. Otherwise the picture's own time stands, and one that does not ascend is replaced by the previous
    one plus a frame's nominal duration, and counted.

    Args:
        frame_duration_s: Nominal duration of a frame, seconds.
        shuffled: The times of the source do not ascend (found by a look at its beginning).
    """

    def __init__(self, frame_duration_s: float, *, shuffled: bool) -> None:
        self._frame_duration_s = frame_duration_s
        self._shuffled = shuffled
        self._pending: list[float] = []
        self._first_s: float | None = None
        self._last_s = 0.0
        self.repaired = 0

    def packet(self, time_s: float | None) -> None:
        """Notes the time of a packet given to the decoder."""
        if self._shuffled and time_s is not None:
            heapq.heappush(self._pending, time_s)
            if len(self._pending) > REORDER_LIMIT:
                heapq.heappop(self._pending)  # belongs to a packet that gave no picture

    def picture(self, time_s: float | None) -> float:
        """The stream time of the next picture; `time_s` is the one the decoder gave it, if any."""
        stated = heapq.heappop(self._pending) if self._shuffled and self._pending else time_s
        if self._first_s is None:
            self._first_s = stated if stated is not None else 0.0
            self._last_s = 0.0
            return 0.0
        relative = None if stated is None else stated - self._first_s
        if relative is None or relative <= self._last_s:
            self.repaired += 1
            relative = self._last_s + self._frame_duration_s
        self._last_s = relative
        return relative
