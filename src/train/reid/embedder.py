"""The re-ID network: trunk → head → batch-norm neck → unit length."""

from torch import Tensor, nn
from torch.nn import functional


class ReidEmbedder(nn.Module):
    """Crops as the `InputSpec` says, float32 (n, 3, h, w) → embeddings (n, d) of length one.

    The neck is the BNNeck of Luo et al. ("Bag of Tricks", 2019): the triplet loss sees the features before it, the
    classifier and the station those after it.
    """

    def __init__(self, trunk: nn.Module, head: nn.Module, embedding_size: int) -> None:
        super().__init__()
        self.trunk = trunk
        self.head = head
        self.neck = nn.BatchNorm1d(embedding_size)
        self.neck.bias.requires_grad_(False)  # without a shift, cosine and classification agree

    def forward(self, crops: Tensor) -> Tensor:
        """(n, 3, h, w) → (n, d), rows of length one."""
        _, necked = self.from_map(self.trunk(crops))
        return functional.normalize(necked, dim=1)

    def from_map(self, feature_map: Tensor) -> tuple[Tensor, Tensor]:
        """The trunk's output (n, c, h, w) → features before and after the neck, both (n, d), not normalised."""
        features = self.head(feature_map)
        return features, self.neck(features)
