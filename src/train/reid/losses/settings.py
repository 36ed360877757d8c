"""Weights of the losses: `conf/reid/loss/*.yaml`."""

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class IdentityTripletSettings:
    """Identity classification plus batch-hard triplets.

    Attributes:
        identity_weight: Of the classification loss.
        label_smoothing: Share of the label spread over all persons.
        triplet_weight: Of the triplet loss.
        margin: By which a stranger must be farther than the same person, in Euclidean distance.
    """

    identity_weight: float = Field(default=1.0, ge=0)
    label_smoothing: float = Field(default=0.1, ge=0, lt=1)
    triplet_weight: float = Field(default=1.0, ge=0)
    margin: float = Field(default=0.3, ge=0)
