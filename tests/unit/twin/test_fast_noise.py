"""The modelled detector and its looks do what they are asked to, on average and in time."""

import itertools

import numpy as np
import pytest

from dongsun.contract.errors import DongsunError
from dongsun.twin.fast.boxes import CameraBoxes
from dongsun.twin.fast.detector_noise import CameraDetections, DetectorNoise
from dongsun.twin.fast.looks import ModelledLooks


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


def found(detections: CameraDetections, people: int) -> np.ndarray:
    """bool (frames, people)."""
    there = np.zeros((detections.frames, people + 1), bool)
    for frame in range(detections.frames):
        ids = detections.person_ids[detections.rows(frame)]
        there[frame, ids[ids > 0]] = True
    return there[:, 1:]


def runs(misses: np.ndarray) -> list[int]:
    """Lengths of the runs of misses, those at the ends left out."""
    lengths = []
    for column in misses.T:
        edges = np.flatnonzero(np.diff(column.astype(int)))
        for a, b in itertools.pairwise(edges):
            if column[b]:
                lengths.append(int(b - a))
    return lengths


@pytest.mark.parametrize(("recall", "mean_miss_s"), [(0.9, 0.5), (0.6, 1.0), (0.8, 0.1)])
def test_misses_are_as_frequent_and_as_long_as_asked(recall: float, mean_miss_s: float) -> None:
    noise = DetectorNoise(((0.0, recall),), ((0.0, 1.0),), mean_miss_s=mean_miss_s, false_per_frame=0)
    there = found(noise.detect(crowd_of(20, 4000), seed=1), 20)
    assert there.mean() == pytest.approx(recall, abs=0.015)
    assert np.mean(runs(~there)) == pytest.approx(max(mean_miss_s * 10, 1 / recall), rel=0.1)


def test_recall_follows_visibility_and_height() -> None:
    noise = DetectorNoise()
    shows, tall = np.linspace(0, 1, 21), np.linspace(5, 200, 21)
    by_share, by_height = noise.recall(shows, np.full(21, 100.0)), noise.recall(np.ones(21), tall)
    assert (np.diff(by_share) >= 0).all() and (np.diff(by_height) >= 0).all()
    assert by_share[0] == 0 and by_share[-1] == pytest.approx(0.99) and by_height[0] == 0


def test_a_faultless_detector_repeats_the_boxes() -> None:
    boxes = crowd_of(3, 20, hidden_px=30)
    detections = DetectorNoise.none().detect(boxes, seed=3)
    assert np.array_equal(detections.boxes_xyxy_px, boxes.amodal_xyxy_px)
    assert np.array_equal(detections.person_ids, boxes.person_ids)
    assert np.array_equal(detections.offsets, boxes.offsets)
    cut = DetectorNoise(((0.0, 1.0),), ((0.0, 1.0),), jitter_share=0, false_per_frame=0).detect(boxes, seed=3)
    assert np.array_equal(cut.boxes_xyxy_px, boxes.seen_xyxy_px)


def test_ghosts_come_as_often_as_asked_and_are_nobody() -> None:
    noise = DetectorNoise(((0.0, 0.0),), false_per_frame=0.3, mean_false_s=1.0)
    detections = noise.detect(crowd_of(20, 20_000), seed=5)
    assert (detections.person_ids == -1).all()
    assert len(detections.scores) / detections.frames == pytest.approx(0.3, rel=0.12)
    limit = np.array([600, 360, 600, 360])
    assert (detections.boxes_xyxy_px >= 0).all() and (detections.boxes_xyxy_px <= limit).all()


def test_jitter_is_as_wide_as_asked() -> None:
    boxes = crowd_of(10, 2000)
    detections = DetectorNoise(((0.0, 1.0),), ((0.0, 1.0),), jitter_share=0.03, false_per_frame=0).detect(boxes, seed=1)
    off = (detections.boxes_xyxy_px - boxes.amodal_xyxy_px)[boxes.person_ids == 5] / np.array([20, 100, 20, 100])
    assert off.std(axis=0) == pytest.approx(np.full(4, 0.03), rel=0.1)


def test_the_same_seed_gives_the_same_detections() -> None:
    boxes = crowd_of(5, 200)
    one, same, other = (DetectorNoise(false_per_frame=0.2).detect(boxes, seed=s) for s in (1, 1, 2))
    assert np.array_equal(one.boxes_xyxy_px, same.boxes_xyxy_px) and np.array_equal(one.scores, same.scores)
    assert len(one.scores) != len(other.scores) or not np.array_equal(one.boxes_xyxy_px, other.boxes_xyxy_px)


def test_looks_are_as_alike_as_asked() -> None:
    looks = ModelledLooks(4)
    frames = range(25)
    a = np.concatenate([looks.look(p, 0, f) for p in range(40) for f in frames])
    b = np.concatenate([looks.look(p, 1, f) for p in range(40) for f in frames])
    staff = np.concatenate([looks.look(800_001 + p, 0, f, uniformed=True) for p in range(40) for f in frames])
    assert a.dtype == np.float32 and np.allclose(np.linalg.norm(a, axis=1), 1, atol=1e-5)
    who = np.repeat(np.arange(40), 25)
    same, different = who[:, None] == who, who[:, None] != who
    assert (a @ b.T)[same].mean() == pytest.approx(looks.same_person_mean, abs=0.03)
    assert (a @ a.T)[same & ~np.eye(1000, dtype=bool)].mean() == pytest.approx(looks.same_camera_mean, abs=0.03)
    assert (a @ b.T)[different].mean() == pytest.approx(looks.other_person_mean, abs=0.03)
    assert (staff @ staff.T)[different].mean() == pytest.approx(looks.uniform_mean, abs=0.03)
    assert np.array_equal(looks.look(3, 1, 9), ModelledLooks(4).look(3, 1, 9))
    assert not np.array_equal(looks.look(-1, 0, 1), looks.look(-1, 0, 2))


def test_looks_refuse_means_out_of_order() -> None:
    with pytest.raises(DongsunError, match="order"):
        ModelledLooks(1, same_person_mean=0.2)
