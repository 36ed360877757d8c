"""Systematic sampling (계통추출)."""

from collections.abc import Iterator
from itertools import count as naturals

from pydantic import Field
from pydantic.dataclasses import dataclass

from dongsun.data.sampling.policy import check_one_target, share_of
from dongsun.data.seeding import random_for


@dataclass(frozen=True)
class Systematic:
    """Every k-th image of each stratum from a random start in [0, k).

    k need not be whole: with the fractional-interval method (Särndal, Swensson and Wretman, *Model Assisted Survey
    Sampling*, 1992) the images floor(start + i·k) are taken, so that every image is kept with probability exactly
    1/k and neighbouring near-duplicates are thinned evenly. A stratum shorter than k therefore keeps one image with
    probability length/k, unless `min_per_stratum` asks for more; that raises the total above the target.

    Attributes:
        fraction: Share of the training images to keep; or
        count: about how many to keep; or
        interval: k itself.
        min_per_stratum: See `SamplingPolicy`.
    """

    fraction: float | None = Field(default=None, gt=0.0, le=1.0)
    count: int | None = Field(default=None, ge=1)
    interval: float | None = Field(default=None, ge=1.0)
    min_per_stratum: int = Field(default=0, ge=0)

    def __post_init__(self) -> None:
        check_one_target("sampling: systematic", fraction=self.fraction, count=self.count, interval=self.interval)

    def decisions(self, stratum: str, seed: int, population: int) -> Iterator[bool]:
        """See `SamplingPolicy.decisions`."""
        interval = self.interval or 1.0 / share_of(self.fraction, self.count, population)
        start = random_for(seed, "systematic", stratum).random() * interval
        taken = 0
        for index in naturals():
            keep = index == int(start + taken * interval)
            taken += keep
            yield keep
