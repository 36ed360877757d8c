"""Embeds with the trained PyTorch model; a training signal, not a result (the bundle's figure is)."""

import numpy as np
import torch

from dongsun.contract.embedding import Embeddings, l2_normalised
from dongsun.contract.preprocess import FrameBgr, stretched
from dongsun.train.reid.checkpoint import LoadedReid


class TorchEmbedder:
    """An `EmbedFn` around a loaded checkpoint.

    Args:
        loaded: The checkpoint, in evaluation mode.
        device: Torch device, such as `cpu` or `cuda`.
    """

    def __init__(self, loaded: LoadedReid, device: str = "cpu") -> None:
        self._input = loaded.input
        self._device = device
        self._model = loaded.model.to(device)

    def __call__(self, crops_bgr: list[FrameBgr]) -> Embeddings:
        """Crops (n pictures of any size) → float32 (n, d), unit rows."""
        batch = torch.from_numpy(stretched(crops_bgr, self._input)).to(self._device)
        with torch.inference_mode():
            vectors = self._model(batch).cpu().numpy()
        return l2_normalised(np.asarray(vectors, dtype=np.float32))
