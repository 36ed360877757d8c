"""What the stage asks of a detector library; ultralytics is one answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from dongsun.contract.bundle import DetectorOutput
from dongsun.data.augmentation import AugmentRecipe
from dongsun.train.detector.settings import DetectorSettings
from dongsun.train.device import Device
from dongsun.train.settings import TrainerSettings


@dataclass(frozen=True)
class LabelledFrame:
    """A frame and its YOLO label file."""

    image: Path
    label: Path


@dataclass(frozen=True)
class DetectorTask:
    """One training.

    Attributes:
        train: Frames to train on.
        validation: Frames to choose the epoch by; never of the test split.
        class_names: By label index.
        recipe: Faults applied to training frames.
        seed: Makes the run repeatable.
        device: Already resolved.
    """

    train: tuple[LabelledFrame, ...]
    validation: tuple[LabelledFrame, ...]
    class_names: tuple[str, ...]
    recipe: AugmentRecipe
    settings: DetectorSettings
    machine: TrainerSettings
    seed: int
    device: Device


@dataclass(frozen=True)
class TrainedDetector:
    """What a training leaves.

    Attributes:
        checkpoint: File inside the work folder that the trainer was given.
        output: How the raw output is to be read.
        trained_from: `scratch` or a file name.
        validation: Figures of the kept epoch on the validation split.
    """

    checkpoint: Path
    output: DetectorOutput
    trained_from: str
    validation: Mapping[str, float]


OnEpoch = Callable[[int, Mapping[str, float]], None]
"""Called after each epoch with its number (1-based) and figures."""


class DetectorTrainer(Protocol):
    """A library that can train a detector."""

    def train(self, task: DetectorTask, work_directory: Path, on_epoch: OnEpoch) -> TrainedDetector:
        """Trains inside `work_directory`, an existing, empty folder."""
