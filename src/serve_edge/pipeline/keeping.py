"""Which look goes when there is one too many."""

from typing import Literal

import numpy as np
import numpy.typing as npt

from dongsun.contract.embedding import Embeddings, cosine_similarity


def leave_one_out(
    keep: Literal["first", "last", "best", "diverse"], vectors: Embeddings, weights: npt.NDArray[np.float32]
) -> int:
    """Row of the look to drop.

    Args:
        keep: Rule; see `dongsun.serve_edge.pipeline.gallery_policy.Keep`.
        vectors: float32 (n, d), n ≥ 2, oldest first.
        weights: float32 (n,), quality; of equal ones the older goes.
    """
    if keep == "first":
        return len(weights) - 1
    if keep == "last":
        return 0
    if keep == "best":
        return int(np.argmin(weights))
    cosines = cosine_similarity(vectors, vectors)
    np.fill_diagonal(cosines, -np.inf)
    pair = np.unravel_index(int(np.argmax(cosines)), cosines.shape)
    return int(min(pair, key=lambda row: (float(weights[row]), int(row))))
