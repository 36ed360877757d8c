"""The looks kept of a person."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt

from dongsun.contract.embedding import Embeddings, cosine_similarity
from dongsun.serve_edge.pipeline.gallery_policy import GalleryPolicy
from dongsun.serve_edge.pipeline.keeping import leave_one_out

Weights = npt.NDArray[np.float32]
"""float32 (n,), positive."""


@dataclass(frozen=True, eq=False)
class LookSet:
    """A bounded set of weighted embeddings; adding makes a new set.

    Attributes:
        vectors: float32 (n, d), oldest first; rows of length one, or below it where looks were melted into their mean.
        weights: float32 (n,).
    """

    vectors: Embeddings = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    weights: Weights = field(default_factory=lambda: np.zeros(0, np.float32))

    def __post_init__(self) -> None:
        if self.vectors.ndim != 2 or self.weights.shape != (len(self.vectors),) or (self.weights <= 0).any():
            raise ValueError(f"looks need vectors (n, d) and positive weights (n,); got {self.vectors.shape}")

    def __len__(self) -> int:
        return len(self.weights)

    @cached_property
    def centre(self) -> Embeddings:
        """float32 (d,): the weighted mean, of length one; zero where looks cancel out."""
        mean = self.weights @ self.vectors
        return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-12), np.float32)

    def with_looks(self, other: "LookSet", policy: GalleryPolicy) -> "LookSet":
        """This set and later looks, as many of them as the policy keeps."""
        found = self
        for i in range(len(other)):
            found = found._with_one(other.vectors[i : i + 1], other.weights[i : i + 1], policy)
        return found

    def _with_one(self, vector: Embeddings, weight: Weights, policy: GalleryPolicy) -> "LookSet":
        if not len(self):
            return LookSet(vector, weight)
        if policy.keep == "mean":
            total = self.weights[0] + weight[0]
            mean = (self.weights[0] * self.vectors[0] + weight[0] * vector[0]) / total
            return LookSet(np.asarray(mean[None], np.float32), np.array([total], np.float32))
        vectors, weights = np.concatenate([self.vectors, vector]), np.concatenate([self.weights, weight])
        if len(weights) > policy.kept_looks:
            stays = np.arange(len(weights)) != leave_one_out(policy.keep, vectors, weights)
            vectors, weights = vectors[stays], weights[stays]
        return LookSet(vectors, weights)

    def similarity(self, other: "LookSet", policy: GalleryPolicy) -> float | None:
        """How alike two people look, in [-1, 1]; None if one has no look."""
        if not len(self) or not len(other):
            return None
        if policy.compare == "centre":
            return float(self.centre @ other.centre)
        cosines = cosine_similarity(self.vectors, other.vectors).ravel()
        if policy.compare == "mean":
            return float(np.average(cosines, weights=np.outer(self.weights, other.weights).ravel()))
        count = 1 if policy.compare == "max" else min(2, len(cosines))
        return float(np.sort(cosines)[-count:].mean())
