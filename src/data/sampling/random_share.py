"""Simple random sampling, the baseline beside systematic sampling."""

from collections.abc import Iterator

from pydantic import Field
from pydantic.dataclasses import dataclass

from dongsun.data.sampling.policy import check_one_target, share_of
from dongsun.data.seeding import random_for


@dataclass(frozen=True)
class RandomShare:
    """Keeps every image with the same probability, independently; the total therefore varies about the target.

    Attributes:
        fraction: Share of the training images to keep; or
        count: about how many to keep.
        min_per_stratum: See `SamplingPolicy`.
    """

    fraction: float | None = Field(default=None, gt=0.0, le=1.0)
    count: int | None = Field(default=None, ge=1)
    min_per_stratum: int = Field(default=0, ge=0)

    def __post_init__(self) -> None:
        check_one_target("sampling: random", fraction=self.fraction, count=self.count)

    def decisions(self, stratum: str, seed: int, population: int) -> Iterator[bool]:
        """See `SamplingPolicy.decisions`."""
        share = share_of(self.fraction, self.count, population)
        random = random_for(seed, "random", stratum)
        while True:
            yield random.random() < share
