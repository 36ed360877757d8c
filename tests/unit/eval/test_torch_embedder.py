"""PyTorch embeddings follow the same preprocessing as the runtime's."""

import numpy as np
import pytest
import torch
from torch import nn

from dongsun.contract.embedding import l2_normalised
from dongsun.contract.preprocess import InputSpec, stretched
from dongsun.eval.torch_embedder import TorchEmbedder
from dongsun.train.reid.checkpoint import LoadedReid


class _MeanColour(nn.Module):
    def forward(self, batch: torch.Tensor) -> torch.Tensor:
        return nn.functional.normalize(batch.mean(dim=(2, 3)))


def test_embeds_what_the_input_says() -> None:
    spec = InputSpec(height_px=16, width_px=8, channels="rgb", resize="stretch", scale=1 / 255, mean=(0.5, 0.4, 0.3))
    loaded = LoadedReid(model=_MeanColour(), input=spec, embedding_size=3, description={})
    generator = np.random.default_rng(0)
    crops = [generator.integers(0, 256, (20 + index, 9, 3), np.uint8) for index in range(3)]
    expected = l2_normalised(stretched(crops, spec).mean(axis=(2, 3)))
    embeddings = TorchEmbedder(loaded)(crops)
    assert embeddings == pytest.approx(expected, abs=1e-5)
    assert embeddings.dtype == np.float32
