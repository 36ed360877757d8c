"""The plainest head: every place of the map has its own weights."""

from torch import Tensor, nn


class LinearHead(nn.Module):
    """Flatten → linear."""

    def __init__(self, map_shape: tuple[int, int, int], embedding_size: int) -> None:
        """Args: map_shape: (c, h, w); embedding_size: d."""
        super().__init__()
        channels, height, width = map_shape
        self.project = nn.Linear(channels * height * width, embedding_size)

    def forward(self, feature_map: Tensor) -> Tensor:
        """(n, c, h, w) → (n, d)."""
        embedding: Tensor = self.project(feature_map.flatten(1))
        return embedding
