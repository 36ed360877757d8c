"""How the detector is trained: `conf/detector/*.yaml`."""

from typing import Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from dongsun.contract.preprocess import InputSpec

Architecture = Literal["yolo26n", "yolo26s", "yolov8n", "yolov8s", "yolo11n", "yolo11s"]


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class GeometryAugmentation:
    """Moving and resizing, done by ultralytics; mirroring and the picture's faults come from `conf/augment/detector`.

    Attributes:
        mosaic: Probability that four frames are pasted into one.
        close_mosaic_epochs: Last epochs without mosaic.
        translate: Largest shift, as a share of the picture.
        scale: Largest relative change of size.
    """

    mosaic: float = Field(default=0.0, ge=0, le=1)
    close_mosaic_epochs: int = Field(default=0, ge=0)
    translate: float = Field(default=0.1, ge=0, le=1)
    scale: float = Field(default=0.3, ge=0, lt=1)


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class DetectorSettings:
    """The detector to train and how.

    Attributes:
        architecture: One that ultralytics ships.
        weights: Where training starts: null is from scratch, else a path to a `.pt`, or a published name.
        height_px: Height of the deployed input; training and validation use the very same shape.
        width_px: Its width.
        epochs: Passes over the sampled frames.
        freeze: Number of first layers that stay as they are (10 is the backbone of YOLOv8, 11 of YOLO11 and YOLO26).
        optimizer: As ultralytics names them.
        learning_rate: At its peak.
        final_learning_rate_ratio: Last learning rate over the first.
        warmup_epochs: Epochs (fractions allowed) of rising learning rate.
        weight_decay: Of convolution weights.
        keep: `best` keeps the epoch that is best on the validation split, `last` the last one.
        geometry: Augmentation that moves boxes.
    """

    architecture: Architecture = "yolo26n"
    weights: str | None = None
    height_px: int = Field(default=384, ge=64, multiple_of=32)
    width_px: int = Field(default=640, ge=64, multiple_of=32)
    epochs: int = Field(default=10, ge=1)
    freeze: int = Field(default=0, ge=0)
    optimizer: Literal["AdamW", "SGD", "MuSGD", "auto"] = "AdamW"
    learning_rate: float = Field(default=5e-4, gt=0)
    final_learning_rate_ratio: float = Field(default=0.05, gt=0, le=1)
    warmup_epochs: float = Field(default=0.5, ge=0)
    weight_decay: float = Field(default=5e-4, ge=0)
    keep: Literal["best", "last"] = "best"
    geometry: GeometryAugmentation = GeometryAugmentation()

    @property
    def input(self) -> InputSpec:
        """The input that a station will feed."""
        return InputSpec(
            height_px=self.height_px, width_px=self.width_px, channels="rgb", resize="letterbox", scale=1 / 255
        )
