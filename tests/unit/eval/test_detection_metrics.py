"""Detection metrics against hand-made cases and a naive average precision."""

import numpy as np
import pytest

from dongsun.contract.detections import Detections, iou_matrix
from dongsun.contract.errors import DongsunError
from dongsun.eval.detection_metrics import FrameTruth, evaluate_detections


def _boxes(*rows: tuple[float, float, float, float]) -> np.ndarray:
    return np.array(rows, np.float32).reshape(-1, 4)


def _truth(*rows: tuple[float, float, float, float], ignored: tuple[bool, ...] | None = None) -> FrameTruth:
    return FrameTruth(_boxes(*rows), np.array(ignored if ignored is not None else [False] * len(rows), np.bool_))


def _found(boxes: np.ndarray, scores: list[float], classes: list[int] | None = None) -> Detections:
    return Detections(
        np.asarray(boxes, np.float32), np.array(scores, np.float32), np.array(classes or [0] * len(scores), np.int64)
    )


A, B, C = (0.0, 0.0, 20.0, 60.0), (100.0, 10.0, 130.0, 90.0), (200.0, 10.0, 230.0, 90.0)


def test_perfect_detections_score_one(capsys: pytest.CaptureFixture[str]) -> None:
    metrics = evaluate_detections([_found(_boxes(A, B), [0.9, 0.8])], [_truth(A, B)], score_threshold=0.5)
    assert (metrics.map50, metrics.map50_95, metrics.precision, metrics.recall) == pytest.approx((1, 1, 1, 1))
    assert (metrics.frames, metrics.people, metrics.ignored) == (1, 2, 0)
    assert capsys.readouterr().out == ""


def test_the_score_threshold_moves_precision_and_recall_but_not_map() -> None:
    found = [_found(_boxes(A, B, C), [0.9, 0.3, 0.6])]
    truth = [_truth(A, B)]
    low = evaluate_detections(found, truth, score_threshold=0.1)
    high = evaluate_detections(found, truth, score_threshold=0.5)
    assert (low.precision, low.recall) == pytest.approx((2 / 3, 1.0))
    assert (high.precision, high.recall) == pytest.approx((1 / 2, 1 / 2))
    assert low.map50 == high.map50 == pytest.approx((51 * 1.0 + 50 * 2 / 3) / 101, abs=1e-6)


def test_ignored_people_are_neither_missed_nor_false_alarms() -> None:
    truth = [_truth(A, B, ignored=(False, True))]
    both = evaluate_detections([_found(_boxes(A, B), [0.9, 0.8])], truth, score_threshold=0.5)
    one = evaluate_detections([_found(_boxes(A), [0.9])], truth, score_threshold=0.5)
    inside = evaluate_detections([_found(_boxes(A, (105, 20, 120, 80)), [0.5, 0.9])], truth, score_threshold=0.5)
    for metrics in (both, one, inside):
        assert (metrics.map50, metrics.precision, metrics.recall) == pytest.approx((1, 1, 1))
    assert both.ignored == 1


def test_small_and_hidden_people_are_ignored() -> None:
    boxes = _boxes(A, (0, 0, 10, 20), B)
    judged = FrameTruth.judged(boxes, np.array([1.0, 1.0, 0.2], np.float32), min_height_px=30, min_visibility=0.4)
    assert judged.ignored.tolist() == [False, True, True]


def test_other_classes_do_not_count() -> None:
    found = [_found(_boxes(A, C), [0.9, 0.95], [0, 1])]
    assert evaluate_detections(found, [_truth(A)], score_threshold=0.5, person_class=0).precision == 1.0


def test_frames_without_people_count_their_false_alarms() -> None:
    found = [_found(_boxes(A), [0.6]), _found(_boxes(C), [0.9]), Detections.none()]
    metrics = evaluate_detections(found, [_truth(A), _truth(), _truth()], score_threshold=0.5)
    assert metrics.precision == 0.5
    assert metrics.map50 == pytest.approx(0.5, abs=1e-6)


def test_nothing_detected() -> None:
    metrics = evaluate_detections([Detections.none()], [_truth(A)], score_threshold=0.5)
    assert (metrics.map50, metrics.precision, metrics.recall) == (0, 0, 0)


def _naive_ap(found: list[Detections], truth: list[FrameTruth], iou: float) -> float:
    scored = sorted(
        ((float(score), frame, index) for frame, d in enumerate(found) for index, score in enumerate(d.scores)),
        key=lambda item: -item[0],
    )
    taken: set[tuple[int, int]] = set()
    right = []
    for _, frame, index in scored:
        overlaps = iou_matrix(found[frame].boxes_xyxy_px[index : index + 1], truth[frame].boxes_xyxy_px)[0]
        free = [(overlap, j) for j, overlap in enumerate(overlaps) if (frame, j) not in taken and overlap >= iou]
        right.append(bool(free))
        if free:
            taken.add((frame, max(free)[1]))
    hits = np.cumsum(right)
    people = sum(len(frame.ignored) for frame in truth)
    precision, recall = hits / np.arange(1, len(hits) + 1), hits / people
    best = [
        max([p for p, r in zip(precision, recall, strict=True) if r >= at], default=0) for at in np.linspace(0, 1, 101)
    ]
    return float(np.mean(best))


@pytest.mark.parametrize("seed", range(5))
def test_agrees_with_a_naive_average_precision(seed: int) -> None:
    generator = np.random.default_rng(seed)
    found, truth = [], []
    for _ in range(12):
        corners = generator.uniform(0, 300, size=(5, 2))
        boxes = np.hstack([corners, corners + generator.uniform(20, 60, size=(5, 2))]).astype(np.float32)
        jittered = boxes[:4] + generator.normal(scale=4, size=(4, 4)).astype(np.float32)
        noise = boxes[:2] + 400
        truth.append(FrameTruth(boxes, np.zeros(5, np.bool_)))
        found.append(_found(np.vstack([jittered, noise]), generator.permutation(np.linspace(0.1, 0.9, 6)).tolist()))
        found[-1] = _found(found[-1].boxes_xyxy_px, (found[-1].scores + generator.uniform(0, 0.01, 6)).tolist())
    metrics = evaluate_detections(found, truth, score_threshold=0.5)
    assert metrics.map50 == pytest.approx(_naive_ap(found, truth, 0.5), abs=2e-3)
    mean = np.mean([_naive_ap(found, truth, iou) for iou in np.arange(0.5, 1.0, 0.05)])
    assert metrics.map50_95 == pytest.approx(float(mean), abs=5e-3)


def test_refuses_nothing_to_find_and_unequal_lengths() -> None:
    with pytest.raises(DongsunError, match="at least one person"):
        evaluate_detections([Detections.none()], [_truth()], score_threshold=0.5)
    with pytest.raises(DongsunError, match="one Detections for every frame"):
        evaluate_detections([], [_truth(A)], score_threshold=0.5)
