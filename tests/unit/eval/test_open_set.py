"""Open-set identification against naive loops over every gallery, the station's own gallery, and fresh people."""

import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dongsun.eval.embedded_set import EmbeddedSet
from dongsun.eval.open_set_curve import gallery_curve
from dongsun.eval.open_set_intervals import draw_halves, false_positive_interval, threshold_interval
from dongsun.eval.open_set_rates import (
    chance_of_none,
    false_positive_identification_rate,
    lowest_similarity_at,
    miss_rate,
)
from dongsun.eval.open_set_scores import OpenSetScores, open_set_scores
from dongsun.eval.open_set_threshold import identification_at
from dongsun.eval.reid_protocol import ReidProtocol
from dongsun.serve_edge.pipeline.gallery_policy import Compare, GalleryPolicy
from dongsun.serve_edge.pipeline.look_set import LookSet

Crowd = Callable[..., EmbeddedSet]
_ACROSS_CAMERAS = ReidProtocol("cross_camera")
_POLICY = GalleryPolicy()


def _scores(
    people: EmbeddedSet, protocol: ReidProtocol = _ACROSS_CAMERAS, policy: GalleryPolicy = _POLICY
) -> OpenSetScores:
    scores = open_set_scores(people, protocol, policy=policy, seed=0)
    assert scores is not None
    return scores


def _drawn(persons: int, rows_each: int, seed: int) -> OpenSetScores:
    """Coarse scores, so that ties occur; some probes have no mate."""
    generator = np.random.default_rng(seed)
    rows = persons * rows_each
    person = np.repeat(np.arange(persons), rows_each)
    others = (generator.integers(-4, 9, (rows, persons)) / 10).astype(np.float32)
    others[np.arange(rows), person] = -np.inf
    mate = (generator.integers(2, 10, rows) / 10).astype(np.float32)
    mate[generator.random(rows) < 0.2] = np.nan
    mate[0] = 0.5
    return OpenSetScores(others, mate, person, rows)


def _naive_false_positives(scores: OpenSetScores, similarity: float, size: int) -> float:
    by_person: dict[int, list[float]] = {}
    for row, person in enumerate(scores.person.tolist()):
        others = [column for column in range(scores.persons) if column != person]
        galleries = list(itertools.combinations(others, size))
        wrong = sum(any(scores.others[row, other] >= np.float32(similarity) for other in each) for each in galleries)
        by_person.setdefault(person, []).append(wrong / len(galleries))
    return float(np.mean([np.mean(rates) for rates in by_person.values()]))


def _naive_misses(scores: OpenSetScores, similarity: float, size: int) -> float:
    by_person: dict[int, list[float]] = {}
    for row, person in enumerate(scores.person.tolist()):
        mate = scores.mate[row]
        if np.isnan(mate):
            continue
        others = [column for column in range(scores.persons) if column != person]
        galleries = list(itertools.combinations(others, size - 1))
        found = sum(
            mate >= np.float32(similarity) and all(scores.others[row, other] < mate for other in each)
            for each in galleries
        )
        by_person.setdefault(person, []).append(1 - found / len(galleries))
    return float(np.mean([np.mean(rates) for rates in by_person.values()]))


@pytest.mark.parametrize("size", [1, 2, 4, 6])
def test_rates_are_the_means_over_every_gallery(size: int) -> None:
    scores = _drawn(7, 3, seed=size)
    for similarity in (0.15, 0.5, 0.8):
        assert false_positive_identification_rate(scores, similarity, size) == pytest.approx(
            _naive_false_positives(scores, similarity, size)
        )
        assert miss_rate(scores, similarity, size) == pytest.approx(_naive_misses(scores, similarity, size))


@given(st.integers(1, 30), st.integers(0, 30))
def test_chance_of_none_is_hypergeometric(others: int, size: int) -> None:
    size = min(size, others)
    naive = [math.comb(others - k, size) / math.comb(others, size) for k in range(others + 1)]
    assert chance_of_none(others, size) == pytest.approx(naive)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.02, 0.1, 0.3, 0.6]), st.integers(1, 5))
def test_threshold_keeps_the_target_and_no_lower_one_does(seed: int, target: float, size: int) -> None:
    scores = _drawn(8, 2, seed)
    similarity = lowest_similarity_at(scores, target, size)
    assert false_positive_identification_rate(scores, similarity, size) <= target + 1e-9
    just_below = float(np.nextafter(np.float32(similarity), np.float32(-np.inf)))
    assert false_positive_identification_rate(scores, just_below, size) > target


def test_a_larger_gallery_never_lowers_threshold_false_identifications_or_misses(crowd: Crowd) -> None:
    scores = _scores(crowd(24))
    sizes = range(1, 20)
    thresholds = [lowest_similarity_at(scores, 0.1, size) for size in sizes]
    false = [false_positive_identification_rate(scores, 0.7, size) for size in sizes]
    missed = [miss_rate(scores, 0.7, size) or 0.0 for size in sizes]
    assert thresholds == sorted(thresholds)
    assert false == sorted(false)
    assert missed == sorted(missed)
    rates = identification_at(scores, 0.7, 11, bootstrap=100)
    assert rates is not None
    curve = gallery_curve(scores, 0.7, rates)
    assert curve.sizes[0] == 1
    assert curve.false_positive_rates == pytest.approx([false[size - 1] for size in curve.sizes])
    assert curve.miss_rates[-1] == rates.miss_rate


