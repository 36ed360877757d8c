"""The modelled detector does what it is asked to, on average and in time."""

import itertools

import numpy as np
import pytest
from scipy.special import expit, logit
from scipy.stats import norm

from dongsun.twin.fast.boxes import CameraBoxes
from dongsun.twin.fast.detector_noise import LUCK, CameraDetections, DetectorNoise, DoubleNoise, SideNoise
from dongsun.twin.fast.rhythm import held, lasting, previous_rows


def crowd_of(people: int, frames: int, visibility: float = 1.0, hidden_px: float = 0.0) -> CameraBoxes:
    """People side by side in every frame, boxes 20 × 100 px."""
    left = np.tile(np.arange(people) * 30.0, frames)
    amodal = np.column_stack([left, np.full_like(left, 50), left + 20, np.full_like(left, 150)]).astype(np.float32)
    seen = amodal.copy()
    seen[:, 3] -= hidden_px
    return CameraBoxes(
        30 * people, 360, 10, np.arange(frames + 1) * people, np.tile(np.arange(1, people + 1), frames), amodal, seen,
        np.full(len(left), visibility, np.float32),
    )  # fmt: skip


def plain(logits: float, *, slope: float = 0.0, **more: object) -> DetectorNoise:
    """Everybody's log odds are `logits` + `slope` · luck; no other error unless asked."""
    by_luck = tuple(logits + slope * luck for luck in LUCK)
    settings = {"sides": SideNoise(), "doubles": DoubleNoise(), "false_per_frame": 0.0, **more}
    return DetectorNoise(((0.0, by_luck),), ((0.0, 0.0),), **settings)  # type: ignore[arg-type]


def found(detections: CameraDetections, people: int) -> np.ndarray:
    """bool (frames, people)."""
    there = np.zeros((detections.frames, people + 1), bool)
    for frame in range(detections.frames):
        ids = detections.person_ids[detections.rows(frame)]
        there[frame, ids[ids > 0]] = True
    return there[:, 1:]


def mean_run(misses: np.ndarray) -> float:
    """Mean length of the runs of misses, those at the ends left out."""
    lengths = []
    for column in misses.T:
        edges = np.flatnonzero(np.diff(column.astype(int)))
        lengths += [int(b - a) for a, b in itertools.pairwise(edges) if column[edges[0] + 1] == column[a + 1] == 1]
        lengths += [int(b - a) for a, b in itertools.pairwise(edges) if column[edges[0] + 1] == 0 and column[a + 1]]
    return float(np.mean(lengths))


@pytest.mark.parametrize("recall", [0.9, 0.6])
def test_as_many_are_missed_as_the_table_says(recall: float) -> None:
    noise = plain(float(logit(0.1) + norm.ppf(recall)), slope=1.0, slow_s=0.5)
    assert found(noise.detect(crowd_of(20, 5000), seed=1), 20).mean() == pytest.approx(recall, abs=0.02)


def test_misses_last_longer_the_more_of_luck_lasts() -> None:
    quick, slow = (
        mean_run(~found(plain(float(logit(0.1)) + 0.5, slope=1.0, slow_share=s).detect(crowd_of(20, 2000), seed=2), 20))
        for s in (0.0, 0.9)
    )
    assert quick == pytest.approx(1 / norm.cdf(0.5), rel=0.05), "independent misses"
    assert slow > 2 * quick


def test_scores_have_the_quantiles_of_the_table() -> None:
    detections = plain(2.0, slope=0.8, slow_s=0.2).detect(crowd_of(20, 3000), seed=4)
    wanted = expit(2.0 + 0.8 * np.array([-1.0, 0.0, 1.0]))
    assert np.quantile(detections.scores, norm.cdf([-1.0, 0.0, 1.0])) == pytest.approx(wanted, abs=0.02)


def test_the_fitted_detector_finds_more_of_those_who_show_more_and_are_larger() -> None:
    noise = DetectorNoise()
    shares = [found(noise.detect(crowd_of(20, 400, visibility=v), seed=1), 20).mean() for v in (0.1, 0.3, 0.6, 1.0)]
    assert (np.diff(shares) > 0).all() and shares[0] < shares[-1] - 0.3 and shares[-1] > 0.9
    sizes = [found(noise.detect(crowd_of(20, 400, hidden_px=h), seed=1), 20).mean() for h in (97, 0)]
    assert sizes[0] < sizes[1]


