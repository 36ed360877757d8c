"""The detector's whole way: checkpoint → ONNX → OpenVINO FP32 and INT8, held to account at every step."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import openvino as ov

from dongsun.contract.bundle import DetectorSpec, Precision
from dongsun.contract.detections import Detections
from dongsun.contract.errors import DongsunError
from dongsun.contract.preprocess import Batch
from dongsun.eval.embed_manifest import read_picture_bgr
from dongsun.export.calibration import CalibrationSet, evenly_spaced, prepared
from dongsun.export.detection_parity import DetectionParity, detection_parity
from dongsun.export.detector_gate import (
    SCORE_FLOOR,
    DetectorScore,
    GateFrames,
    detect_all,
    detector_score,
    framed,
    refuse_drop,
)
from dongsun.export.detector_to_onnx import TraceableDetector, detector_to_onnx
from dongsun.export.quantise import Quantised, head_arithmetic, quantise, quantise_with_accuracy_control
from dongsun.export.runners import Run, in_batches, median_ms, onnx_runner, openvino_runner, torch_runner
from dongsun.export.settings import ExportSettings
from dongsun.export.tensorrt import TENSORRT_DIRECTORY, pack_tensorrt
from dongsun.export.to_openvino import onnx_to_openvino, save_openvino
from dongsun.serve_edge.inference.detector import OpenVinoDetector

_PARITY_INPUTS = 16
_CONTROL_INPUTS = 40
_NAME = "detector"
"""Name of the graph and stem of the files."""


@dataclass(frozen=True)
class ExportedDetector:
    """What the way gave.

    Attributes:
        spec: The bundle's description of the files written.
        metrics: Flat figures, each name starting with `detector_`.
        notes: What a reader of the figures should know.
    """

    spec: DetectorSpec
    metrics: Mapping[str, float]
    notes: tuple[str, ...]


class DetectorExport:
    """Exports one detector.

    Args:
        detector: Prepared for tracing.
        spec: Names both precisions; those that ship are decided here.
        settings: Of the stage.
        calibration: Of the calibration split; None where INT8 isn't wanted.
        gates: Splits to be judged on; the first one also steers accuracy control.
    """

    def __init__(
        self,
        detector: TraceableDetector,
        spec: DetectorSpec,
        settings: ExportSettings,
        calibration: CalibrationSet | None,
        gates: tuple[GateFrames, ...],
    ) -> None:
        self._detector = detector
        self._spec = spec
        self._settings = settings
        self._calibration = calibration
        self._gates = gates
        self._metrics: dict[str, float] = {}
        self._notes: list[str] = []

    def run(self, staged: Path, work: Path) -> ExportedDetector:
        """Writes `openvino/detector-*.{xml,bin}` under `staged`; intermediates go to `work`.

        Raises:
            DongsunError: A form differs from PyTorch, or loses more, than the limits allow.
        """
        onnx = work / f"{_NAME}.onnx"
        detector_to_onnx(self._detector, self._spec.input, onnx)
        model = onnx_to_openvino(onnx, _NAME)
        save_openvino(model, staged / self._spec.files["FP32"])
        reference = torch_runner(self._detector.model)
        self._check_float(reference, onnx, staged)
        baseline = self._float_scores(reference, staged)
        files = {"FP32": self._spec.files["FP32"]}
        if self._settings.shipped_detector != "FP32":
            files["INT8"] = self._spec.files["INT8"]
            self._make_int8(model, reference, baseline, staged)
        if self._settings.tensorrt:
            self._pack_tensorrt(onnx, reference, staged)
        shipped = self._choose(staged, files)
        spec = DetectorSpec.model_validate({**self._spec.model_dump(), "files": files, "shipped_precision": shipped})
        return ExportedDetector(spec, self._metrics, tuple(self._notes))

    def _parity_batch(self) -> tuple[Batch, tuple[Path, ...]]:
        paths = evenly_spaced(self._gates[0].paths, _PARITY_INPUTS)
        return np.concatenate([prepared(read_picture_bgr(path), self._spec.input) for path in paths]), paths

    def _check_float(self, reference: Run, onnx: Path, staged: Path) -> None:
        batch, paths = self._parity_batch()
        truth = in_batches(reference, batch, 1)
        forms: dict[str, Run] = {
            "onnx": onnx_runner(onnx),
            "fp32": openvino_runner(staged / self._spec.files["FP32"]),
        }
        for form, run in forms.items():
            parity = detection_parity(truth, run, batch, self._spec)
            self._note_parity(form, parity)
            limits = self._settings.limits
            if parity.score_difference > limits.fp32_score or parity.matched < 1:
                raise _not_equal(form, parity, f"scores within {limits.fp32_score} of PyTorch's", paths)
            self._refuse_batch_gap(form, parity, paths)

    def _float_scores(self, reference: Run, staged: Path) -> dict[str, DetectorScore]:
        """Split → FP32's score. PyTorch's own is measured on the first split alone: it's slow, and parity is known."""
        fp32 = OpenVinoDetector(self._spec, staged, "FP32", score_floor=SCORE_FLOOR)
        scores: dict[str, DetectorScore] = {}
        for position, frames in enumerate(self._gates):
            found = detect_all(fp32.detect, frames, "FP32")
            scores[frames.split] = detector_score(found, frames, found, self._spec)
            self._note_score("fp32", scores[frames.split], frames)
            if position == 0 and frames.truth is not None:
                torch_found = detect_all(framed(reference, self._spec), frames, "PyTorch")
                before = detector_score(torch_found, frames, found, self._spec)
                self._note_score("torch", before, frames)
                limit = self._settings.limits.map50_points
                refuse_drop(before, scores[frames.split], frames, self._spec, limit, "OpenVINO FP32")
        return scores

    def _make_int8(self, model: ov.Model, reference: Run, baseline: dict[str, DetectorScore], staged: Path) -> None:
        """Plain quantisation, and quantisation with accuracy control where that fails its gate."""
        if self._calibration is None:
            raise ValueError("INT8 needs calibration frames")
        float_operations = head_arithmetic(model, self._detector.head_index)
        quantised = quantise(model, self._calibration, float_operations, _NAME)
        try:
            self._judge_int8(quantised, reference, baseline, staged)
        except DongsunError as refusal:
            if not self._settings.accuracy_control:
                raise
            self._notes.append(f"Plain INT8 of the detector was refused ({refusal.got.split(';')[0]}).")
            quantised = self._controlled(model, self._calibration, float_operations, staged)
            self._judge_int8(quantised, reference, baseline, staged)
        self._notes.append(
            f"INT8 detector by {quantised.method}, calibrated on {quantised.calibration_pictures} frames."
        )

    def _judge_int8(
        self, quantised: Quantised, reference: Run, baseline: dict[str, DetectorScore], staged: Path
    ) -> None:
        save_openvino(quantised.model, staged / self._spec.files["INT8"])
        self._check_int8(reference, staged)
        int8 = OpenVinoDetector(self._spec, staged, "INT8", score_floor=SCORE_FLOOR)
        for frames in self._gates:
            before = baseline[frames.split]
            found = detect_all(int8.detect, frames, "INT8")
            after = detector_score(found, frames, before.detections, self._spec)
            self._note_score("int8", after, frames)
            self._metrics[f"detector_{frames.split}_map50_drop_points"] = 100 * (before.map50 - after.map50)
            refuse_drop(before, after, frames, self._spec, self._limit(frames), "INT8")

    def _controlled(
        self, model: ov.Model, calibration: CalibrationSet, float_operations: tuple[str, ...], staged: Path
    ) -> Quantised:
        """Steered by agreement with FP32's own boxes on some frames of the first split: no labels, no test.

        Half of plain INT8's loss of agreement is to be won back.
        """
        frames = GateFrames("control", evenly_spaced(self._gates[0].paths, _CONTROL_INPUTS), None)
        pictures = [read_picture_bgr(path) for path in frames.paths]

        def detected(run: Run) -> tuple[Detections, ...]:
            detect = framed(run, self._spec)
            return tuple(detect(picture) for picture in pictures)

        truth = detected(openvino_runner(staged / self._spec.files["FP32"]))

        def agreement(run: Run) -> float:
            return detector_score(detected(run), frames, truth, self._spec).map50

        max_drop = (1.0 - agreement(openvino_runner(staged / self._spec.files["INT8"]))) / 2
        return quantise_with_accuracy_control(
            model,
            calibration,
            float_operations,
            _NAME,
            lambda compiled: agreement(openvino_runner(compiled)),
            max_drop,
        )

    def _check_int8(self, reference: Run, staged: Path) -> None:
        batch, paths = self._parity_batch()
        run = openvino_runner(staged / self._spec.files["INT8"])
        parity = detection_parity(in_batches(reference, batch, 1), run, batch, self._spec)
        self._note_parity("int8", parity)
        least = self._settings.limits.int8_matched
        if parity.matched < least:
            raise _not_equal("INT8", parity, f"{least:.0%} of PyTorch's confident boxes", paths)
        self._refuse_batch_gap("INT8", parity, paths)

    def _pack_tensorrt(self, onnx: Path, reference: Run, staged: Path) -> None:
        if self._calibration is None:
            raise ValueError("INT8 needs calibration frames")
        packed = pack_tensorrt(onnx, self._calibration, staged / TENSORRT_DIRECTORY)
        batch, paths = self._parity_batch()
        parity = detection_parity(in_batches(reference, batch, 1), onnx_runner(packed), batch, self._spec)
        self._note_parity("tensorrt_qdq", parity)
        least = self._settings.limits.int8_matched
        if parity.matched < least:
            raise _not_equal("Q/DQ ONNX", parity, f"{least:.0%} of PyTorch's confident boxes", paths)

    def _choose(self, staged: Path, files: Mapping[str, str]) -> Precision:
        batch, _ = self._parity_batch()
        one, eight = batch[:1], np.concatenate([batch] * 8)[:8]
        times: dict[str, float] = {}
        for precision, file in files.items():
            run = openvino_runner(staged / file)
            times[precision] = median_ms(run, one)
            self._metrics[f"detector_{precision.lower()}_ms_batch1"] = times[precision]
            self._metrics[f"detector_{precision.lower()}_ms_batch8"] = median_ms(run, eight, repeats=5)
        wanted = self._settings.shipped_detector
        if wanted == "auto":
            return "INT8" if times["INT8"] < times["FP32"] else "FP32"
        return wanted

    def _limit(self, frames: GateFrames) -> float:
        limits = self._settings.limits
        return limits.agreement_points if frames.truth is None else limits.map50_points

    def _note_score(self, form: str, score: DetectorScore, frames: GateFrames) -> None:
        kind = "agreement_" if frames.truth is None else ""
        self._metrics[f"detector_{frames.split}_{kind}map50_{form}"] = score.map50
        self._metrics[f"detector_{frames.split}_{kind}map50_95_{form}"] = score.map50_95

    def _note_parity(self, form: str, parity: DetectionParity) -> None:
        for name in ("score_difference", "matched", "mean_iou", "batch_gap"):
            self._metrics[f"detector_{form}_{name}"] = float(getattr(parity, name))

    def _refuse_batch_gap(self, form: str, parity: DetectionParity, paths: tuple[Path, ...]) -> None:
        limit = self._settings.limits.batch_gap
        if parity.batch_gap > limit:
            raise _not_equal(form, parity, f"batch 8 within {limit} of batch 1 (it's {parity.batch_gap:.3g})", paths)


def _not_equal(form: str, parity: DetectionParity, expected: str, paths: tuple[Path, ...]) -> DongsunError:
    return DongsunError(
        expected=expected,
        got=f"{form}: scores off by {parity.score_difference:.3g}, {parity.matched:.1%} of {parity.confident} boxes "
        f"found, batch gap {parity.batch_gap:.3g}; worst on {paths[parity.worst_input]}",
        where="numeric parity of the detector",
        mend="report this with the model; for INT8, calibrate on frames like the one named or ship FP32",
    )
