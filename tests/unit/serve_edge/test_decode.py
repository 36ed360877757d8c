"""Raw outputs become detections; suppression against a naive oracle."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dongsun.contract.detections import iou_matrix
from dongsun.contract.preprocess import InputSpec, letterbox_geometry
from dongsun.serve_edge.inference.decode import decode_detections, non_maximum_suppression

SPEC = InputSpec(height_px=64, width_px=64, channels="rgb", resize="letterbox", scale=1 / 255)
FIT = letterbox_geometry(32, 64, SPEC)  # a 64×32 frame: 16 px of border above and below


def naive_suppression(boxes: np.ndarray, classes: np.ndarray, limit: float) -> list[int]:
    kept: list[int] = []
    for i in range(len(boxes)):
        rivals = [j for j in kept if classes[j] == classes[i]]
        if all(iou_matrix(boxes[i : i + 1], boxes[j : j + 1])[0, 0] <= limit for j in rivals):
            kept.append(i)
    return kept


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 30), st.integers(0, 10_000), st.sampled_from([0.3, 0.6, 0.9]))
def test_suppression_is_the_naive_one(n: int, seed: int, limit: float) -> None:
    rng = np.random.default_rng(seed)
    corner = rng.uniform(0, 30, (n, 2))
    boxes = np.concatenate([corner, corner + rng.uniform(5, 20, (n, 2))], axis=1).astype(np.float32)
    classes = rng.integers(0, 2, n)
    assert non_maximum_suppression(boxes, classes, limit).tolist() == naive_suppression(boxes, classes, limit)


def test_suppression_goes_on_from_block_to_block() -> None:
    rng = np.random.default_rng(2)
    corner = rng.uniform(0, 300, (700, 2))
    boxes = np.concatenate([corner, corner + rng.uniform(20, 60, (700, 2))], axis=1).astype(np.float32)
    classes = rng.integers(0, 3, 700)
    kept = non_maximum_suppression(boxes, classes, 0.4).tolist()
    assert kept == naive_suppression(boxes, classes, 0.4) and max(kept) > 450


def test_end_to_end_output_leaves_the_letterbox() -> None:
    raw = np.array([[[10, 26, 20, 46, 0.9, 1], [0, 0, 64, 10, 0.8, 0], [1, 20, 3, 30, 0.1, 0]]], np.float32)
    found = decode_detections(raw, "end2end_xyxy_score_class", FIT, classes=2, score_floor=0.3, nms_iou=0.5)
    # The second box lies in the border alone, the third under the floor.
    assert found.boxes_xyxy_px.tolist() == [[10, 10, 20, 30]]
    assert found.class_ids.tolist() == [1]


def test_raw_output_takes_the_best_class_and_suppresses_within_it() -> None:
    columns = [  # cx cy w h, class 0, class 1
        [20, 32, 10, 20, 0.6, 0.1],
        [21, 32, 10, 20, 0.9, 0.2],
        [21, 32, 10, 20, 0.1, 0.7],
        [50, 32, 10, 20, 0.2, 0.25],
    ]
    raw = np.array(columns, np.float32).T[None]
    found = decode_detections(raw, "raw_cxcywh_scores", FIT, classes=2, score_floor=0.3, nms_iou=0.5)
    assert found.scores.tolist() == pytest.approx([0.9, 0.7])
    assert found.class_ids.tolist() == [0, 1]
    assert found.boxes_xyxy_px[0].tolist() == [16, 6, 26, 26]


@pytest.mark.parametrize("output", ["end2end_xyxy_score_class", "raw_cxcywh_scores"])
def test_another_shape_is_refused(output: str) -> None:
    with pytest.raises(ValueError, match="got"):
        decode_detections(np.zeros((1, 7, 9), np.float32), output, FIT, classes=2, score_floor=0.3, nms_iou=0.5)
