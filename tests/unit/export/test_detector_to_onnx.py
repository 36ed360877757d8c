"""Conversion of both kinds of head."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dongsun.contract.bundle import DetectorSpec
from dongsun.contract.errors import DongsunError
from dongsun.contract.preprocess import InputSpec
from dongsun.export.detector_to_onnx import TraceableDetector, describe_checkpoint, detector_to_onnx, prepare_detector
from dongsun.export.quantise import head_arithmetic
from dongsun.export.runners import RawOutput, in_batches, onnx_runner, openvino_runner, torch_runner
from dongsun.export.to_openvino import onnx_to_openvino, save_openvino
from dongsun.train.detector.weights import new_detection_model

MakeDetector = Callable[[str], tuple[TraceableDetector, DetectorSpec]]


@pytest.mark.parametrize("architecture", ["yolo26n", "yolo11n"])
def test_every_form_and_batch_size_gives_pytorchs_scores(
    architecture: str, make_detector: MakeDetector, tmp_path: Path
) -> None:
    detector, spec = make_detector(architecture)
    detector_to_onnx(detector, spec.input, tmp_path / "detector.onnx")
    model = onnx_to_openvino(tmp_path / "detector.onnx", "detector")
    save_openvino(model, tmp_path / "detector.xml")
    batch = np.random.default_rng(0).random((8, 3, 96, 160), dtype=np.float32)
    expected = in_batches(torch_runner(detector.model), batch, 1)
    assert expected.shape == ((8, 300, 6) if architecture == "yolo26n" else (8, 84, 315))

    def scores(raw: RawOutput) -> RawOutput:
        return raw[:, :, 4] if architecture == "yolo26n" else raw[:, 4:]

    for run in (onnx_runner(tmp_path / "detector.onnx"), openvino_runner(tmp_path / "detector.xml")):
        for size in (1, 8):
            np.testing.assert_allclose(scores(in_batches(run, batch, size)), scores(expected), atol=1e-4)
    arithmetic = head_arithmetic(model, detector.head_index)
    assert not [name for name in arithmetic if "/conv/" in name and "dfl" not in name]
    assert any("TopK" in name for name in arithmetic) == (architecture == "yolo26n")


def test_a_network_without_a_person_is_refused() -> None:
    network = new_detection_model("yolov8n")
    network.names = dict.fromkeys(range(80), "cat")
    spec = InputSpec(height_px=96, width_px=160, channels="rgb", resize="letterbox", scale=1 / 255)
    with pytest.raises(DongsunError, match="called person"):
        describe_checkpoint(network, spec, "cats.pt")


def test_a_description_that_the_network_cannot_meet_is_refused() -> None:
    network = new_detection_model("yolov8n")
    network.names = dict.fromkeys(range(80), "person")
    spec = InputSpec(height_px=96, width_px=160, channels="rgb", resize="letterbox", scale=1 / 255)
    description = describe_checkpoint(network, spec, "some.pt")
    for change, message in (
        ({"output": "end2end_xyxy_score_class"}, "one-to-one"),
        ({"class_names": ("person",)}, "1 classes"),
        ({"input": spec.model_copy(update={"height_px": 100})}, "multiples of 32"),
    ):
        with pytest.raises(DongsunError, match=message):
            prepare_detector(network, description.model_copy(update=change))
