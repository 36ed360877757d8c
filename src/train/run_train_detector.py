"""Stage `train-detector`: sampled frames → `models/<store>/detector/`."""

import os
import shutil
import tempfile
from pathlib import Path

import cv2
import numpy as np
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from dongsun.contract.durable import atomic_directory, write_json
from dongsun.contract.errors import DongsunError
from dongsun.contract.stage import RunLog, StageResult
from dongsun.data.augmentation import AugmentRecipe, build_compose, contact_sheet
from dongsun.data.manifest import MANIFEST_NAME, read_box_extent, read_class_names
from dongsun.data.ultralytics_layout import label_path_for
from dongsun.train.detector.description import CHECKPOINT_NAME, DetectorDescription, write_description
from dongsun.train.detector.settings import DetectorSettings
from dongsun.train.detector.trainer import DetectorTask, LabelledFrame, TrainedDetector
from dongsun.train.detector.ultralytics_trainer import UltralyticsTrainer
from dongsun.train.device import DeviceChoice, resolve_device
from dongsun.train.history import TrainingHistory
from dongsun.train.settings import TrainerSettings

PERSON = "person"
_SHEET_FRAMES = 4


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class TrainDetectorStage:
    """Trains the detector on the frames that `sample` listed.

    Attributes:
        data_dir: `data/processed/<store>/detector`: `manifest.parquet`, `train.txt`, `val.txt`.
        out_dir: `models/<store>/detector`.
    """

    data_dir: Path
    out_dir: Path
    detector: DetectorSettings
    augment: AugmentRecipe
    trainer: TrainerSettings
    seed: int
    device: DeviceChoice = "auto"

    def run(self, log: RunLog) -> StageResult:
        """Trains and writes `detector.pt`, `detector.json`, `metrics.json`, `history.csv` and `augment_sheet.png`.

        Raises:
            DongsunError: No labelled frames, no class `person`, or start weights that cannot be had.
        """
        task = self._task()
        history = TrainingHistory(log)
        with tempfile.TemporaryDirectory(prefix="dongsun-detector-") as work:
            trained = UltralyticsTrainer().train(task, Path(work), history.add)
            metrics = {
                **trained.validation,
                "train_frames": float(len(task.train)),
                "validation_frames": float(len(task.validation)),
            }
            with atomic_directory(self.out_dir) as out:
                shutil.copyfile(trained.checkpoint, out / CHECKPOINT_NAME)
                write_description(out, self._description(task, trained))
                write_json(out / "metrics.json", metrics)
                history.write_csv(out / "history.csv")
                self._write_sheet(task, out / "augment_sheet.png")
        log.metrics(metrics)
        return StageResult(
            metrics=metrics,
            artifacts=tuple(self.out_dir / name for name in ("history.csv", "augment_sheet.png", "detector.json")),
            summary=(
                f"{self.detector.architecture} from {trained.trained_from}, {len(task.train)} frames on {task.device}: "
                f"mAP50 {metrics['val_map50']:.3f}, mAP50-95 {metrics['val_map50_95']:.3f} "
                f"on {len(task.validation)} validation frames (a training signal, not a result)"
            ),
        )

    def _task(self) -> DetectorTask:
        class_names = read_class_names(self.data_dir / MANIFEST_NAME)
        if PERSON not in class_names:
            raise DongsunError(
                expected=f"a label class {PERSON!r}",
                got=", ".join(class_names) or "no classes: the frames are unlabelled",
                where=str(self.data_dir / MANIFEST_NAME),
                mend="ingest labelled frames whose classes include person",
            )
        return DetectorTask(
            train=_listed(self.data_dir / "train.txt"),
            validation=_listed(self.data_dir / "val.txt"),
            class_names=class_names,
            recipe=self.augment,
            settings=self.detector,
            machine=self.trainer,
            seed=self.seed,
            device=resolve_device(self.device),
        )

    def _description(self, task: DetectorTask, trained: TrainedDetector) -> DetectorDescription:
        return DetectorDescription(
            architecture=self.detector.architecture,
            input=self.detector.input,
            output=trained.output,
            class_names=task.class_names,
            person_class=task.class_names.index(PERSON),
            box_extent=read_box_extent(self.data_dir / MANIFEST_NAME),
            trained_from=trained.trained_from,
        )

    def _write_sheet(self, task: DetectorTask, path: Path) -> None:
        step = max(1, len(task.train) // _SHEET_FRAMES)
        frames = [_rgb(frame.image) for frame in task.train[::step][:_SHEET_FRAMES]]
        sheet = contact_sheet(frames, build_compose(self.augment, boxes=True), self.seed)
        cv2.imwrite(str(path), sheet[..., ::-1])


def _listed(path: Path) -> tuple[LabelledFrame, ...]:
    if not path.is_file():
        raise DongsunError(
            expected="a list of frames",
            got="nothing there",
            where=str(path),
            mend="run `dongsun ingest` and `dongsun sample` for this store",
        )
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line]
    if not lines:
        raise DongsunError(
            expected="at least one labelled frame",
            got="an empty list",
            where=str(path),
            mend="sample more frames (sampling), or ingest labelled video",
        )
    images = [Path(os.path.normpath(path.parent.absolute() / line)) for line in lines]
    return tuple(LabelledFrame(image=image, label=label_path_for(image)) for image in images)


def _rgb(path: Path) -> np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]:
    picture = cv2.imdecode(np.fromfile(path, dtype=np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise DongsunError(
            expected="a picture", got="an unreadable file", where=str(path), mend="run `dongsun ingest` again"
        )
    return np.ascontiguousarray(picture[..., ::-1], dtype=np.uint8)
