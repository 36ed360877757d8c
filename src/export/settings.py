"""What export may be told: `conf/export/*.yaml`."""

from pathlib import Path
from typing import Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from dongsun.contract.preprocess import InputSpec

Shipped = Literal["INT8", "FP32", "auto"]
"""`FP32` makes no INT8 at all; `auto` makes both and ships the faster one. INT8 must pass the gate wherever made."""
ShippedReid = Literal["INT8", "FP16", "FP32", "auto"]
"""Likewise; `auto` makes all three, leaves out what fails its gate on validation, and ships what is worth its loss."""


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class LossLimits:
    """How much an exported model may lose before the stage fails.

    Attributes:
        map50_points: Detector mAP50, in points of 100, on every labelled split.
        agreement_points: Without labels: INT8's mAP50 against FP32's own confident boxes, below 100.
        reid_map_points: Re-ID mAP, in points of 100. Where the crops are too few to tell such a drop from luck, two
            standard errors of it, at most double.
        reid_rank1_points: Re-ID rank-1, likewise.
        fp32_score: Largest difference of any score of a float32 form from PyTorch's.
        fp32_cosine: Least cosine of an exported float32 embedding with PyTorch's.
        fp16_cosine: Likewise for weights stored in half precision.
        int8_cosine: Least MEAN cosine of an INT8 embedding with PyTorch's.
        int8_matched: Least share of PyTorch's confident boxes that INT8 finds again.
        batch_gap: Largest difference of a detector's score between batch 8 and batch 1.
        reid_batch_gap: Largest difference of an embedding's cosine from 1 between batch 8 and batch 1, every form.
    """

    map50_points: float = Field(default=1.0, ge=0)
    agreement_points: float = Field(default=3.0, ge=0)
    reid_map_points: float = Field(default=0.5, ge=0)
    reid_rank1_points: float = Field(default=1.0, ge=0)
    fp32_score: float = Field(default=1e-3, gt=0)
    fp32_cosine: float = Field(default=0.9999, gt=0, le=1)
    fp16_cosine: float = Field(default=0.9999, gt=0, le=1)
    int8_cosine: float = Field(default=0.98, gt=0, le=1)
    int8_matched: float = Field(default=0.9, ge=0, le=1)
    batch_gap: float = Field(default=1e-2, gt=0)
    reid_batch_gap: float = Field(default=1e-5, gt=0)


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class ExportSettings:
    """How models become a bundle.

    Attributes:
        detector_weights: A checkpoint to ship as it is (zero-shot); null takes the store's trained detector.
        detector_height_px: Input height of such a checkpoint.
        detector_width_px: Its input width.
        reid: `trained` takes the store's trained model, a path an OpenVINO `.xml`; null ships no re-ID.
        reid_input: How crops are fed to a given OpenVINO model; a trained one knows itself.
        detector_manifest: Frames for calibration and the gate; null takes the store's own.
        reid_manifest: Crops for calibration, threshold and gate; null takes the store's own.
        score_threshold: Detections below it are not shown; tracking may use weaker ones.
        nms_iou: Overlap above which the weaker of two raw boxes goes.
        shipped_detector: Precision that a station runs.
        shipped_reid: Likewise.
        accuracy_control: Where plain INT8 fails its gate, quantise again with accuracy control.
        calibration_pictures: At most so many, evenly spaced over the calibration split.
        gate_frames: At most so many frames a split for the gate, evenly spaced.
        gate_crops_per_person: At most so many crops of a person in a camera for the gate; thresholds take what
            `threshold.most_images_per_person` allows of these.
        tensorrt: Also pack Q/DQ ONNX and a build recipe for TensorRT.
        limits: When the stage fails.
    """

    detector_weights: Path | None = None
    detector_height_px: int = Field(default=384, gt=0)
    detector_width_px: int = Field(default=640, gt=0)
    reid: str | None = "trained"
    reid_input: InputSpec | None = None
    detector_manifest: Path | None = None
    reid_manifest: Path | None = None
    score_threshold: float = Field(default=0.3, gt=0, lt=1)
    nms_iou: float = Field(default=0.6, gt=0, lt=1)
    shipped_detector: Shipped = "INT8"
    shipped_reid: ShippedReid = "INT8"
    accuracy_control: bool = True
    calibration_pictures: int = Field(default=300, ge=1)
    gate_frames: int = Field(default=150, ge=1)
    gate_crops_per_person: int = Field(default=40, ge=2)
    tensorrt: bool = True
    limits: LossLimits = LossLimits()

    @property
    def quantises_detector(self) -> bool:
        """An INT8 detector is made, for OpenVINO or TensorRT, so calibration frames are needed."""
        return self.shipped_detector != "FP32" or self.tensorrt

    @property
    def quantises_reid(self) -> bool:
        """Likewise for re-ID."""
        return self.makes_int8_reid or self.tensorrt

    @property
    def makes_int8_reid(self) -> bool:
        """An INT8 re-ID model is made for OpenVINO."""
        return self.shipped_reid in ("INT8", "auto")

    @property
    def makes_fp16_reid(self) -> bool:
        """Its weights are stored in half precision too."""
        return self.shipped_reid in ("FP16", "auto")
