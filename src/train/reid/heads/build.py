"""From settings to a head."""

from torch import nn

from dongsun.train.reid.heads.attention import AttentionHead
from dongsun.train.reid.heads.linear import LinearHead
from dongsun.train.reid.heads.part_attention import PartAttentionHead
from dongsun.train.reid.heads.pooling import PoolingHead
from dongsun.train.reid.heads.settings import (
    AttentionHeadSettings,
    HeadSettings,
    PartAttentionHeadSettings,
    PoolingHeadSettings,
)


def build_head(settings: HeadSettings, map_shape: tuple[int, int, int], embedding_size: int) -> nn.Module:
    """A fresh head for feature maps of `map_shape` (c, h, w): maps (n, c, h, w) → (n, embedding_size)."""
    if isinstance(settings, AttentionHeadSettings):
        return AttentionHead(
            map_shape,
            embedding_size,
            queries=settings.queries,
            heads=settings.heads,
            width=settings.width,
            learned_position=settings.position == "learned",
            dropout=settings.dropout,
        )
    if isinstance(settings, PartAttentionHeadSettings):
        return PartAttentionHead(
            map_shape,
            embedding_size,
            queries=settings.queries,
            heads=settings.heads,
            width=settings.width,
            dropout=settings.dropout,
        )
    if isinstance(settings, PoolingHeadSettings):
        return PoolingHead(map_shape, embedding_size, generalised=settings.pooling == "gem")
    return LinearHead(map_shape, embedding_size)
