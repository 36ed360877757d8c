"""Which head and its sizes: `conf/reid/head/*.yaml`."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

_STRICT = ConfigDict(extra="forbid")


@dataclass(frozen=True, config=_STRICT)
class LinearHeadSettings:
    """Flatten, then one matrix."""

    kind: Literal["linear"] = "linear"


@dataclass(frozen=True, config=_STRICT)
class PoolingHeadSettings:
    """Pool over the map, then one matrix.

    Attributes:
        pooling: `gap` averages; `gem` is the generalised mean with a learned exponent.
    """

    pooling: Literal["gap", "gem"] = "gem"
    kind: Literal["pooling"] = "pooling"


@dataclass(frozen=True, config=_STRICT)
class AttentionHeadSettings:
    """Learned queries look at the map.

    Attributes:
        queries: Each query pools one vector.
        heads: Each query looks by this many separate similarities.
        width: Channels inside the head; a multiple of `heads`, and of 4 for the sine position.
        position: `sincos` stays fixed, `learned` starts from it.
        dropout: Share of pooled features dropped in training.
    """

    queries: int = Field(default=4, ge=1)
    heads: int = Field(default=4, ge=1)
    width: int = Field(default=128, ge=8, multiple_of=4)
    position: Literal["sincos", "learned"] = "learned"
    dropout: float = Field(default=0.0, ge=0, lt=1)
    kind: Literal["attention"] = "attention"


@dataclass(frozen=True, config=_STRICT)
class PartAttentionHeadSettings:
    """Learned queries that begin by looking at one band of the crop each, and pool the trunk's own channels.

    Attributes:
        queries: Each query pools one vector.
        heads: Each query looks at as many groups of channels by weights of their own; divides the trunk's channels.
        width: Numbers by which places are weighed; a multiple of `heads`.
        dropout: Share of pooled features dropped in training.
    """

    queries: int = Field(default=4, ge=1)
    heads: int = Field(default=4, ge=1)
    width: int = Field(default=128, ge=8)
    dropout: float = Field(default=0.0, ge=0, lt=1)
    kind: Literal["part_attention"] = "part_attention"


HeadSettings = Annotated[
    LinearHeadSettings | PoolingHeadSettings | AttentionHeadSettings | PartAttentionHeadSettings,
    Field(discriminator="kind"),
]
