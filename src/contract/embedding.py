"""Appearance embeddings and their similarity, which knows its direction: higher is more alike."""

import numpy as np
import numpy.typing as npt

Embeddings = npt.NDArray[np.float32]
"""float32 (n, d), every row of length one."""


def l2_normalised(vectors: npt.NDArray[np.float32]) -> Embeddings:
    """Rows of `vectors` (n, d) scaled to length one.

    Raises:
        ValueError: A row is zero or not finite: such a row has no direction and must not pass as an identity.
    """
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not np.isfinite(norms).all() or (norms < 1e-12).any():
        raise ValueError("an embedding is zero or not finite")
    return np.asarray(vectors / norms, dtype=np.float32)


def cosine_similarity(a: Embeddings, b: Embeddings) -> npt.NDArray[np.float32]:
    """Cosine of every pair of unit rows: (n, d), (m, d) → float32 (n, m) in [-1, 1]; higher is more alike."""
    return np.asarray(a @ b.T, dtype=np.float32)
