"""Threshold tuning against naive searches, and what it refuses."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from dongsun.contract.embedding import l2_normalised
from dongsun.contract.errors import DongsunError
from dongsun.data.records import DISTRACTOR
from dongsun.eval.embedded_set import EmbeddedSet
from dongsun.eval.pair_similarities import PairSimilarities, pair_similarities
from dongsun.eval.reid_protocol import ReidProtocol
from dongsun.eval.threshold import area_under_roc, lowest_similarity, rate_at_or_above, tune_threshold

_SIMILARITIES = hnp.arrays(
    np.float32, st.integers(1, 200), elements=st.sampled_from(np.linspace(-1, 1, 41).astype("f4"))
)
_TARGETS = st.sampled_from([0.001, 0.01, 0.05, 0.07, 0.1, 0.29, 0.5, 0.9])


def _crowd(
    persons: int = 12, images: int = 12, cameras: int = 2, spread: float = 0.12, seed: int = 0, dimensions: int = 16
) -> EmbeddedSet:
    generator = np.random.default_rng(seed)
    person = np.repeat(np.arange(persons), images)
    centres = generator.normal(size=(persons, dimensions))
    vectors = centres[person] + spread * np.sqrt(dimensions) * generator.normal(size=(len(person), dimensions))
    return EmbeddedSet(
        embeddings=l2_normalised(vectors.astype(np.float32)),
        person_ids=np.array([f"p{index}" for index in person]),
        camera_ids=np.array([f"c{index}" for index in np.tile(np.arange(images), persons) % cameras]),
        sequence_ids=np.full(len(person), "s"),
        frame_indices=np.tile(np.arange(images), persons) * 5,
        roles=np.full(len(person), ""),
    )


@given(_SIMILARITIES, _TARGETS)
def test_lowest_similarity_keeps_the_target_and_no_lower_one_does(impostor: np.ndarray, target: float) -> None:
    threshold = lowest_similarity(impostor, target)
    assert rate_at_or_above(impostor, threshold) <= target + 1e-9
    just_below = float(np.nextafter(np.float32(threshold), np.float32(-np.inf)))
    assert rate_at_or_above(impostor, just_below) > target


@given(_SIMILARITIES, _TARGETS, _TARGETS)
def test_a_stricter_target_never_lowers_the_threshold(impostor: np.ndarray, one: float, other: float) -> None:
    strict, lenient = sorted((one, other))
    assert lowest_similarity(impostor, strict) >= lowest_similarity(impostor, lenient)


@settings(max_examples=50, deadline=None)
@given(_SIMILARITIES, _SIMILARITIES)
def test_area_under_roc_is_the_share_of_right_pairs(genuine: np.ndarray, impostor: np.ndarray) -> None:
    wins = [(g > i) + 0.5 * (g == i) for g in genuine for i in impostor]
    assert area_under_roc(genuine, impostor) == pytest.approx(float(np.mean(wins)))


def test_golden_convention() -> None:
    impostor = np.linspace(0.0, 0.999, 1000).astype(np.float32)
    threshold = lowest_similarity(impostor, 0.01)  # ten may match: the eleventh largest is 0.989
    assert threshold == pytest.approx(0.989, abs=1e-6)
    assert rate_at_or_above(impostor, threshold) == pytest.approx(0.01)


def test_tuning_gives_the_evidence() -> None:
    pairs = pair_similarities(_crowd(), ReidProtocol("cross_camera"))
    tuned = tune_threshold(pairs, 0.01, bootstrap=300)
    assert tuned.false_match_rate <= 0.01 < rate_at_or_above(pairs.impostor, tuned.similarity - 1e-4) + 0.005
    assert tuned.ci95[0] <= tuned.similarity <= tuned.ci95[1] + 0.05
    assert tuned.true_match_rate > 0.8
    assert tuned.persons == 12
    assert tuned == tune_threshold(pairs, 0.01, bootstrap=300)


def test_interval_agrees_with_a_naive_bootstrap_over_persons() -> None:
    pairs = pair_similarities(_crowd(persons=8, images=10), ReidProtocol("cross_camera"))
    tuned = tune_threshold(pairs, 0.02, bootstrap=400, seed=1)
    generator = np.random.default_rng(99)
    thresholds = []
    for _ in range(400):
        drawn = generator.integers(0, 8, 8)
        values: list[float] = []
        for one in drawn:
            for other in drawn:
                if one < other:
                    mine = (pairs.impostor_persons == [one, other]).all(axis=1)
                    values.extend(pairs.impostor[mine])
        thresholds.append(lowest_similarity(np.array(values, np.float32), 0.02))
    assert tuned.ci95 == pytest.approx(np.quantile(thresholds, [0.025, 0.975]), abs=0.05)


def test_persons_not_pairs_make_the_interval() -> None:
    few = tune_threshold(pair_similarities(_crowd(persons=6, images=30), ReidProtocol("cross_camera")), 0.01, 300)
    many = tune_threshold(pair_similarities(_crowd(persons=60, images=6), ReidProtocol("cross_camera")), 0.01, 300)
    assert few.ci95[1] - few.ci95[0] > many.ci95[1] - many.ci95[0]


def test_refuses_what_cannot_support_a_threshold() -> None:
    enough = pair_similarities(_crowd(), ReidProtocol("cross_camera"))
    with pytest.raises(DongsunError, match="persons"):
        tune_threshold(enough, min_persons=13)
    with pytest.raises(DongsunError, match="at least 100000 different-person pairs"):
        tune_threshold(enough, target_false_match_rate=0.0001)
    with pytest.raises(DongsunError, match="between 0 and 1"):
        tune_threshold(enough, target_false_match_rate=0.0)
    alike = PairSimilarities(
        enough.impostor[:500],
        np.zeros(500, np.int64),
        enough.impostor,
        enough.impostor_persons,
        enough.persons,
        enough.protocol,
    )
    with pytest.raises(DongsunError, match="can't tell people apart"):
        tune_threshold(alike)
    constant = PairSimilarities(
        np.ones(50, np.float32),
        np.zeros(50, np.int64),
        np.ones_like(enough.impostor),
        enough.impostor_persons,
        enough.persons,
        enough.protocol,
    )
    with pytest.raises(DongsunError, match="can't tell people apart"):
        tune_threshold(constant)


@pytest.mark.parametrize("protocol", [ReidProtocol("cross_camera"), ReidProtocol("across_time", 12)])
def test_pairs_agree_with_a_naive_double_loop(protocol: ReidProtocol) -> None:
    people = _crowd(persons=5, images=6)
    pairs = pair_similarities(people, protocol)
    genuine, impostor = [], []
    for i in range(len(people)):
        for j in range(i + 1, len(people)):
            similarity = float(people.embeddings[i] @ people.embeddings[j])
            other_camera = people.camera_ids[i] != people.camera_ids[j]
            far = abs(people.frame_indices[i] - people.frame_indices[j]) >= 12
            if people.person_ids[i] == people.person_ids[j]:
                if other_camera or (protocol.kind == "across_time" and far):
                    genuine.append(similarity)
            elif other_camera or protocol.kind == "across_time":
                impostor.append(similarity)
    assert np.sort(pairs.genuine) == pytest.approx(np.sort(genuine), abs=1e-6)
    assert np.sort(pairs.impostor) == pytest.approx(np.sort(impostor), abs=1e-6)


def test_capped_pairs_are_balanced_and_seeded() -> None:
    people = _crowd(persons=10, images=12)
    uneven = people.take(np.r_[np.arange(60), np.arange(60, 120, 3)])
    pairs = pair_similarities(uneven, ReidProtocol("cross_camera"), most_pairs=90, seed=4)
    assert len(pairs.impostor) == 90
    counts = np.unique(pairs.impostor_persons, axis=0, return_counts=True)[1]
    assert set(counts) == {2}
    again = pair_similarities(uneven, ReidProtocol("cross_camera"), most_pairs=90, seed=4)
    assert np.array_equal(pairs.impostor, again.impostor)
    other = pair_similarities(uneven, ReidProtocol("cross_camera"), most_pairs=90, seed=5)
    assert not np.array_equal(pairs.impostor, other.impostor)


def test_pictures_of_each_person_are_capped_and_distractors_left_out() -> None:
    people = _crowd(persons=4, images=12)
    ids = people.person_ids.astype("<U20")
    ids[-12:] = DISTRACTOR
    marked = EmbeddedSet(
        people.embeddings, ids, people.camera_ids, people.sequence_ids, people.frame_indices, people.roles
    )
    pairs = pair_similarities(marked, ReidProtocol("across_time", 1), most_images_per_person=4)
    assert pairs.persons == ("p0", "p1", "p2")
    assert len(pairs.genuine) == 3 * 6
    assert len(pairs.impostor) == 3 * 16


def test_no_pairs_at_all_is_refused() -> None:
    with pytest.raises(DongsunError, match="same-person"):
        pair_similarities(_crowd(cameras=1), ReidProtocol("cross_camera"))
