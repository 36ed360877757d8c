"""Attention over parts: each query begins by looking at one band of the crop, and learns where to look instead.

A query weighs places by what is there (as in multi-head attention pooling, Lee et al., "Set Transformer", 2019) and by
where they are: a learned map, in the beginning a soft horizontal band, after the part models of Sun et al. ("Beyond
Part Models", 2018). What is pooled are the trunk's own channels, and their mean stands beside them: this head can do
all that average pooling can.
"""

import torch
from torch import Tensor, nn

_BAND_SHARPNESS = 2.0


class PartAttentionHead(nn.Module):
    """Q queries pool the map, each head its own group of channels; the mean beside them makes the embedding."""

    def __init__(
        self,
        map_shape: tuple[int, int, int],
        embedding_size: int,
        *,
        queries: int,
        heads: int,
        width: int,
        dropout: float,
    ) -> None:
        """Sizes as in `PartAttentionHeadSettings`; `map_shape` is (c, h, w).

        Raises:
            ValueError: `heads` divides neither the channels nor `width`.
        """
        super().__init__()
        channels, self._height, self._width = map_shape
        if width % heads or channels % heads:
            raise ValueError(f"width {width} and the trunk's {channels} channels must be multiples of heads ({heads})")
        self._heads, self._queries, self._channels, self._size = heads, queries, channels, width // heads
        self.key = nn.Conv2d(channels, width, kernel_size=1)
        self.norm = nn.LayerNorm(width)
        self.query = nn.Parameter(torch.randn(heads, queries, self._size) * self._size**-0.5)
        bands = horizontal_bands(queries, self._height, self._width).flatten(1)
        self.position = nn.Parameter(bands.expand(heads, -1, -1).clone())  # (heads, queries, places)
        self.dropout = nn.Dropout(dropout)
        self.project = nn.Linear((queries + 1) * channels, embedding_size)

    def forward(self, feature_map: Tensor) -> Tensor:
        """(n, c, h, w) → (n, d)."""
        places = self._height * self._width
        values = feature_map.reshape(-1, self._heads, self._channels // self._heads, places).transpose(2, 3)
        pooled = torch.matmul(self._weights(feature_map), values)  # (n, heads, queries, c / heads)
        pooled = pooled.transpose(1, 2).reshape(-1, self._queries * self._channels)
        together = torch.cat([pooled, feature_map.mean(dim=(2, 3))], dim=1)
        embedding: Tensor = self.project(self.dropout(together))
        return embedding

    def score_maps(self, feature_map: Tensor) -> Tensor:
        """Where each query looks: (n, c, h, w) → (n, heads, queries, h, w), summing to one over places."""
        return self._weights(feature_map).reshape(-1, self._heads, self._queries, self._height, self._width)

    def _weights(self, feature_map: Tensor) -> Tensor:
        places = self.norm(self.key(feature_map).flatten(2).transpose(1, 2))  # (n, places, width)
        count = self._height * self._width
        keys = places.reshape(-1, count, self._heads, self._size).permute(0, 2, 3, 1)
        scores = torch.matmul(self.query.unsqueeze(0) * self._size**-0.5, keys) + self.position
        return scores.softmax(dim=-1)


def horizontal_bands(bands: int, height_places: int, width_places: int) -> Tensor:
    """Logits of soft bands, one above the other: float32 (bands, h, w); a single band is level."""
    if bands == 1:
        return torch.zeros(1, height_places, width_places)
    rows = (torch.arange(height_places) + 0.5) / height_places
    centres = (torch.arange(bands) + 0.5) / bands
    off = (rows[None, :] - centres[:, None]) * bands  # in bands
    return (-_BAND_SHARPNESS * off**2)[:, :, None].expand(-1, -1, width_places).contiguous()
