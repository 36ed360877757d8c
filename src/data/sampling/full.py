"""No sampling."""

from collections.abc import Iterator
from itertools import repeat

from pydantic.dataclasses import dataclass


@dataclass(frozen=True)
class Full:
    """Keeps every image."""

    min_per_stratum: int = 0

    def decisions(self, stratum: str, seed: int, population: int) -> Iterator[bool]:
        """See `SamplingPolicy.decisions`."""
        return repeat(True)
