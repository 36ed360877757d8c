"""What `dongsun study sampling` compares: `conf/study_sampling.yaml`."""

from typing import Annotated

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class SamplingGrid:
    """The cells of the study: everything, and each policy at each share under each budget.

    Attributes:
        shares: Of the training pictures that a policy keeps.
        seeds: Each is trained once with each; the seed also draws the pictures.
        epochs: Of the training on everything; the test people are judged after each.
        tolerance: How far below the full set's mAP is as good, as a share: half a point is 0.005.
    """

    shares: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = Field(min_length=1)
    seeds: tuple[int, ...] = Field(min_length=1)
    epochs: int = Field(default=12, ge=2)
    tolerance: float = Field(default=0.005, gt=0)
