import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dongsun.contract.embedding import l2_normalised
from dongsun.train.reid.retrieval import score_retrieval


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 999), count=st.integers(2, 25), cameras=st.integers(1, 3))
def test_equals_the_naive_loop(seed: int, count: int, cameras: int) -> None:
    random = np.random.default_rng(seed)
    embeddings = l2_normalised(random.normal(size=(count, 6)).astype(np.float32))
    persons, camera = random.integers(0, 4, count), random.integers(0, cameras, count)
    frames = random.permutation(count)
    got = score_retrieval(embeddings, persons, camera, frames)
    expected = naive(embeddings, persons, camera, frames)
    if expected is None:
        assert got is None
    else:
        assert got is not None
        assert (got.mean_average_precision, got.rank1) == pytest.approx(expected, abs=1e-5)


def naive(
    embeddings: np.ndarray, persons: np.ndarray, cameras: np.ndarray, frames: np.ndarray
) -> tuple[float, float] | None:
    def counts(i: int, j: int) -> bool:
        mine = np.flatnonzero(persons == persons[i])
        if len(set(cameras[mine])) > 1:
            return bool(cameras[i] != cameras[j])
        middle = np.median(frames[mine])
        return bool((frames[i] > middle) != (frames[j] > middle))

    precisions, firsts = [], []
    for i in range(len(persons)):
        gallery = [j for j in range(len(persons)) if persons[j] != persons[i] or counts(i, j)]
        gallery.sort(key=lambda j: -float(embeddings[i] @ embeddings[j]))
        hits = [persons[j] == persons[i] for j in gallery]
        if any(hits):
            found = [sum(hits[: rank + 1]) / (rank + 1) for rank, hit in enumerate(hits) if hit]
            precisions.append(sum(found) / len(found))
            firsts.append(hits[0])
    return (float(np.mean(precisions)), float(np.mean(firsts))) if precisions else None


def test_neighbouring_frames_of_one_camera_do_not_count() -> None:
    embeddings = np.eye(2, dtype=np.float32)[[0, 0]]
    same = np.zeros(2, dtype=np.int64)
    other_time = score_retrieval(embeddings, same, same, np.array([0, 1]))
    assert other_time is not None
    assert other_time.queries == 2
    assert score_retrieval(embeddings, same, same, np.array([5, 5])) is None
