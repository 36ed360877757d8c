"""How the similarity threshold is tuned: the values of `conf/threshold/`."""

from typing import Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from dongsun.eval.embedded_set import EmbeddedSet
from dongsun.eval.reid_protocol import ReidProtocol, choose_protocol


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class ThresholdSettings:
    """Settings of threshold tuning; export and evaluate use them too.

    Attributes:
        target_false_match_rate: Share of different-person pairs of pictures that may pass for one person; the target
            unless the next one is set.
        target_false_positive_identification_rate: Share of people who are not in a gallery of `gallery_size` and may
            be taken for somebody in it. Set, it is the target in place of the pairwise one.
        gallery_size: Visitors that the store expects in its gallery; None takes, for the figures beside a pairwise
            target, the largest gallery that the people support.
        extrapolate: Allow a gallery larger than the people support, by independence of smaller galleries.
        per_camera_pair: Tune each pair of cameras by itself too, where its people support it.
        bootstrap: Resamples of persons for the 95 % interval.
        min_persons: Fewer persons are refused.
        protocol: Which pictures may be compared; `auto` takes `cross_camera` where two persons or more were seen by
            two cameras.
        min_gap_frames: For `across_time`: least distance in frames of two pictures of one person in one sequence.
        most_images_per_person: Pictures taken of a person at most.
        most_pairs: Pairs of each kind at most.
    """

    target_false_match_rate: float = Field(default=0.01, gt=0, lt=1)
    target_false_positive_identification_rate: float | None = Field(default=None, gt=0, lt=1)
    gallery_size: int | None = Field(default=None, ge=1)
    extrapolate: bool = False
    per_camera_pair: bool = False
    bootstrap: int = Field(default=1000, ge=100)
    min_persons: int = Field(default=4, ge=3)
    protocol: Literal["auto", "cross_camera", "across_time"] = "auto"
    min_gap_frames: int = Field(default=20, ge=1)
    most_images_per_person: int = Field(default=40, ge=2)
    most_pairs: int = Field(default=100_000, ge=1000)

    def protocol_for(self, people: EmbeddedSet) -> ReidProtocol:
        """The protocol by which these pictures are compared."""
        if self.protocol == "auto":
            return choose_protocol(people, self.min_gap_frames)
        return ReidProtocol(self.protocol, self.min_gap_frames)
