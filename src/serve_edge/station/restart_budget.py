"""How often a part may be started again before the whole station is."""

from collections import deque

from dongsun.contract.clock import Clock


class RestartBudget:
    """At most `restarts` within `within_s`; a part that breaks more often won't mend by itself.

    Args:
        restarts: How many.
        within_s: In how long, on the monotonic clock.
        clock: The station's.
    """

    def __init__(self, restarts: int, within_s: float, clock: Clock) -> None:
        self._restarts, self._within_s, self._clock = restarts, within_s, clock
        self._used: deque[float] = deque(maxlen=restarts + 1)

    def spend(self) -> bool:
        """Takes one; false when the budget is used up."""
        now_s = self._clock.monotonic_s()
        self._used.append(now_s)
        recent = [at_s for at_s in self._used if now_s - at_s < self._within_s]
        return len(recent) <= self._restarts
