"""Retrieval metrics against a naive loop, torchreid, and hand-made rankings."""

import numpy as np
import pytest
from torchreid.reid.metrics.rank import evaluate_rank

from dongsun.contract.embedding import cosine_similarity, l2_normalised
from dongsun.contract.errors import DongsunError
from dongsun.data.records import DISTRACTOR
from dongsun.eval.embedded_set import EmbeddedSet
from dongsun.eval.reid_metrics import evaluate_reid, query_scores, split_by_role
from dongsun.eval.reid_protocol import ReidProtocol, choose_protocol


def _people(
    seed: int, count: int, persons: int = 8, cameras: int = 3, distractors: int = 0, sequences: int = 1
) -> EmbeddedSet:
    generator = np.random.default_rng(seed)
    names = np.array([f"p{index}" for index in generator.integers(0, persons, count)] + [DISTRACTOR] * distractors)
    total = len(names)
    return EmbeddedSet(
        embeddings=l2_normalised(generator.normal(size=(total, 5)).astype(np.float32)),
        person_ids=names,
        camera_ids=np.array([f"c{index}" for index in generator.integers(0, cameras, total)]),
        sequence_ids=np.array([f"s{index}" for index in generator.integers(0, sequences, total)]),
        frame_indices=generator.integers(0, 100, total),
        roles=np.full(total, ""),
    )


def _naive(query: EmbeddedSet, gallery: EmbeddedSet, protocol: ReidProtocol) -> tuple[float, float, float, int]:
    """(mAP, rank1, mINP, counted queries), one query and one gallery picture at a time."""
    precisions, firsts, penalties = [], [], []
    for q in range(len(query)):
        seen = []
        for g in range(len(gallery)):
            same = query.person_ids[q] == gallery.person_ids[g]
            if same and query.camera_ids[q] == gallery.camera_ids[g]:
                if protocol.kind == "cross_camera":
                    continue
                gap = abs(int(query.frame_indices[q]) - int(gallery.frame_indices[g]))
                if query.sequence_ids[q] == gallery.sequence_ids[g] and gap < protocol.min_gap_frames:
                    continue
            seen.append((float(query.embeddings[q] @ gallery.embeddings[g]), bool(same)))
        seen.sort(key=lambda pair: -pair[0])
        ranks = [rank for rank, (_, same) in enumerate(seen, start=1) if same]
        if not ranks:
            continue
        precisions.append(np.mean([(i + 1) / rank for i, rank in enumerate(ranks)]))
        firsts.append(ranks[0] == 1)
        penalties.append(len(ranks) / ranks[-1])
    return float(np.mean(precisions)), float(np.mean(firsts)), float(np.mean(penalties)), len(precisions)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    "protocol", [ReidProtocol("cross_camera"), ReidProtocol("across_time", 10), ReidProtocol("across_time", 60)]
)
def test_agrees_with_a_naive_loop(seed: int, protocol: ReidProtocol) -> None:
    query = _people(seed, 40, cameras=2, sequences=2)
    gallery = _people(seed + 100, 90, cameras=2, distractors=20, sequences=2)
    metrics = evaluate_reid(query, gallery, protocol, bootstrap=20)
    precision, rank1, penalty, counted = _naive(query, gallery, protocol)
    assert metrics.mean_average_precision == pytest.approx(precision, abs=1e-9)
    assert metrics.rank1 == pytest.approx(rank1)
    assert metrics.mean_inverse_negative_penalty == pytest.approx(penalty, abs=1e-9)
    assert metrics.queries == counted
    assert metrics.queries + metrics.queries_without_match == len(query)


def test_agrees_with_torchreid() -> None:
    query, gallery = _people(1, 300, persons=30), _people(2, 900, persons=30, distractors=100)
    metrics = evaluate_reid(query, gallery, ReidProtocol("cross_camera"), bootstrap=20)
    _, numbers = np.unique(np.concatenate([query.person_ids, gallery.person_ids]), return_inverse=True)
    _, cameras = np.unique(np.concatenate([query.camera_ids, gallery.camera_ids]), return_inverse=True)
    curve, precision = evaluate_rank(
        1.0 - cosine_similarity(query.embeddings, gallery.embeddings),
        numbers[: len(query)],
        numbers[len(query) :],
        cameras[: len(query)],
        cameras[len(query) :],
        use_cython=False,
    )
    assert metrics.mean_average_precision == pytest.approx(float(precision), abs=1e-6)
    assert (metrics.rank1, metrics.rank5, metrics.rank10) == pytest.approx(tuple(curve[[0, 4, 9]]), abs=1e-6)


def test_hand_made_ranking() -> None:
    scores = query_scores(
        np.array([[0.9, 0.8, 0.7, 0.6]], np.float32),
        np.array([[True, False, True, True]]),
        np.array([[False, False, False, True]]),
    )
    assert scores.average_precision[0] == pytest.approx((1 / 1 + 2 / 3) / 2)
    assert scores.first_rank[0] == 1
    assert scores.inverse_negative_penalty[0] == pytest.approx(2 / 3)


def test_a_model_that_cannot_tell_does_not_win_by_file_order() -> None:
    right = np.array([[True, False, False]])
    scores = query_scores(np.ones((1, 3), np.float32), right, np.zeros((1, 3), bool))
    assert scores.first_rank[0] == 3
    assert scores.average_precision[0] == pytest.approx(1 / 3)


def test_a_picture_never_finds_itself() -> None:
    people = _people(3, 50, cameras=1)
    query, gallery = split_by_role(people)
    metrics = evaluate_reid(query, gallery, ReidProtocol("across_time", 1), bootstrap=20)
    assert metrics.rank1 < 1.0


def test_roles_of_the_source_are_kept() -> None:
    people = _people(3, 50)
    roles = np.array(["query"] * 10 + ["gallery"] * 40)
    marked = EmbeddedSet(
        people.embeddings, people.person_ids, people.camera_ids, people.sequence_ids, people.frame_indices, roles
    )
    query, gallery = split_by_role(marked)
    assert (len(query), len(gallery)) == (10, 40)


def test_intervals_hold_the_figure_and_are_reproducible() -> None:
    query, gallery = _people(5, 200), _people(6, 400)
    first = evaluate_reid(query, gallery, ReidProtocol("cross_camera"), seed=3)
    assert first.map_ci95[0] < first.mean_average_precision < first.map_ci95[1]
    assert first == evaluate_reid(query, gallery, ReidProtocol("cross_camera"), seed=3)


def test_refuses_distractors_as_queries_and_nothing_to_compare() -> None:
    people = _people(0, 10, cameras=1, distractors=2)
    with pytest.raises(DongsunError, match="distractors"):
        evaluate_reid(people, people, ReidProtocol("cross_camera"))
    known = people.take(~people.is_distractor)
    with pytest.raises(DongsunError, match="none comparable"):
        evaluate_reid(known, known, ReidProtocol("cross_camera"))


def test_protocol_follows_the_cameras() -> None:
    assert choose_protocol(_people(0, 60, cameras=2), 10).kind == "cross_camera"
    assert choose_protocol(_people(0, 60, cameras=1), 10).kind == "across_time"
    with pytest.raises(DongsunError):
        ReidProtocol("across_time", 0)


def test_unnormalised_embeddings_are_refused() -> None:
    people = _people(0, 4)
    with pytest.raises(ValueError, match="length one"):
        EmbeddedSet(
            people.embeddings * 2,
            people.person_ids,
            people.camera_ids,
            people.sequence_ids,
            people.frame_indices,
            people.roles,
        )
