"""Both models of a store, from their checkpoints into a staged bundle."""

from dataclasses import dataclass
from pathlib import Path

from dongsun.contract.bundle import DetectorSpec
from dongsun.contract.preprocess import InputSpec
from dongsun.eval.threshold_settings import ThresholdSettings
from dongsun.export.bundle_writer import OPENVINO_DIRECTORY
from dongsun.export.detector_export import DetectorExport, ExportedDetector
from dongsun.export.detector_to_onnx import describe_checkpoint, prepare_detector
from dongsun.export.finite_weights import refuse_broken_network
from dongsun.export.gate_inputs import GateInputs
from dongsun.export.reid_export import ExportedReid, ReidExport
from dongsun.export.reid_source import reid_from_checkpoint, reid_from_openvino
from dongsun.export.settings import ExportSettings
from dongsun.train.detector.description import CHECKPOINT_NAME, DetectorDescription, read_description
from dongsun.train.detector.weights import load_detection_model

TRAINED = "trained"
EXPORT_DIRECTORY = "export"
"""Of `models/<store>`: what export says beside the bundle."""


@dataclass(frozen=True)
class ExportedModels:
    """Both models as they lie in the staged bundle.

    Attributes:
        detector: The detector.
        description: What its checkpoint said.
        reid: The re-ID model or None.
        reid_origin: Where that came from.
    """

    detector: ExportedDetector
    description: DetectorDescription
    reid: ExportedReid | None
    reid_origin: str


@dataclass(frozen=True)
class ModelExporter:
    """Exports the models of one store.

    Attributes:
        models_dir: `models/<store>`.
        inputs: Calibration and gate pictures.
        settings: Of the stage.
        threshold: How re-ID thresholds are tuned.
        seed: Of threshold tuning.
    """

    models_dir: Path
    inputs: GateInputs
    settings: ExportSettings
    threshold: ThresholdSettings
    seed: int

    def run(self, staged: Path, work: Path) -> ExportedModels:
        """Writes `openvino/` (and `tensorrt/`) under `staged`; intermediates go to `work`.

        Raises:
            DongsunError: Something to export is missing or fails its gate.
        """
        (staged / OPENVINO_DIRECTORY).mkdir()
        detector, description = self._detector(staged, work)
        reid, origin = self._reid(staged, work)
        return ExportedModels(detector, description, reid, origin)

    def _detector(self, staged: Path, work: Path) -> tuple[ExportedDetector, DetectorDescription]:
        settings = self.settings
        checkpoint = settings.detector_weights or self._trained_detector
        network = load_detection_model(checkpoint)
        refuse_broken_network(network, str(checkpoint))
        if settings.detector_weights is None:
            description = read_description(self._trained_detector.parent)
        else:
            description = describe_checkpoint(network, self._given_input(), settings.detector_weights.name)
        spec = DetectorSpec(
            files={"FP32": "openvino/detector-fp32.xml", "INT8": "openvino/detector-int8.xml"},
            shipped_precision="FP32",
            input=description.input,
            output=description.output,
            class_names=description.class_names,
            person_class=description.person_class,
            box_extent=description.box_extent,
            score_threshold=settings.score_threshold,
            nms_iou=settings.nms_iou,
        )
        export = DetectorExport(
            prepare_detector(network, description),
            spec,
            settings,
            self.inputs.calibration_frames(spec.input) if settings.quantises_detector else None,
            self.inputs.gate_frames(),
        )
        return export.run(staged, work), description

    def _reid(self, staged: Path, work: Path) -> tuple[ExportedReid | None, str]:
        settings = self.settings
        if settings.reid is None:
            return None, "none"
        if settings.reid == TRAINED:
            from dongsun.train.reid.checkpoint import load_reid

            checkpoint = self.models_dir / "reid" / "reid.pt"
            source = reid_from_checkpoint(load_reid(checkpoint), work, str(checkpoint))
            origin = "trained for this store"
        else:
            source = reid_from_openvino(Path(settings.reid), settings.reid_input)
            origin = f"given as {Path(settings.reid).name}"
        calibration = self.inputs.calibration_crops(source.input) if settings.quantises_reid else None
        gates = self.inputs.gate_crops()
        export = ReidExport(
            source, settings, self.threshold, calibration, gates, self.seed, self.models_dir / EXPORT_DIRECTORY
        )
        return export.run(staged), origin

    @property
    def _trained_detector(self) -> Path:
        return self.models_dir / "detector" / CHECKPOINT_NAME

    def _given_input(self) -> InputSpec:
        return InputSpec(
            height_px=self.settings.detector_height_px,
            width_px=self.settings.detector_width_px,
            channels="rgb",
            resize="letterbox",
            scale=1 / 255,
        )
