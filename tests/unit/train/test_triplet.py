import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dongsun.train.reid.losses.triplet import batch_hard_triplet_loss


def naive(features: torch.Tensor, labels: list[int], margin: float) -> float:
    points = features.tolist()
    losses = []
    for i, anchor in enumerate(points):
        same = [math.dist(anchor, p) for j, p in enumerate(points) if j != i and labels[j] == labels[i]]
        other = [math.dist(anchor, p) for j, p in enumerate(points) if labels[j] != labels[i]]
        if same and other:
            losses.append(max(0.0, margin + max(same) - min(other)))
    return sum(losses) / len(losses) if losses else 0.0


@settings(max_examples=60, deadline=None)
@given(labels=st.lists(st.integers(0, 3), min_size=1, max_size=12), seed=st.integers(0, 999), margin=st.floats(0, 2))
def test_equals_the_naive_loop(labels: list[int], seed: int, margin: float) -> None:
    features = torch.randn(len(labels), 5, generator=torch.Generator().manual_seed(seed))
    got = batch_hard_triplet_loss(features, torch.tensor(labels), margin)
    assert float(got) == pytest.approx(naive(features, labels, margin), abs=2e-3)


def test_equal_images_give_a_finite_gradient() -> None:
    features = torch.ones(4, 3, requires_grad=True)
    batch_hard_triplet_loss(features, torch.tensor([0, 0, 1, 1]), 0.3).backward()
    assert features.grad is not None
    assert bool(features.grad.isfinite().all())


def test_no_anchor_that_counts_gives_zero_and_a_gradient() -> None:
    features = torch.randn(3, 4, requires_grad=True)
    loss = batch_hard_triplet_loss(features, torch.tensor([0, 1, 2]), 0.3)
    loss.backward()
    assert float(loss.detach()) == 0.0
