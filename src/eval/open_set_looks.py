"""Many sets of looks against many others at once, compared as a station's gallery compares two."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dongsun.contract.embedding import Embeddings
from dongsun.eval.embedded_set import Indices
from dongsun.serve_edge.pipeline.gallery_policy import GalleryPolicy


@dataclass(frozen=True)
class Looks:
    """The looks of many appearances, padded to as many as the richest has.

    Attributes:
        vectors: float32 (n, most, d), rows of length one; zero where there is no look.
        counts: int64 (n,): looks of each, at least one.
    """

    vectors: npt.NDArray[np.float32]
    counts: Indices

    def take(self, rows: Indices) -> "Looks":
        """The given appearances."""
        return Looks(self.vectors[rows], self.counts[rows])


def evenly_spaced_looks(embeddings: Embeddings, members: list[Indices], most: int) -> Looks:
    """At most so many looks of each appearance, evenly spaced among its pictures.

    Args:
        embeddings: float32 (pictures, d).
        members: The pictures of each appearance, in order of time; at least one.
        most: Looks of an appearance at most.
    """
    counts = np.array([min(most, len(pictures)) for pictures in members], np.int64)
    vectors = np.zeros((len(members), int(counts.max(initial=0)), embeddings.shape[1]), np.float32)
    for row, pictures in enumerate(members):
        spaced = np.linspace(0, len(pictures) - 1, counts[row]).round().astype(np.int64)
        vectors[row, : counts[row]] = embeddings[pictures[spaced]]
    return Looks(vectors, counts)


def likeness(probes: Looks, entries: Looks, policy: GalleryPolicy) -> npt.NDArray[np.float32]:
    """float32 (probes, entries): what the bundle's threshold is held against, all looks weighing alike."""
    if policy.compare == "centre":
        alike = _centres(probes) @ _centres(entries).T
    elif policy.compare == "mean":
        # The mean over all pairs of looks is the product of the two means.
        alike = _means(probes) @ _means(entries).T
    else:
        alike = _highest(probes, entries, 1 if policy.compare == "max" else 2)
    return np.asarray(np.clip(alike, -1.0, 1.0) - policy.margin, np.float32)


def _means(looks: Looks) -> npt.NDArray[np.float32]:
    return np.asarray(looks.vectors.sum(axis=1) / looks.counts[:, None], np.float32)


def _centres(looks: Looks) -> npt.NDArray[np.float32]:
    means = _means(looks)
    return np.asarray(means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12), np.float32)


def _highest(probes: Looks, entries: Looks, count: int) -> npt.NDArray[np.float32]:
    """Mean of the highest cosines of a pair of looks, so many of them (or of all pairs where there are fewer)."""
    best = np.full((count, len(probes.counts), len(entries.counts)), -np.inf, np.float32)
    for i in range(probes.vectors.shape[1]):
        for j in range(entries.vectors.shape[1]):
            cosines = probes.vectors[:, i] @ entries.vectors[:, j].T
            cosines[(probes.counts <= i)[:, None] | (entries.counts <= j)[None, :]] = -np.inf
            best = np.sort(np.concatenate([best, cosines[None]]), axis=0)[1:]
    there = np.isfinite(best)
    return np.asarray(np.where(there, best, 0.0).sum(axis=0) / there.sum(axis=0), np.float32)
