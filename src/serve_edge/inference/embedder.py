"""The bundle's re-identification model."""

import os
from pathlib import Path

import numpy as np

from dongsun.contract.bundle import Precision, ReidSpec
from dongsun.contract.embedding import Embeddings, l2_normalised
from dongsun.contract.errors import DongsunError
from dongsun.contract.preprocess import FrameBgr, stretched
from dongsun.serve_edge.inference.openvino_model import OpenVinoModel


class OpenVinoEmbedder:
    """Turns crops of people into embeddings with the bundle's re-ID model.

    Args:
        spec: The re-ID model of the bundle's manifest.
        bundle_dir: The bundle.
        precision: Which of its models to run.
        threads: CPU threads; all by default.
        requests: Inferences at once, for many cameras; see `OpenVinoModel`.

    Raises:
        DongsunError: The bundle has no such precision, or the model isn't what the bundle says.
    """

    def __init__(
        self,
        spec: ReidSpec,
        bundle_dir: Path,
        precision: Precision,
        *,
        threads: int | None = None,
        requests: int = 1,
    ) -> None:
        if precision not in spec.files:
            raise DongsunError(
                expected=f"one of the re-ID model's precisions {', '.join(spec.files)}",
                got=precision,
                where=str(bundle_dir),
                mend="choose another --precision",
            )
        self.spec = spec
        self._model = OpenVinoModel(
            bundle_dir / spec.files[precision], spec.input, threads or os.cpu_count() or 1, requests
        )
        size = int(np.prod(self._model.output_shape))
        if size != spec.embedding_size:
            raise DongsunError(
                expected=f"embeddings of {spec.embedding_size} numbers",
                got=f"the shape {self._model.output_shape}",
                where=str(bundle_dir / spec.files[precision]),
                mend="export the bundle again",
            )

    def embed(self, crops_bgr: list[FrameBgr]) -> Embeddings:
        """Crops (n pictures of any size) → float32 (n, d), unit rows. Each crop runs alone: see `OpenVinoModel`."""
        rows = [self._model(stretched([crop], self.spec.input)).reshape(-1) for crop in crops_bgr]
        if not rows:
            return np.zeros((0, self.spec.embedding_size), np.float32)
        return l2_normalised(np.stack(rows))
