"""What open-set tuning promises, to whom, and what it refuses."""

from collections.abc import Callable

import numpy as np
import pytest

from dongsun.contract.errors import DongsunError
from dongsun.eval.embedded_set import EmbeddedSet
from dongsun.eval.open_set_rates import false_positive_identification_rate, miss_rate
from dongsun.eval.open_set_scores import OpenSetScores, open_set_scores
from dongsun.eval.open_set_threshold import GalleryPlan, identification_at, tune_identification
from dongsun.eval.reid_protocol import ReidProtocol
from dongsun.eval.threshold_evidence import tune_on
from dongsun.eval.threshold_settings import ThresholdSettings
from dongsun.serve_edge.pipeline.gallery_policy import GalleryPolicy

Crowd = Callable[..., EmbeddedSet]


def _scores(people: EmbeddedSet) -> OpenSetScores:
    scores = open_set_scores(people, ReidProtocol("cross_camera"), policy=GalleryPolicy(), seed=0)
    assert scores is not None
    return scores


def test_fresh_people_meet_what_was_promised(crowd: Crowd) -> None:
    fresh = [_scores(crowd(300, seed=1000 + draw)) for draw in range(2)]
    kept, near = 0, 0
    for draw in range(20):
        tuned = tune_identification(_scores(crowd(60, seed=draw)), 0.1, 15, bootstrap=150, seed=draw)
        met = float(np.mean([false_positive_identification_rate(each, tuned.similarity, 15) for each in fresh]))
        missed = float(np.mean([miss_rate(each, tuned.similarity, 15) or 0.0 for each in fresh]))
        low, high = tuned.rates.false_positive_ci95
        kept += low <= met <= high
        near += abs(missed - tuned.rates.miss_rate) < 0.1
    # 19 of 20 are promised; 16 or fewer would happen to an honest interval once in 60 trials.
    assert kept >= 17
    assert near >= 17


def test_independence_states_no_less_than_what_large_galleries_do(crowd: Crowd) -> None:
    """The extrapolation's assumption, against galleries as large as claimed."""
    large = _scores(crowd(300, seed=5000))
    stated, true = [], []
    for draw in range(12):
        rates = identification_at(_scores(crowd(40, seed=draw)), 0.85, 100, extrapolate=True, bootstrap=100)
        assert rates is not None
        assert rates.method == "extrapolated"
        assert rates.measured_gallery_size == 19
        stated.append(rates.false_positive_rate)
        true.append(false_positive_identification_rate(large, 0.85, 100))
    assert np.mean(stated) > np.mean(true)


def test_plan_turns_rates_there_and_back() -> None:
    plan = GalleryPlan(gallery_size=100, measured=20)
    assert plan.at_store(0.01) == pytest.approx(1 - 0.99**5)
    assert plan.at_measured(plan.at_store(0.03)) == pytest.approx(0.03)
    assert plan.method == "extrapolated"
    same = GalleryPlan(20, 20)
    assert same.method == "empirical"
    assert same.at_store(0.2) == pytest.approx(0.2)


def test_both_targets_show_both_rates(crowd: Crowd) -> None:
    people = crowd(60)
    on_pairs = tune_on(people, ThresholdSettings(bootstrap=100), seed=1).threshold
    assert on_pairs.target_false_match_rate == 0.01
    assert on_pairs.identification is not None
    assert on_pairs.identification.gallery_size == 29  # the largest that 60 people support
    assert on_pairs.identification.target_false_positive_rate is None
    settings = ThresholdSettings(bootstrap=100, target_false_positive_identification_rate=0.1, gallery_size=15)
    on_people = tune_on(people, settings, seed=1).threshold
    rates = on_people.identification
    assert rates is not None
    assert on_people.target_false_match_rate is None
    assert rates.false_positive_rate <= 0.1 < rates.false_positive_ci95[1]
    assert on_people.ci95[0] <= on_people.similarity <= on_people.ci95[1]
    assert on_people.false_match_ci95 is not None
    assert on_people.false_match_ci95[0] <= on_people.false_match_rate <= on_people.false_match_ci95[1]
    assert on_people == tune_on(people, settings, seed=1).threshold


