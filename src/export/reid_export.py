"""The re-ID model's whole way: OpenVINO FP32 and INT8, each held to account and each given its own threshold."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dongsun.contract.bundle import Precision, ReidSpec, SimilarityThreshold
from dongsun.contract.embedding import Embeddings
from dongsun.contract.errors import DongsunError
from dongsun.contract.preprocess import Batch, FrameBgr, stretched
from dongsun.data.manifest import resolve
from dongsun.data.records import ReidRecord, Split
from dongsun.eval.embed_manifest import EmbedFn, embed_records, read_picture_bgr
from dongsun.eval.embedded_set import EmbeddedSet
from dongsun.eval.reid_metrics import evaluate_reid, split_by_role
from dongsun.eval.threshold_evidence import tune_on
from dongsun.eval.threshold_settings import ThresholdSettings
from dongsun.export.calibration import CalibrationSet, evenly_spaced
from dongsun.export.embedding_parity import EmbeddingParity, embedding_parity, unit_rows
from dongsun.export.quantise import (
    Quantised,
    first_convolution,
    quantise,
    quantise_with_accuracy_control,
    reid_head,
)
from dongsun.export.reid_source import NAME, ReidSource
from dongsun.export.runners import Run, in_batches, median_ms, onnx_runner, openvino_runner
from dongsun.export.settings import ExportSettings
from dongsun.export.tensorrt import TENSORRT_DIRECTORY, pack_tensorrt
from dongsun.export.to_openvino import save_openvino
from dongsun.serve_edge.inference.embedder import OpenVinoEmbedder

_PARITY_INPUTS = 16
_CONTROL_INPUTS = 60
_NAMED = 5
_FILES: dict[Precision, str] = {"FP32": f"openvino/{NAME}-fp32.xml", "INT8": f"openvino/{NAME}-int8.xml"}


@dataclass(frozen=True)
class GateCrops:
    """Crops of one split on which the model is judged.

    Attributes:
        split: `validation` (thresholds come from it) or `test`.
        records: Rows of the manifest.
        manifest: Their manifest.
    """

    split: Split
    records: tuple[ReidRecord, ...]
    manifest: Path

    @property
    def paths(self) -> tuple[Path, ...]:
        """The pictures."""
        return tuple(resolve(self.manifest, record.path) for record in self.records)


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
        calibration: Of the calibration split; None where INT8 isn't wanted.
        gates: Splits to be judged on; the first is validation, from which thresholds come.
        seed: Of threshold tuning.
    """

    def __init__(
        self,
        source: ReidSource,
        settings: ExportSettings,
        threshold: ThresholdSettings,
        calibration: CalibrationSet | None,
        gates: tuple[GateCrops, ...],
        seed: int,
    ) -> None:
        self._source = source
        self._settings = settings
        self._threshold = threshold
        self._calibration = calibration
        self._gates = gates
        self._seed = seed
        self._float_operations = first_convolution(source.model) + reid_head(source.model)
        self._metrics: dict[str, float] = {}
        self._notes: list[str] = []

    def run(self, staged: Path) -> ExportedReid:
        """Writes `openvino/reid-*.{xml,bin}` under `staged`.

        Raises:
            DongsunError: A form differs from the reference, or loses more, than the limits allow, or the validation
                people can't support a threshold.
        """
        save_openvino(self._source.model, staged / _FILES["FP32"])
        self._check_forms({"fp32": staged / _FILES["FP32"]})
        float_sets = self._embedded(staged, "FP32")
        self._compare_with_reference(float_sets[0])
        sets: dict[Precision, tuple[EmbeddedSet, ...]] = {"FP32": float_sets}
        if self._settings.shipped_reid != "FP32":
            sets["INT8"] = self._make_int8(staged, float_sets)
        if self._settings.tensorrt and self._source.onnx is not None:
            self._pack_tensorrt(self._source.onnx, staged)
        thresholds = {precision: self._tuned(precision, people[0]) for precision, people in sets.items()}
        files = {precision: _FILES[precision] for precision in sets}
        spec = ReidSpec(
            files=files,
            shipped_precision=self._choose(staged, files),
            input=self._source.input,
            embedding_size=self._source.embedding_size,
            thresholds=thresholds,
        )
        return ExportedReid(spec, self._metrics, tuple(self._notes))

    def _parity_batch(self) -> tuple[Batch, tuple[Path, ...]]:
        paths = evenly_spaced(self._gates[0].paths, _PARITY_INPUTS)
        return stretched([read_picture_bgr(path) for path in paths], self._source.input), paths

    def _check_forms(self, files: Mapping[str, Path]) -> None:
        """Forms against the reference, and against themselves at another batch size."""
        batch, paths = self._parity_batch()
        truth = unit_rows(in_batches(self._source.reference, batch, 1))
        runs: dict[str, Run] = {
            form: onnx_runner(file) if file.suffix == ".onnx" else openvino_runner(file) for form, file in files.items()
        }
        if self._source.onnx is not None and "fp32" in files:
            runs["onnx"] = onnx_runner(self._source.onnx)
        limits = self._settings.limits
        for form, run in runs.items():
            parity = embedding_parity(truth, run, batch)
            self._metrics[f"reid_{form}_lowest_cosine"] = parity.lowest_cosine
            self._metrics[f"reid_{form}_mean_cosine"] = parity.mean_cosine
            self._metrics[f"reid_{form}_batch_gap"] = parity.batch_gap
            if form in ("int8", "tensorrt_qdq") and parity.mean_cosine < limits.int8_cosine:
                raise _not_equal(form, parity, f"a mean cosine of {limits.int8_cosine} to PyTorch's", paths)
            if form in ("onnx", "fp32") and parity.lowest_cosine < limits.fp32_cosine:
                raise _not_equal(form, parity, f"a cosine of {limits.fp32_cosine} to PyTorch's", paths)
            if parity.batch_gap > limits.batch_gap:
                raise _not_equal(form, parity, f"batch 8 within {limits.batch_gap} of batch 1", paths)

    def _embedded(self, staged: Path, precision: Precision) -> tuple[EmbeddedSet, ...]:
        """Every gate split through the station's own embedder; figures noted."""
        embedder = OpenVinoEmbedder(self._provisional(), staged, precision)
        sets: list[EmbeddedSet] = []
        for gate in self._gates:
            progress = f"{precision} on {gate.split}"
            sets.append(embed_records(embedder.embed, gate.records, gate.manifest, progress=progress))
            self._metrics[f"reid_{gate.split}_map_{precision.lower()}"] = self._mean_average_precision(sets[-1])
        return tuple(sets)

    def _provisional(self) -> ReidSpec:
        # Not validated: a threshold needs embeddings, and embeddings need this.
        return ReidSpec.model_construct(
            files=_FILES,
            shipped_precision="FP32",
            input=self._source.input,
            embedding_size=self._source.embedding_size,
            thresholds={},
        )

    def _compare_with_reference(self, float_set: EmbeddedSet) -> None:
        """The task metric of the reference on the first split: conversion must not cost anything."""
        gate, name = self._gates[0], self._source.reference_name
        reference = embed_records(
            _crop_wise(self._source), gate.records, gate.manifest, progress=f"{name} on {gate.split}"
        )
        before = self._mean_average_precision(reference)
        self._metrics[f"reid_{gate.split}_map_{name}"] = before
        self._refuse_drop(gate, "OpenVINO FP32", before, reference, float_set)

    def _make_int8(self, staged: Path, float_sets: tuple[EmbeddedSet, ...]) -> tuple[EmbeddedSet, ...]:
        """Plain quantisation, and quantisation with accuracy control where that fails its gate."""
        if self._calibration is None:
            raise ValueError("INT8 needs calibration crops")
        quantised = quantise(self._source.model, self._calibration, self._float_operations, NAME, exact_bias=True)
        try:
            sets = self._judge_int8(quantised, staged, float_sets)
        except DongsunError as refusal:
            if not self._settings.accuracy_control:
                raise
            self._notes.append(f"Plain INT8 of re-ID was refused ({refusal.got.split(';')[0]}).")
            quantised = self._controlled(self._calibration, staged)
            sets = self._judge_int8(quantised, staged, float_sets)
        self._notes.append(f"INT8 re-ID by {quantised.method}, calibrated on {quantised.calibration_pictures} crops.")
        return sets

    def _judge_int8(
        self, quantised: Quantised, staged: Path, float_sets: tuple[EmbeddedSet, ...]
    ) -> tuple[EmbeddedSet, ...]:
        save_openvino(quantised.model, staged / _FILES["INT8"])
        self._check_forms({"int8": staged / _FILES["INT8"]})
        sets = self._embedded(staged, "INT8")
        for gate, before, after in zip(self._gates, float_sets, sets, strict=True):
            before_map = self._metrics[f"reid_{gate.split}_map_fp32"]
            lost = 100 * (before_map - self._metrics[f"reid_{gate.split}_map_int8"])
            self._metrics[f"reid_{gate.split}_map_drop_points"] = lost
            self._refuse_drop(gate, "INT8", before_map, before, after)
        return sets

    def _controlled(self, calibration: CalibrationSet, staged: Path) -> Quantised:
        """Steered by likeness to FP32's embeddings, which is smooth where mAP jumps, and needs neither labels nor test.

        Half of plain INT8's loss of cosine is to be won back.
        """
        paths = evenly_spaced(self._gates[0].paths, _CONTROL_INPUTS)
        crops = [stretched([read_picture_bgr(path)], self._source.input) for path in paths]
        truth = _embedded_by(openvino_runner(staged / _FILES["FP32"]), crops)

        def likeness(run: Run) -> float:
            return float(np.einsum("nd,nd->n", truth, _embedded_by(run, crops)).mean())

        max_drop = (1.0 - likeness(openvino_runner(staged / _FILES["INT8"]))) / 2
        return quantise_with_accuracy_control(
            self._source.model,
            calibration,
            self._float_operations,
            NAME,
            lambda compiled: likeness(openvino_runner(compiled)),
            max_drop,
        )

    def _mean_average_precision(self, people: EmbeddedSet) -> float:
        query, gallery = split_by_role(people)
        protocol = self._threshold.protocol_for(people)
        return evaluate_reid(query, gallery, protocol, bootstrap=1, seed=self._seed).mean_average_precision

    def _refuse_drop(
        self, gate: GateCrops, form: str, before_map: float, before: EmbeddedSet, after: EmbeddedSet
    ) -> None:
        after_map = self._mean_average_precision(after)
        drop, limit = 100 * (before_map - after_map), self._settings.limits.reid_map_points
        if drop <= limit:
            return
        cosines = np.einsum("nd,nd->n", before.embeddings, after.embeddings)
        paths = gate.paths
        named = ", ".join(f"{paths[index]} (cosine {cosines[index]:.3f})" for index in np.argsort(cosines)[:_NAMED])
        raise DongsunError(
            expected=f"a drop of at most {limit} points of re-ID mAP to {form}",
            got=f"{drop:.2f} points ({100 * before_map:.2f} to {100 * after_map:.2f}) on {len(paths)} crops of "
            f"{gate.split}; most different: {named}",
            where=f"parity gate of re-ID, {gate.split}",
            mend="calibrate on crops like these, keep export.accuracy_control on, ship FP32 (export.shipped_reid=FP32),"
            " or raise export.limits.reid_map_points knowingly",
        )

    def _tuned(self, precision: Precision, people: EmbeddedSet) -> SimilarityThreshold:
        threshold = tune_on(people, self._threshold, self._seed).threshold
        self._metrics[f"reid_{precision.lower()}_threshold"] = threshold.similarity
        self._metrics[f"reid_{precision.lower()}_true_match_rate"] = threshold.true_match_rate
        return threshold

    def _pack_tensorrt(self, onnx: Path, staged: Path) -> None:
        if self._calibration is None:
            raise ValueError("INT8 needs calibration crops")
        self._check_forms({"tensorrt_qdq": pack_tensorrt(onnx, self._calibration, staged / TENSORRT_DIRECTORY)})

    def _choose(self, staged: Path, files: Mapping[Precision, str]) -> Precision:
        batch, _ = self._parity_batch()
        times: dict[str, float] = {}
        for precision, file in files.items():
            run = openvino_runner(staged / file)
            times[precision] = median_ms(run, batch[:1])
            self._metrics[f"reid_{precision.lower()}_ms_batch1"] = times[precision]
            self._metrics[f"reid_{precision.lower()}_ms_batch8"] = median_ms(run, np.concatenate([batch] * 8)[:8])
        wanted = self._settings.shipped_reid
        if wanted == "auto":
            return "INT8" if times["INT8"] < times["FP32"] else "FP32"
        return wanted


def _crop_wise(source: ReidSource) -> EmbedFn:
    def embed(crops: list[FrameBgr]) -> Embeddings:
        return unit_rows(np.concatenate([source.reference(stretched([crop], source.input)) for crop in crops]))

    return embed


def _embedded_by(run: Run, crops: list[Batch]) -> Embeddings:
    return unit_rows(np.concatenate([run(crop) for crop in crops]))


def _not_equal(form: str, parity: EmbeddingParity, expected: str, paths: tuple[Path, ...]) -> DongsunError:
    return DongsunError(
        expected=expected,
        got=f"{form}: lowest cosine {parity.lowest_cosine:.4f}, mean {parity.mean_cosine:.4f}, batch gap "
        f"{parity.batch_gap:.3g}; worst on {paths[parity.worst_input]}",
        where="numeric parity of re-ID",
        mend="report this with the model; for INT8, calibrate on crops like the one named or ship FP32",
    )
