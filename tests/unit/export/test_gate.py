"""The gates: what passes, what is refused and whom the refusal names."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dongsun.contract.bundle import DetectorSpec
from dongsun.contract.detections import Detections
from dongsun.contract.errors import DongsunError
from dongsun.contract.preprocess import InputSpec
from dongsun.eval.detection_metrics import FrameTruth
from dongsun.export.calibration import calibration_set, evenly_spaced
from dongsun.export.detection_parity import disagreements, matched_iou
from dongsun.export.detector_gate import GateFrames, detector_score, refuse_drop

SPEC = DetectorSpec(
    files={"FP32": "a.xml"},
    shipped_precision="FP32",
    input=InputSpec(height_px=96, width_px=160, channels="rgb", resize="letterbox", scale=1 / 255),
    output="raw_cxcywh_scores",
    class_names=("person", "head"),
    person_class=0,
    score_threshold=0.3,
)
BOX = np.array([[10, 10, 30, 60]], dtype=np.float32)


def seen(score: float, class_id: int = 0, shift: float = 0.0) -> Detections:
    return Detections(BOX + np.float32(shift), np.array([score], np.float32), np.array([class_id], np.int64))


def test_a_lost_person_is_a_refusal_that_names_the_frame() -> None:
    frames = GateFrames("test", tuple(Path(f"{i}.jpg") for i in range(4)), (FrameTruth.judged(BOX),) * 4)
    before = detector_score((seen(0.9),) * 4, frames, (), SPEC)
    after = detector_score((seen(0.9), seen(0.9), Detections.none(), seen(0.9)), frames, (), SPEC)
    assert before.map50 == pytest.approx(1.0)
    refuse_drop(before, before, frames, SPEC, 1.0, "INT8")
    with pytest.raises(DongsunError, match=r"most different: 2\.jpg \(1 boxes\)"):
        refuse_drop(before, after, frames, SPEC, 1.0, "INT8")
    refuse_drop(before, after, frames, SPEC, 30.0, "INT8")


def test_without_labels_fp32s_confident_boxes_stand_in() -> None:
    frames = GateFrames("calibration", (Path("0.jpg"), Path("1.jpg")), None)
    reference = (seen(0.9), seen(0.35))
    assert detector_score(reference, frames, reference, SPEC).map50 == pytest.approx(1.0)
    # The unsure box of the second frame may come or go.
    assert detector_score((seen(0.8), Detections.none()), frames, reference, SPEC).map50 == pytest.approx(1.0)
    assert detector_score((Detections.none(), seen(0.4)), frames, reference, SPEC).map50 == 0
    with pytest.raises(DongsunError, match="finds nobody"):
        detector_score(reference, frames, (seen(0.35), seen(0.9, class_id=1)), SPEC)


def test_matching_minds_the_class_and_forgives_a_weaker_score() -> None:
    assert matched_iou(seen(0.5), seen(0.16), 0.3) == pytest.approx([1.0])
    assert matched_iou(seen(0.5), seen(0.5, class_id=1), 0.3).tolist() == [0.0]
    assert matched_iou(seen(0.2), seen(0.5), 0.3).shape == (0,)
    assert disagreements([seen(0.9), seen(0.9)], [seen(0.9), seen(0.9, shift=40)], 0.3) == (0, 2)


@given(st.lists(st.integers(), max_size=60), st.integers(1, 20))
def test_evenly_spaced_keeps_order_ends_and_number(items: list[int], most: int) -> None:
    indices = evenly_spaced(range(len(items)), most)
    assert len(indices) == min(most, len(items))
    assert list(indices) == sorted(set(indices))
    if len(items) >= 2 and most >= 2:
        assert (indices[0], indices[-1]) == (0, len(items) - 1)


def test_calibration_without_pictures_is_refused() -> None:
    with pytest.raises(DongsunError, match="calibration split"):
        calibration_set([], SPEC.input, 10, "frames")
