"""How well embeddings find people again: a training signal; the reported figures come from `dongsun.eval`."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dongsun.contract.embedding import Embeddings, cosine_similarity

_QUERIES_AT_ONCE = 512


@dataclass(frozen=True)
class RetrievalScore:
    """Mean average precision and rank-1, both in [0, 1], over `queries` images that had a match to find."""

    mean_average_precision: float
    rank1: float
    queries: int


def score_retrieval(
    embeddings: Embeddings,
    persons: npt.NDArray[np.int64],
    cameras: npt.NDArray[np.int64],
    frames: npt.NDArray[np.int64],
) -> RetrievalScore | None:
    """Every image searches all others; near-duplicates do not count as found.

    A match counts when it comes from another camera, or, for a person whom one camera alone saw, from the other half of
    the person's time. Other images of the person are left out of the query's gallery.

    Returns:
        None when no image has a match that counts.
    """
    apart = _apart(persons, cameras, frames)
    precisions: list[npt.NDArray[np.float64]] = []
    firsts: list[npt.NDArray[np.bool_]] = []
    for start in range(0, len(persons), _QUERIES_AT_ONCE):
        queries = np.arange(start, min(start + _QUERIES_AT_ONCE, len(persons)))
        same = persons[queries, None] == persons
        counts = same & apart(queries)
        similarity = np.where(same & ~counts, -np.inf, cosine_similarity(embeddings[queries], embeddings))
        order = np.argsort(-similarity, axis=1, kind="stable")  # what does not count comes last
        hits = np.take_along_axis(counts, order, axis=1)[counts.any(axis=1)]
        found = np.cumsum(hits, axis=1)
        precision = np.where(hits, found / np.arange(1, hits.shape[1] + 1), 0.0).sum(axis=1)
        precisions.append(precision / np.maximum(found[:, -1], 1))
        firsts.append(hits[:, 0])
    precision, first = np.concatenate(precisions), np.concatenate(firsts)
    if not len(precision):
        return None
    return RetrievalScore(float(precision.mean()), float(first.mean()), len(precision))


def findable_persons(
    persons: npt.NDArray[np.int64], cameras: npt.NDArray[np.int64], frames: npt.NDArray[np.int64]
) -> int:
    """How many persons have an image from which another one that counts could be found."""
    apart = _apart(persons, cameras, frames)
    found = 0
    for person in np.unique(persons):
        images = np.flatnonzero(persons == person)
        found += bool(apart(images)[:, images].any())
    return found


def _apart(
    persons: npt.NDArray[np.int64], cameras: npt.NDArray[np.int64], frames: npt.NDArray[np.int64]
) -> Callable[[npt.NDArray[np.int64]], npt.NDArray[np.bool_]]:
    """For queries (q,): which images (q, n) would count if they showed the same person."""
    late = np.zeros(len(persons), dtype=bool)
    one_camera = np.zeros(len(persons), dtype=bool)
    for person in np.unique(persons):
        images = np.flatnonzero(persons == person)
        late[images] = frames[images] > np.median(frames[images])
        one_camera[images] = len(np.unique(cameras[images])) == 1

    def apart(queries: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        across_time = one_camera[queries, None] & one_camera & (late[queries, None] != late)
        return np.asarray((cameras[queries, None] != cameras) | across_time, dtype=bool)

    return apart
