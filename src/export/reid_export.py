"""The re-ID model's whole way: OpenVINO FP32, FP16 and INT8, each held to account and given its own threshold."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import openvino as ov

from dongsun.contract.bundle import Precision, ReidSpec
from dongsun.contract.embedding import Embeddings
from dongsun.contract.errors import DongsunError
from dongsun.contract.preprocess import Batch, stretched
from dongsun.eval.embed_manifest import EmbedFn, read_picture_bgr
from dongsun.eval.threshold_evidence import tune_on
from dongsun.eval.threshold_settings import ThresholdSettings
from dongsun.export.calibration import CalibrationSet, evenly_spaced
from dongsun.export.embedding_parity import unit_rows
from dongsun.export.gate_crops import GateCrops
from dongsun.export.graph_work import count_work
from dongsun.export.model_cost import BATCHES, time_forms
from dongsun.export.precision_choice import faster_precision
from dongsun.export.quantise import Quantised, quantise_with_accuracy_control
from dongsun.export.reid_form import ReidForm, crop_wise, embedded
from dongsun.export.reid_gate import ReidGate, ScoredForm, figures
from dongsun.export.reid_parity import check_parity
from dongsun.export.reid_scores import score_split
from dongsun.export.reid_source import NAME, ReidSource
from dongsun.export.reid_to_int8 import float_operations, quantise_reid
from dongsun.export.runners import Run, in_batches, onnx_runner, openvino_runner
from dongsun.export.settings import ExportSettings
from dongsun.export.tensorrt import REID_QDQ, TENSORRT_DIRECTORY, pack_tensorrt
from dongsun.export.to_openvino import save_openvino
from dongsun.export.worst_crops import forget_disagreements
from dongsun.serve_edge.inference.embedder import OpenVinoEmbedder

_PARITY_INPUTS = 16
_CONTROL_INPUTS = 60
_FILES: dict[Precision, str] = {
    "FP32": f"openvino/{NAME}-fp32.xml",
    "FP16": f"openvino/{NAME}-fp16.xml",
    "INT8": f"openvino/{NAME}-int8.xml",
}


@dataclass(frozen=True)
class ExportedReid:
    """What the way gave.

    Attributes:
        spec: The bundle's description of the files written, a threshold for each.
        metrics: Flat figures, each name starting with `reid_`.
        notes: What a reader of the figures should know.
    """

    spec: ReidSpec
    metrics: Mapping[str, float]
    notes: tuple[str, ...]


class ReidExport:
    """Exports one re-ID model.

    Args:
        source: The float32 model.
        settings: Of the stage.
        threshold: How thresholds are tuned.
        calibration: Of the calibration split; None where nothing is quantised.
        gates: Splits to be judged on. The first is validation: thresholds, fallbacks and the choice of precision come
            from it alone. The others are looked at once, when everything is decided, and can only fail the stage.
        seed: Of threshold tuning.
        evidence: Where a refusal leaves the pictures that disagree most; None leaves none.
    """

    def __init__(
        self,
        source: ReidSource,
        settings: ExportSettings,
        threshold: ThresholdSettings,
        calibration: CalibrationSet | None,
        gates: tuple[GateCrops, ...],
        seed: int,
        evidence: Path | None = None,
    ) -> None:
        self._source = source
        self._settings = settings
        self._threshold = threshold
        self._calibration = calibration
        self._steering, *self._telling = gates
        self._seed = seed
        self._evidence = evidence
        self._gate = ReidGate(settings.limits, threshold.bootstrap, seed, evidence)
        self._metrics: dict[str, float] = {}
        self._notes: list[str] = []

    def run(self, staged: Path) -> ExportedReid:
        """Writes `openvino/reid-*.{xml,bin}` under `staged`.

        Raises:
            DongsunError: A form differs from the reference, or loses more, than the limits allow, or the validation
                people can't support a threshold.
        """
        if self._evidence is not None:
            forget_disagreements(self._evidence)
        forms: dict[Precision, ReidForm] = {"FP32": self._make_fp32(staged)}
        if self._settings.makes_fp16_reid:
            self._add(forms, "FP16", staged, lambda full: self._make_fp16(staged, full))
        if self._settings.makes_int8_reid:
            self._add(forms, "INT8", staged, lambda full: self._make_int8(staged, full))
        shipped = self._choose(staged, tuple(forms))
        made = list(forms.values())
        if self._settings.tensorrt and self._source.onnx is not None:
            made.append(self._make_tensorrt(self._source.onnx, staged, forms["FP32"], forms[shipped]))
        self._tell(made, forms[shipped])
        for precision, form in forms.items():
            self._metrics[f"reid_{precision.lower()}_threshold"] = form.threshold.similarity
            self._metrics[f"reid_{precision.lower()}_true_match_rate"] = form.threshold.true_match_rate
        spec = ReidSpec(
            files={precision: _FILES[precision] for precision in forms},
            shipped_precision=shipped,
            input=self._source.input,
            embedding_size=self._source.embedding_size,
            thresholds={precision: form.threshold for precision, form in forms.items()},
        )
        self._count_work()
        return ExportedReid(spec, self._metrics, tuple(self._notes))

    def _count_work(self) -> None:
        spec = self._source.input
        try:
            work = count_work(self._source.model, (1, 3, spec.height_px, spec.width_px))
        except DongsunError as unknown:
            self._notes.append(f"Re-ID's work is not counted: {unknown.got}.")
            return
        self._metrics |= {"reid_parameters": work.parameters, "reid_gmacs": work.gmacs}

    def _add(
        self,
        forms: dict[Precision, ReidForm],
        precision: Precision,
        staged: Path,
        make: Callable[[ReidForm], ReidForm],
    ) -> None:
        """Makes a form. Where the precision was left open, one that fails on validation is left out and noted."""
        try:
            forms[precision] = make(forms["FP32"])
        except DongsunError as refusal:
            if self._settings.shipped_reid != "auto":
                raise
            self._notes.append(f"{precision} of re-ID is left out: {refusal.got.split(';')[0]}.")
            for file in (staged / _FILES[precision], (staged / _FILES[precision]).with_suffix(".bin")):
                file.unlink(missing_ok=True)

    def _make_fp32(self, staged: Path) -> ReidForm:
        """Conversion must not cost anything: the reference's own task metric stands beside it."""
        save_openvino(self._source.model, staged / _FILES["FP32"])
        if self._source.onnx is not None:
            self._check("onnx", onnx_runner(self._source.onnx))
        form = self._openvino_form("FP32", staged)
        name = self._source.reference_name
        reference = self._scored(name, crop_wise(self._source.reference, self._source.input), form.threshold.similarity)
        self._metrics |= figures(self._steering, reference)
        self._metrics |= self._gate.judge(self._steering, reference, form.validation)
        interval = self._gate.rate_interval(form.validation)
        self._metrics["reid_validation_false_match_rate_low"] = interval.low
        self._metrics["reid_validation_false_match_rate_high"] = interval.high
        return form

    def _make_fp16(self, staged: Path, full: ReidForm) -> ReidForm:
        save_openvino(self._source.model, staged / _FILES["FP16"], half_weights=True)
        form = self._openvino_form("FP16", staged)
        self._metrics |= self._gate.judge(self._steering, full.validation, form.validation)
        return form

    def _make_int8(self, staged: Path, full: ReidForm) -> ReidForm:
        """Plain quantisation, and quantisation with accuracy control where that fails its gate on validation."""
        calibration = self._needed_calibration()
        quantised = quantise_reid(self._source.model, calibration)
        try:
            form = self._judged_int8(quantised, staged, full)
        except DongsunError as refusal:
            if not self._settings.accuracy_control:
                raise
            self._notes.append(f"Plain INT8 of re-ID was refused ({refusal.got.split(';')[0]}).")
            quantised = self._controlled(calibration, staged)
            form = self._judged_int8(quantised, staged, full)
            if self._evidence is not None:
                forget_disagreements(self._evidence)
        self._notes.append(f"INT8 re-ID by {quantised.method}, calibrated on {quantised.calibration_pictures} crops.")
        return form

    def _judged_int8(self, quantised: Quantised, staged: Path, full: ReidForm) -> ReidForm:
        save_openvino(quantised.model, staged / _FILES["INT8"])
        form = self._openvino_form("INT8", staged)
        self._metrics |= self._gate.judge(self._steering, full.validation, form.validation)
        return form

    def _make_tensorrt(self, onnx: Path, staged: Path, full: ReidForm, shipped: ReidForm) -> ReidForm:
        """The Q/DQ ONNX, judged with the threshold that ships: a device that builds its engine has no other."""
        packed = pack_tensorrt(onnx, self._needed_calibration(), staged / TENSORRT_DIRECTORY, REID_QDQ)
        run = onnx_runner(packed)
        self._check("tensorrt_qdq", run)
        embed = crop_wise(run, self._source.input)
        scored = self._scored("tensorrt_qdq", embed, shipped.threshold.similarity)
        self._metrics |= self._gate.judge(self._steering, full.validation, scored)
        return ReidForm("tensorrt_qdq", embed, shipped.threshold, scored)

    def _tell(self, made: list[ReidForm], shipped: ReidForm) -> None:
        """The splits that decide nothing: whatever is wrong there fails the stage, and nothing is tried again."""
        for gate in self._telling:
            scored = [form.scored_on(gate, self._threshold, self._seed) for form in made]
            for form in scored:
                self._metrics |= self._gate.judge(gate, scored[0], form)
                if form.form == shipped.name:
                    self._metrics |= self._gate.hold_out(gate, shipped.validation, form)

    def _openvino_form(self, precision: Precision, staged: Path) -> ReidForm:
        """A form as the station runs it: parity checked, threshold tuned on its own embeddings."""
        name = precision.lower()
        self._check(name, openvino_runner(staged / _FILES[precision]))
        embed = OpenVinoEmbedder(self._provisional(), staged, precision).embed
        people = embedded(name, embed, self._steering)
        threshold = tune_on(people, self._threshold, self._seed).threshold
        score = score_split(people, self._threshold, self._seed)
        return ReidForm(name, embed, threshold, ScoredForm(name, score, threshold.similarity))

    def _scored(self, name: str, embed: EmbedFn, similarity: float) -> ScoredForm:
        people = embedded(name, embed, self._steering)
        return ScoredForm(name, score_split(people, self._threshold, self._seed), similarity)

    def _provisional(self) -> ReidSpec:
        # Not validated: a threshold needs embeddings, and embeddings need this.
        return ReidSpec.model_construct(
            files=_FILES,
            shipped_precision="FP32",
            input=self._source.input,
            embedding_size=self._source.embedding_size,
            thresholds={},
        )

    def _parity_batch(self) -> tuple[Batch, tuple[Path, ...]]:
        paths = evenly_spaced(self._steering.paths, _PARITY_INPUTS)
        return stretched([read_picture_bgr(path) for path in paths], self._source.input), paths

    def _check(self, form: str, run: Run) -> None:
        batch, paths = self._parity_batch()
        truth = unit_rows(in_batches(self._source.reference, batch, 1))
        self._metrics |= check_parity(form, run, truth, batch, paths, self._settings.limits)

    def _controlled(self, calibration: CalibrationSet, staged: Path) -> Quantised:
        """Steered by likeness to FP32's embeddings, which is smooth where mAP jumps, and needs neither labels nor test.

        Half of plain INT8's loss of cosine is to be won back.
        """
        paths = evenly_spaced(self._steering.paths, _CONTROL_INPUTS)
        crops = [stretched([read_picture_bgr(path)], self._source.input) for path in paths]
        truth = _embedded_by(openvino_runner(staged / _FILES["FP32"]), crops)

        def likeness(run: Run) -> float:
            return float(np.einsum("nd,nd->n", truth, _embedded_by(run, crops)).mean())

        max_drop = (1.0 - likeness(openvino_runner(staged / _FILES["INT8"]))) / 2
        return quantise_with_accuracy_control(
            self._source.model,
            calibration,
            float_operations(self._source.model),
            NAME,
            lambda compiled: likeness(openvino_runner(compiled)),
            max_drop,
        )

    def _needed_calibration(self) -> CalibrationSet:
        if self._calibration is None:
            raise ValueError("INT8 needs calibration crops")
        return self._calibration

    def _choose(self, staged: Path, made: tuple[Precision, ...]) -> Precision:
        """Every form's cost; the precision that was asked for, or the one that's worth its loss."""
        spec, threads = self._source.input, os.cpu_count() or 1
        self._metrics["reid_timing_threads"] = threads
        crops = [read_picture_bgr(path) for path in evenly_spaced(self._steering.paths, max(BATCHES))]
        models = {precision: ov.Core().read_model(staged / _FILES[precision]) for precision in made}
        times = time_forms(models, crops, spec, threads=threads)
        for precision, ms_per_crop in times.items():
            for size, milliseconds in ms_per_crop.items():
                self._metrics[f"reid_{precision.lower()}_ms_batch{size}"] = milliseconds * size
        wanted = self._settings.shipped_reid
        if wanted != "auto":
            return wanted
        chosen = faster_precision({precision: times[precision][1] for precision in made})
        self._notes.append(f"Re-ID ships {chosen}: by time a crop and loss, of {', '.join(made)}.")
        return chosen


def _embedded_by(run: Run, crops: list[Batch]) -> Embeddings:
    return unit_rows(np.concatenate([run(crop) for crop in crops]))
