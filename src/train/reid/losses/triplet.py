"""Batch-hard triplet loss (Hermans, Beyer and Leibe, "In Defense of the Triplet Loss", 2017)."""

import torch
from torch import Tensor

_SMALLEST = 1e-12


def batch_hard_triplet_loss(features: Tensor, labels: Tensor, margin: float) -> Tensor:
    """For each anchor: its farthest same-person image against its nearest other-person image.

    Args:
        features: float (n, d), not normalised.
        labels: int64 (n,). Anchors without another image of their person, or without a stranger, do not count.
        margin: In Euclidean distance.

    Returns:
        The mean of `max(0, margin + d(anchor, positive) - d(anchor, negative))` over counting anchors; zero if none.
    """
    distances = _pairwise_distances(features)
    same = labels[:, None] == labels[None, :]
    itself = torch.eye(len(labels), dtype=torch.bool, device=labels.device)
    positive, negative = same & ~itself, ~same
    farthest = distances.masked_fill(~positive, -torch.inf).amax(dim=1)
    nearest = distances.masked_fill(~negative, torch.inf).amin(dim=1)
    counting = positive.any(dim=1) & negative.any(dim=1)
    if not bool(counting.any()):
        return features.sum() * 0.0
    return torch.relu(margin + farthest[counting] - nearest[counting]).mean()


def _pairwise_distances(features: Tensor) -> Tensor:
    """Euclidean, (n, n), in float32; clamped so that the root's gradient at zero stays finite."""
    features = features.float()
    squares = features.pow(2).sum(dim=1)
    squared = squares[:, None] + squares[None, :] - 2.0 * (features @ features.T)
    return squared.clamp(min=_SMALLEST).sqrt()
