"""The gallery: what is kept of looks, how they compare, who is known, and when an identity ends."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dongsun.contract.embedding import Embeddings, l2_normalised
from dongsun.contract.errors import DongsunError
from dongsun.serve_edge.pipeline.gallery import Gallery
from dongsun.serve_edge.pipeline.gallery_policy import Compare, GalleryPolicy, Keep
from dongsun.serve_edge.pipeline.keeping import leave_one_out
from dongsun.serve_edge.pipeline.look_quality import covered_share, look_quality
from dongsun.serve_edge.pipeline.look_set import LookSet

PLAIN = GalleryPolicy(found_quality=0.0)


def axis(*shares: float) -> Embeddings:
    """(1, 4) unit row."""
    row = np.zeros((1, 4), np.float32)
    row[0, : len(shares)] = shares
    return l2_normalised(row)


def look(*shares: float, weight: float = 1.0) -> LookSet:
    return LookSet(axis(*shares), np.array([weight], np.float32))


def looks(rows: list[tuple[float, ...]], weights: list[float], policy: GalleryPolicy = PLAIN) -> LookSet:
    found = LookSet()
    for row, weight in zip(rows, weights, strict=True):
        found = found.with_looks(look(*row, weight=weight), policy)
    return found


@pytest.mark.parametrize(
    ("keep", "stays"),
    [("first", [0, 1]), ("last", [1, 2]), ("best", [0, 2]), ("diverse", [0, 2])],
)
def test_which_looks_stay(keep: Keep, stays: list[int]) -> None:
    rows: list[tuple[float, ...]] = [(1, 0), (1, 0.1), (0, 1)]
    found = looks(rows, [0.9, 0.2, 0.5], replace(PLAIN, keep=keep, kept_looks=2))
    assert found.vectors == pytest.approx(np.concatenate([axis(*rows[i]) for i in stays]))
    assert found.weights == pytest.approx([[0.9, 0.2, 0.5][i] for i in stays])


def test_of_equally_good_looks_the_older_goes() -> None:
    weights = np.array([0.5, 0.5, 0.5], np.float32)
    vectors = np.concatenate([axis(1), axis(1), axis(0, 1)])
    assert leave_one_out("best", vectors, weights) == 0
    assert leave_one_out("diverse", vectors, weights) == 0


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 12), st.integers(0, 9999))
def test_a_running_mean_is_the_mean_of_all(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows, weights = l2_normalised(rng.normal(size=(n, 6)).astype(np.float32)), rng.uniform(0.05, 1, n)
    policy = replace(PLAIN, keep="mean")
    found = LookSet()
    for row, weight in zip(rows, weights, strict=True):
        found = found.with_looks(LookSet(row[None], np.array([weight], np.float32)), policy)
    assert len(found) == 1
    assert found.vectors[0] == pytest.approx(np.average(rows, axis=0, weights=weights), abs=1e-5)
    assert float(found.weights[0]) == pytest.approx(weights.sum(), rel=1e-5)


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 5), st.integers(1, 5), st.integers(0, 9999))
def test_similarities_are_what_a_loop_says(n: int, m: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = (
        LookSet(l2_normalised(rng.normal(size=(k, 6)).astype(np.float32)), rng.uniform(0.1, 1, k).astype(np.float32))
        for k in (n, m)
    )
    cosines = [float(x @ y) for x in a.vectors for y in b.vectors]
    weights = [float(v * w) for v in a.weights for w in b.weights]
    means = [sum(w * v for w, v in zip(s.weights, s.vectors, strict=True)) for s in (a, b)]
    centre = float(means[0] @ means[1]) / float(np.linalg.norm(means[0]) * np.linalg.norm(means[1]))
    expected: dict[Compare, float] = {
        "max": max(cosines),
        "mean": sum(c * w for c, w in zip(cosines, weights, strict=True)) / sum(weights),
        "top2": sum(sorted(cosines)[-2:]) / min(2, len(cosines)),
        "centre": centre,
    }
    for compare, value in expected.items():
        policy = replace(PLAIN, compare=compare)
        assert a.similarity(b, policy) == pytest.approx(value, abs=1e-4)
        assert b.similarity(a, policy) == pytest.approx(value, abs=1e-4)
    assert a.similarity(LookSet(), PLAIN) is None


def test_the_most_alike_known_visitor_is_taken_and_a_stranger_is_new() -> None:
    gallery = Gallery(0.8, PLAIN)
    assert gallery.identify(look(1), 0.0, 2.0) == 1
    assert gallery.identify(look(0, 1), 0.0, 3.0) == 2
    assert gallery.identify(look(0.5, 1), 5.0, 6.0) == 2
    assert gallery.identify(look(0, 0, 1), 5.0, 6.0) == 3
    assert gallery.count == 3


def test_nobody_is_in_two_places_at_once() -> None:
    gallery = Gallery(0.8, replace(PLAIN, overlap_s=0.3))
    alike = look(0.85, (1 - 0.85**2) ** 0.5)
    assert gallery.identify(look(1), 0.0, 2.0) == 1
    assert gallery.identify(alike, 1.0, 2.0) == 2
    gallery.unseen_since(1, 1.0)  # it was somebody else who was seen after that
    assert gallery.identify(look(0.85, 0, 0, (1 - 0.85**2) ** 0.5), 1.2, 2.0) == 1


def test_two_boxes_around_one_person_are_one_visitor() -> None:
    gallery = Gallery(0.8, replace(PLAIN, overlap_s=0.3, overlap_margin=0.15))
    assert gallery.identify(look(1), 0.0, 2.0) == 1
    assert gallery.identify(look(1), 1.0, 2.0) == 1
    assert gallery.identify(look(1), 1.0, 2.0, elsewhere={1}) == 2  # side by side in one picture: two people
    never = Gallery(0.8, replace(PLAIN, overlap_s=0.3, overlap_margin=2.0))
    assert [never.identify(look(1), born_s, 2.0) for born_s in (0.0, 1.0)] == [1, 2]


def test_poor_looks_found_no_visitor_but_may_be_a_known_one() -> None:
    gallery = Gallery(0.8, replace(PLAIN, found_quality=1.0))
    assert gallery.identify(look(1, weight=0.9), 0.0, 1.0) is None
    assert gallery.identify(looks([(1,), (1,)], [0.6, 0.6]), 0.0, 1.0) == 1
    assert gallery.identify(look(1, weight=0.1), 5.0, 6.0) == 1
    assert gallery.count == 1


def test_memory_is_bounded_and_the_longest_unseen_go() -> None:
    policy = replace(PLAIN, most_visitors=3, kept_looks=2)
    gallery = Gallery(0.99, policy)
    rng = np.random.default_rng(0)
    rows = l2_normalised(rng.normal(size=(40, 4)).astype(np.float32))
    for i, row in enumerate(rows):
        gallery.identify(LookSet(row[None], np.ones(1, np.float32)), 10.0 * i, 10.0 * i + 1)
        assert len(gallery) <= 3
    assert gallery.count == 40
    last = LookSet(rows[-1:], np.ones(1, np.float32))
    assert gallery.identify(last, 900.0, 901.0) == 40
    for _ in range(9):
        gallery.seen(40, 902.0, last)
    assert all(len(visitor.looks) <= 2 for visitor in gallery._visitors.values())


def test_who_was_away_too_long_is_a_new_visitor() -> None:
    gallery = Gallery(0.8, replace(PLAIN, forget_after_s=60.0))
    assert [gallery.identify(look(1), t, t + 1) for t in (0.0, 50.0, 200.0)] == [1, 1, 2]
    assert len(gallery) == 1


def test_without_a_threshold_everybody_is_new() -> None:
    gallery = Gallery(None, GalleryPolicy())
    assert [gallery.identify(LookSet(), float(t), t + 1.0) for t in range(3)] == [1, 2, 3]


def test_quality_falls_with_cover_score_and_size_and_never_reaches_nothing() -> None:
    tall, low = np.array([0.0, 0, 40, 100]), np.array([0.0, 0, 20, 40])
    assert look_quality(tall, 0.0, 0.9) == pytest.approx(0.9)
    assert look_quality(tall, 0.5, 0.9) == pytest.approx(0.45)
    assert look_quality(tall, 0.0, 0.9, shown=0.5) == pytest.approx(0.225)
    assert look_quality(low, 0.0, 0.9) < look_quality(tall, 0.0, 0.9)
    assert look_quality(low, 1.0, 0.1) > 0
    boxes = np.array([[0.0, 0, 10, 10], [5, 0, 15, 10], [100, 0, 110, 10]])
    assert [covered_share(boxes, i) for i in range(3)] == pytest.approx([0.5, 0.5, 0.0])


@pytest.mark.parametrize(
    "wrong", [{"kept_looks": 0}, {"most_visitors": 0}, {"later_every_s": 0.0}, {"forget_after_s": -1.0}]
)
def test_impossible_policies_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(DongsunError, match=next(iter(wrong)) if "every" not in next(iter(wrong)) else "between looks"):
        replace(PLAIN, **wrong)  # type: ignore[arg-type]


def test_two_cameras_share_visitors_and_may_see_them_at_once() -> None:
    gallery = Gallery(0.8, PLAIN, ids=iter([901, 77, 5]))
    assert gallery.identify(look(1), 0.0, 4.0, "door") == 901
    assert gallery.identify(look(1), 1.0, 3.0, "aisle") == 901  # the same moment, another camera
    alike = look(0.85, (1 - 0.85**2) ** 0.5)
    assert gallery.identify(alike, 1.0, 3.0, "door") == 77  # the same moment and camera: somebody else
    assert gallery.count == 2
