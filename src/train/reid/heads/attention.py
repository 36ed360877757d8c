"""Multi-head attention pooling: learned queries, the places of the map as keys and values.

Lee et al., "Set Transformer" (2019), pooling by multi-head attention; positions as in Vaswani et al. (2017), in two
dimensions. Written as plain matrix products and a softmax, which every exporter and quantiser understands.
"""

import math

import torch
from torch import Tensor, nn


class AttentionHead(nn.Module):
    """Each of Q queries pools the map by its own weights; the pooled vectors and the map's mean make the embedding."""

    def __init__(
        self,
        map_shape: tuple[int, int, int],
        embedding_size: int,
        *,
        queries: int,
        heads: int,
        width: int,
        learned_position: bool,
        dropout: float,
    ) -> None:
        """Sizes as in `AttentionHeadSettings`; `map_shape` is (c, h, w).

        Raises:
            ValueError: `width` does not divide into `heads` or into the sine position's four parts.
        """
        super().__init__()
        if width % heads or width % 4:
            raise ValueError(f"width {width} must be a multiple of heads ({heads}) and of 4")
        channels, self._height, self._width = map_shape
        self._heads, self._queries, self._size = heads, queries, width // heads
        self.reduce = nn.Conv2d(channels, width, kernel_size=1)
        position = sine_position(width, self._height, self._width)
        if learned_position:
            self.position = nn.Parameter(position)
        else:
            self.register_buffer("position", position)
        self.norm = nn.LayerNorm(width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.query = nn.Parameter(torch.randn(heads, queries, self._size) * self._size**-0.5)
        self.dropout = nn.Dropout(dropout)
        self.project = nn.Linear((queries + 1) * width, embedding_size)

    def forward(self, feature_map: Tensor) -> Tensor:
        """(n, c, h, w) → (n, d)."""
        places, weights = self._places_and_weights(feature_map)
        values = self._per_head(self.value(places))
        pooled = torch.matmul(weights, values)  # (n, heads, queries, size)
        pooled = pooled.transpose(1, 2).reshape(-1, self._queries * self._heads * self._size)
        together = torch.cat([pooled, places.mean(dim=1)], dim=1)
        embedding: Tensor = self.project(self.dropout(together))
        return embedding

    def score_maps(self, feature_map: Tensor) -> Tensor:
        """Where each query looks: (n, c, h, w) → (n, heads, queries, h, w), summing to one over places."""
        _, weights = self._places_and_weights(feature_map)
        return weights.reshape(-1, self._heads, self._queries, self._height, self._width)

    def _places_and_weights(self, feature_map: Tensor) -> tuple[Tensor, Tensor]:
        reduced = self.reduce(feature_map) + self.position
        places = self.norm(reduced.flatten(2).transpose(1, 2))  # (n, places, width)
        keys = self._per_head(self.key(places)).transpose(2, 3)  # (n, heads, size, places)
        scores = torch.matmul(self.query.unsqueeze(0) * self._size**-0.5, keys)
        return places, scores.softmax(dim=-1)

    def _per_head(self, places: Tensor) -> Tensor:
        count = self._height * self._width
        return places.reshape(-1, count, self._heads, self._size).transpose(1, 2)


def sine_position(width: int, height_places: int, width_places: int) -> Tensor:
    """Two-dimensional sine-cosine position: float32 (1, width, h, w); half of the channels tell y, half x."""
    quarter = width // 4
    frequency = torch.exp(torch.arange(quarter) * (-math.log(100.0) / quarter))
    y = torch.arange(height_places)[:, None] * frequency  # (h, quarter)
    x = torch.arange(width_places)[:, None] * frequency
    rows = torch.cat([y.sin(), y.cos()], dim=1).T[:, :, None].expand(-1, -1, width_places)
    columns = torch.cat([x.sin(), x.cos()], dim=1).T[:, None, :].expand(-1, height_places, -1)
    return torch.cat([rows, columns]).unsqueeze(0).contiguous()