@pytest.mark.parametrize("compare", ["max", "mean", "top2", "centre"])
@pytest.mark.parametrize("protocol", [_ACROSS_CAMERAS, ReidProtocol("across_time", 10)])
def test_scores_are_the_stations_between_appearances_that_may_be_compared(
    crowd: Crowd, protocol: ReidProtocol, compare: Compare
) -> None:
    people = crowd(5, images=9, cameras=1 if protocol.kind == "across_time" else 3)
    policy = GalleryPolicy(compare=compare, margin=0.05)
    scores = _scores(people, protocol, policy)
    appearances: dict[tuple[str, str, int], list[int]] = {}
    block = people.frame_indices // 10 if protocol.kind == "across_time" else np.zeros(len(people), np.int64)
    for row in range(len(people)):
        key = (str(people.person_ids[row]), str(people.camera_ids[row]), int(block[row]))
        appearances.setdefault(key, []).append(row)
    keys = sorted(appearances)
    assert scores.probes == len(keys)
    assert scores.others.shape == (4 * len(keys), 5)

    def looks(key: tuple[str, str, int], most: int) -> LookSet:
        own = appearances[key]
        spaced = sorted(set(np.linspace(0, len(own) - 1, min(most, len(own))).round().astype(int)))
        return LookSet(people.embeddings[[own[i] for i in spaced]], np.ones(len(spaced), np.float32))

    for row, probe in enumerate(keys * 4):
        for column, person in enumerate(people.persons):
            allowed = [key for key in keys if key[0] == person and _comparable(key, probe, protocol)]
            alike = [
                looks(probe, policy.decide_looks).similarity(looks(key, policy.kept_looks), policy) for key in allowed
            ]
            scored = scores.mate[row] if person == probe[0] else scores.others[row, column]
            if alike:
                assert any(scored == pytest.approx(value - 0.05, abs=1e-5) for value in alike if value is not None)
            else:
                assert np.isnan(scored)


def _comparable(one: tuple[str, str, int], other: tuple[str, str, int], protocol: ReidProtocol) -> bool:
    if protocol.kind == "cross_camera":
        return one[1] != other[1]
    return one[0] != other[0] or abs(one[2] - other[2]) >= 2


def test_people_of_one_camera_are_left_out_across_cameras(crowd: Crowd) -> None:
    people = crowd(6)
    lonely = people.take(~((people.person_ids == "p0000") & (people.camera_ids == "c0")))
    assert _scores(lonely).persons == 5
    nobody = people.take(people.camera_ids == "c0")
    assert open_set_scores(nobody, _ACROSS_CAMERAS, policy=GalleryPolicy(), seed=0) is None


def test_probes_of_a_person_seen_often_weigh_no_more(crowd: Crowd) -> None:
    scores = _drawn(6, 2, seed=3)
    often = np.r_[np.arange(len(scores.person)), np.repeat(np.flatnonzero(scores.person == 2), 20)]
    repeated = OpenSetScores(scores.others[often], scores.mate[often], scores.person[often], len(often))
    assert false_positive_identification_rate(repeated, 0.5, 3) == pytest.approx(
        false_positive_identification_rate(scores, 0.5, 3)
    )
    assert miss_rate(repeated, 0.5, 3) == pytest.approx(miss_rate(scores, 0.5, 3))


def test_intervals_agree_with_naive_halves(crowd: Crowd) -> None:
    scores, size, target, similarity = _scores(crowd(16)), 4, 0.2, 0.7
    halves = draw_halves(16, 60, seed=2)
    assert (halves.sum(axis=1) == 8).all()
    thresholds, rates = [], []
    for half in halves:
        rows = half[scores.person]
        renumbered = np.cumsum(half) - 1
        part = OpenSetScores(
            scores.others[rows][:, half], scores.mate[rows], renumbered[scores.person[rows]], int(rows.sum())
        )
        thresholds.append(lowest_similarity_at(part, target, size))
        rates.append(_naive_false_positives(part, similarity, size))
    tuned = threshold_interval(scores, target, size, resamples=60, seed=2)
    assert (tuned.low, tuned.high) == pytest.approx(tuple(np.quantile(thresholds, [0.025, 0.975])))
    rated = false_positive_interval(scores, similarity, size, resamples=60, seed=2)
    assert (rated.low, rated.high) == pytest.approx(tuple(np.quantile(rates, [0.025, 0.975])))


def test_nobody_falsely_matched_still_leaves_an_upper_limit(crowd: Crowd) -> None:
    interval = false_positive_interval(_scores(crowd(20)), 1.1, 5, resamples=100, seed=0)
    assert (interval.low, interval.high) == (0.0, 3 / 20)
