"""Even picture times out of uneven arrivals, without trusting a camera's clock."""

from collections import deque

_WINDOW_S = 20.0
"""The quickest way of the last seconds is taken as the way's length; so a camera's clock may drift."""
_MOST_LATE_S = 1.0
"""A stamp farther from its arrival than a network's jitter is no stamp."""
_LEAST_STEP_S = 1e-3


class ArrivalClock:
    """Dates pictures by the station's clock.

    A picture's stamp says well how long after its neighbour it was taken, and nothing else: networks and decoders bunch
    arrivals. So the time of a picture is its stamp plus the least (arrival − stamp) of the last seconds, as NTP filters
    delays (Mills, RFC 5905, section 10); where stamps are missing, jump or go back, its arrival counts.
    """

    def __init__(self) -> None:
        self._offsets: deque[tuple[float, float]] = deque()
        self._last_s: float | None = None
        self._last_stamp_s: float | None = None

    def date(self, stamp_s: float | None, arrived_s: float) -> float:
        """The time at which a picture was taken, on the clock of `arrived_s`; strictly ascending.

        Args:
            stamp_s: The stream's stamp, on any clock; None where there is none.
            arrived_s: The station's monotonic clock.
        """
        time_s = arrived_s if stamp_s is None else self._stamped(stamp_s, arrived_s)
        if self._last_s is not None:
            time_s = max(time_s, self._last_s + _LEAST_STEP_S)
        self._last_s = time_s
        return time_s

    def restart(self) -> None:
        """A new connection has new stamps; times go on ascending."""
        self._offsets.clear()
        self._last_stamp_s = None

    def _stamped(self, stamp_s: float, arrived_s: float) -> float:
        before, self._last_stamp_s = self._last_stamp_s, stamp_s
        if before is not None and stamp_s <= before:
            self._offsets.clear()
        offset_s = arrived_s - stamp_s
        # An earlier and longer way is never the least again; so what is kept ascends, and the first is the least.
        while self._offsets and self._offsets[-1][1] >= offset_s:
            self._offsets.pop()
        self._offsets.append((arrived_s, offset_s))
        while self._offsets[0][0] < arrived_s - _WINDOW_S or len(self._offsets) > 2000:
            self._offsets.popleft()
        time_s = stamp_s + self._offsets[0][1]
        if arrived_s - time_s <= _MOST_LATE_S:
            return time_s
        self._offsets.clear()
        return arrived_s
