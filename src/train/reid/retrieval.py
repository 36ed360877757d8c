"""How well embeddings find people again: a training signal; the reported figures come from `dongsun.eval`."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dongsun.contract.embedding import Embeddings, cosine_similarity


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
    similarity = cosine_similarity(embeddings, embeddings)
    same = persons[:, None] == persons[None, :]
    counts = same & _apart(persons, cameras, frames)
    precisions: list[float] = []
    firsts: list[bool] = []
    for query in np.flatnonzero(counts.any(axis=1)):
        gallery = np.flatnonzero(counts[query] | ~same[query])
        order = np.argsort(-similarity[query, gallery], kind="stable")
        hits = counts[query, gallery][order]
        ranks = np.flatnonzero(hits) + 1
        precisions.append(float(np.mean(np.arange(1, len(ranks) + 1) / ranks)))
        firsts.append(bool(hits[0]))
    if not precisions:
        return None
    return RetrievalScore(float(np.mean(precisions)), float(np.mean(firsts)), len(precisions))


def _apart(
    persons: npt.NDArray[np.int64], cameras: npt.NDArray[np.int64], frames: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    late = np.zeros(len(persons), dtype=bool)
    one_camera = np.zeros(len(persons), dtype=bool)
    for person in np.unique(persons):
        images = np.flatnonzero(persons == person)
        late[images] = frames[images] > np.median(frames[images])
        one_camera[images] = len(np.unique(cameras[images])) == 1
    across_time = one_camera[:, None] & one_camera[None, :] & (late[:, None] != late[None, :])
    return np.asarray((cameras[:, None] != cameras[None, :]) | across_time, dtype=bool)