def test_a_faultless_detector_repeats_the_boxes() -> None:
    boxes = crowd_of(3, 20, hidden_px=30)
    detections = DetectorNoise.none().detect(boxes, seed=3)
    assert np.array_equal(detections.boxes_xyxy_px, boxes.amodal_xyxy_px)
    assert np.array_equal(detections.person_ids, boxes.person_ids)
    assert np.array_equal(detections.offsets, boxes.offsets)
    cut = plain(4.0, sides=SideNoise(bottom_cut=1.0)).detect(boxes, seed=3)
    assert np.array_equal(cut.boxes_xyxy_px, boxes.seen_xyxy_px)


def test_ghosts_come_as_often_as_asked_and_are_nobody() -> None:
    detections = plain(-20.0, false_per_frame=0.3, mean_false_s=1.0).detect(crowd_of(20, 20_000), seed=5)
    assert (detections.person_ids == -1).all()
    assert len(detections.scores) / detections.frames == pytest.approx(0.3, rel=0.12)
    limit = np.array([600, 360, 600, 360])
    assert (detections.boxes_xyxy_px >= 0).all() and (detections.boxes_xyxy_px <= limit).all()


def test_people_are_found_twice_as_often_as_asked_and_where_asked() -> None:
    boxes = crowd_of(10, 4000)
    doubles = DoubleNoise(0.1, 0.5, place_share=(0.0, 0.0, 1.0, 0.5), place_spread=(0.0, 0.0, 0.0, 0.1))
    once, twice = plain(9.0).detect(boxes, seed=6), plain(9.0, doubles=doubles).detect(boxes, seed=6)
    assert len(twice.scores) / len(once.scores) == pytest.approx(1.1, rel=0.02)
    second = twice.boxes_xyxy_px[:, 3] < 145
    assert np.median(twice.boxes_xyxy_px[second, 3]) == pytest.approx(100, abs=2)
    assert set(twice.person_ids[second].tolist()) <= set(range(1, 11))
    there = np.zeros((boxes.frames, 11), np.bool_)
    there[np.repeat(np.arange(boxes.frames), np.diff(twice.offsets))[second], twice.person_ids[second]] = True
    assert mean_run(there[:, 1:]) == pytest.approx(5, rel=0.2), "half a second of 10 frames a second"


def test_sides_waver_as_wide_and_as_long_as_asked() -> None:
    boxes = crowd_of(10, 4000)
    sides = SideNoise((0.1, 0.0, 0.0, 0.0), (0.03,) * 4, 0.5, (0.04,) * 4)
    detections = plain(8.0, sides=sides).detect(boxes, seed=1)
    one = detections.person_ids == 5
    off = (detections.boxes_xyxy_px - boxes.amodal_xyxy_px)[one] / np.array([20, 100, 20, 100])
    assert off.std(axis=0) == pytest.approx(np.full(4, 0.05), rel=0.1)
    assert off.mean(axis=0) == pytest.approx([0.1, 0, 0, 0], abs=0.01)
    off -= off.mean(axis=0)
    lag = (off[5:] * off[:-5]).mean(axis=0)
    assert lag == pytest.approx(np.full(4, 0.03**2 * np.exp(-1)), rel=0.35)


def test_the_same_seed_gives_the_same_detections() -> None:
    boxes = crowd_of(5, 200)
    one, same, other = (DetectorNoise(false_per_frame=0.2).detect(boxes, seed=s) for s in (1, 1, 2))
    assert np.array_equal(one.boxes_xyxy_px, same.boxes_xyxy_px) and np.array_equal(one.scores, same.scores)
    assert len(one.scores) != len(other.scores) or not np.array_equal(one.boxes_xyxy_px, other.boxes_xyxy_px)


def test_noise_goes_on_with_the_person_only() -> None:
    ids, offsets = np.array([7, 9, 9, 7, 9, 7]), np.array([0, 2, 3, 5, 6])
    before = previous_rows(offsets, ids)
    assert before.tolist() == [-1, -1, 1, -1, 2, 3], "7 was away for a picture"
    assert held(before, np.array([False, False, False, False, True, False])).tolist() == [0, 1, 1, 3, 4, 3]
    same = lasting(before, np.arange(6, dtype=np.float32)[:, None], 0.0)
    assert same[:, 0].tolist() == [0, 1, 1, 3, 1, 3]
