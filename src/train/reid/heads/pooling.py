"""Global pooling: where in the crop something was seen is forgotten."""

import torch
from torch import Tensor, nn

_SMALLEST = 1e-6


class PoolingHead(nn.Module):
    """Average or generalised-mean pooling (Radenović et al., 2018) → linear."""

    def __init__(self, map_shape: tuple[int, int, int], embedding_size: int, *, generalised: bool) -> None:
        """Args: map_shape: (c, h, w); embedding_size: d; generalised: learn the exponent, else average."""
        super().__init__()
        self.exponent = nn.Parameter(torch.tensor(3.0)) if generalised else None
        self.project = nn.Linear(map_shape[0], embedding_size)

    def forward(self, feature_map: Tensor) -> Tensor:
        """(n, c, h, w) → (n, d)."""
        if self.exponent is None:
            pooled = feature_map.mean(dim=(2, 3))
        else:
            powered = feature_map.clamp(min=_SMALLEST).pow(self.exponent)
            pooled = powered.mean(dim=(2, 3)).pow(1.0 / self.exponent)
        embedding: Tensor = self.project(pooled)
        return embedding