@pytest.mark.parametrize(
    ("persons", "changes", "named"),
    [
        (60, {"gallery_size": None}, "threshold.gallery_size"),
        (60, {"gallery_size": 40}, "at least 82 persons(.|\n)*gallery_size=29 or less, or threshold.extrapolate=true"),
        (60, {"gallery_size": 29, "target_false_positive_identification_rate": 0.01}, "a gallery of 7 at this rate"),
        (60, {"gallery_size": 5000, "extrapolate": True}, "0.1, from 120 appearances of 60 persons"),
        (3, {"gallery_size": 1}, "at least 4 persons"),
    ],
)
def test_too_few_people_are_refused_with_what_they_support(
    crowd: Crowd, persons: int, changes: dict[str, object], named: str
) -> None:
    values: dict[str, object] = {"bootstrap": 100, "target_false_positive_identification_rate": 0.1} | changes
    with pytest.raises(DongsunError, match=named):
        tune_on(crowd(persons), ThresholdSettings(**values), seed=0)  # type: ignore[arg-type]


def test_what_is_said_to_be_supported_is(crowd: Crowd) -> None:
    settings = ThresholdSettings(bootstrap=100, target_false_positive_identification_rate=0.01, gallery_size=7)
    assert tune_on(crowd(60), settings, seed=0).threshold.identification is not None


def test_extrapolated_misses_count_everybody_who_might_be_nearer(crowd: Crowd) -> None:
    scores = _scores(crowd(40))
    rates = identification_at(scores, 0.8, 60, extrapolate=True, bootstrap=100)
    alone = miss_rate(scores, 0.8, 1)
    assert rates is not None
    assert alone is not None
    assert rates.miss_rate == pytest.approx(alone + (1 - alone) * rates.false_positive_rate)


def test_a_gallery_asked_for_beside_pairs_is_refused_too_if_unsupported(crowd: Crowd) -> None:
    with pytest.raises(DongsunError, match="at least 102 persons"):
        tune_on(crowd(40), ThresholdSettings(bootstrap=100, gallery_size=50), seed=0)


def test_people_seen_once_leave_pairs_without_identification(crowd: Crowd) -> None:
    people = crowd(12, images=4, cameras=1)
    tuned = tune_on(people, ThresholdSettings(bootstrap=100, min_gap_frames=2, target_false_match_rate=0.05), seed=0)
    assert tuned.threshold.identification is not None  # frames 0, 5, 10, 15: blocks of two frames, far apart
    once = ThresholdSettings(bootstrap=100, min_gap_frames=15, target_false_match_rate=0.05)
    assert tune_on(people, once, seed=0).threshold.identification is None  # blocks 0 and 1 touch


def test_camera_pairs_without_enough_pairs_say_so(crowd: Crowd) -> None:
    people = crowd(40, cameras=3)
    few = people.take((people.camera_ids != "c2") | (people.person_ids < "p0005") & (people.frame_indices == 0))
    tuned = tune_on(few, ThresholdSettings(bootstrap=100, per_camera_pair=True), seed=0)
    assert [pair.cameras for pair in tuned.threshold.camera_pairs] == [("c0", "c1")]
    assert "different-person pairs" in tuned.camera_pairs_left[0].why


def test_camera_pairs_are_tuned_where_people_support_them(crowd: Crowd) -> None:
    people = crowd(40, cameras=3)
    few = people.take((people.camera_ids != "c2") | (people.person_ids < "p0003"))
    tuned = tune_on(few, ThresholdSettings(bootstrap=100, per_camera_pair=True), seed=0)
    (pair,) = tuned.threshold.camera_pairs
    assert pair.cameras == ("c0", "c1")
    alone = few.take(few.camera_ids != "c2")
    assert pair.similarity == tune_on(alone, ThresholdSettings(bootstrap=100), seed=0).threshold.similarity
    assert [left.cameras for left in tuned.camera_pairs_left] == [("c0", "c2"), ("c1", "c2")]
    assert tuned.camera_pairs_left[0].why == "3 persons seen by both, at least 4"
    with pytest.raises(DongsunError, match="seen by two cameras"):
        tune_on(crowd(10, cameras=1, images=12), ThresholdSettings(per_camera_pair=True, min_gap_frames=5), seed=0)
