"""Stage `train-reid`: crops of people → `models/<store>/reid/`."""

import tempfile
from pathlib import Path

import cv2
import numpy as np
import pytorch_lightning as pl
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from dongsun.contract.durable import atomic_directory, write_json
from dongsun.contract.errors import DongsunError
from dongsun.contract.stage import RunLog, StageResult
from dongsun.data.augmentation import AugmentRecipe, build_compose, contact_sheet
from dongsun.data.manifest import MANIFEST_NAME
from dongsun.train.device import DeviceChoice, resolve_device
from dongsun.train.history import TrainingHistory
from dongsun.train.reid.checkpoint import CHECKPOINT_NAME, DESCRIPTION_NAME, load_embedder, save_reid
from dongsun.train.reid.crops import CropSet, read_crop_set, read_picture
from dongsun.train.reid.embedder import ReidEmbedder
from dongsun.train.reid.settings import OsnetSettings, ReidSettings
from dongsun.train.reid.structure import ReidStructure, build_embedder
from dongsun.train.reid.training import ReidTask, train_embedder
from dongsun.train.settings import TrainerSettings

_SHEET_CROPS = 6


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class TrainReidStage:
    """Trains the re-ID model on the sampled crops.

    Attributes:
        data_dir: `data/processed/<store>/reid`: `manifest.parquet`.
        out_dir: `models/<store>/reid`.
    """

    data_dir: Path
    out_dir: Path
    reid: ReidSettings
    augment: AugmentRecipe
    trainer: TrainerSettings
    seed: int
    device: DeviceChoice = "auto"

    def run(self, log: RunLog) -> StageResult:
        """Trains and writes `reid.pt`, `reid.json`, `metrics.json`, `history.csv` and `augment_sheet.png`.

        Raises:
            DongsunError: Too few persons, or start weights that are absent or of another structure.
        """
        pl.seed_everything(self.seed, workers=True, verbose=False)
        task = self._task()
        embedder, structure = self._start()
        history = TrainingHistory(log)
        with tempfile.TemporaryDirectory(prefix="dongsun-reid-") as work:
            kept = train_embedder(task, embedder, structure, Path(work), history.add)
        metrics = {
            **kept,
            "train_persons": float(len(task.train.person_ids)),
            "train_crops": float(len(task.train)),
            "validation_persons": float(len(task.validation.person_ids)),
            "validation_crops": float(len(task.validation)),
        }
        with atomic_directory(self.out_dir) as out:
            save_reid(out / CHECKPOINT_NAME, embedder, structure)
            write_json(out / DESCRIPTION_NAME, structure.model_dump(mode="json"))
            write_json(out / "metrics.json", metrics)
            history.write_csv(out / "history.csv")
            self._write_sheet(task.train, out / "augment_sheet.png")
        log.metrics(metrics)
        return StageResult(
            metrics=metrics,
            artifacts=tuple(self.out_dir / name for name in ("history.csv", "augment_sheet.png", DESCRIPTION_NAME)),
            summary=self._summary(metrics, task),
        )

    def _task(self) -> ReidTask:
        manifest = self.data_dir / MANIFEST_NAME
        train, validation = read_crop_set(manifest, "train"), read_crop_set(manifest, "validation")
        with_two = int((np.bincount(train.persons, minlength=1) >= 2).sum())
        if self.reid.epochs and with_two < 2:
            raise self._too_few("two training persons with two crops each", str(with_two), "sample or ingest more")
        if self.reid.epochs and self.reid.keep == "best" and len(validation.person_ids) < 2:
            raise self._too_few(
                "two validation persons to choose the best epoch by",
                f"{len(validation.person_ids)}",
                "ingest more people, or keep the last epoch: reid.keep=last",
            )
        return ReidTask(
            train=train,
            validation=validation,
            recipe=self.augment,
            settings=self.reid,
            machine=self.trainer,
            seed=self.seed,
            device=resolve_device(self.device),
        )

    def _too_few(self, expected: str, got: str, mend: str) -> DongsunError:
        return DongsunError(expected=expected, got=got, where=str(self.data_dir / MANIFEST_NAME), mend=mend)

    def _start(self) -> tuple[ReidEmbedder, ReidStructure]:
        if self.reid.start is None:
            return build_embedder(self.reid)
        embedder, structure = load_embedder(self.reid.start)
        wanted_head = None if isinstance(self.reid.backbone, OsnetSettings) else self.reid.head
        wanted = f"trunk {self.reid.backbone.kind}, head {wanted_head}, {self.reid.input!r}"
        found = f"trunk {structure.trunk.kind}, head {structure.head}, {structure.input!r}"
        if wanted != found:
            raise DongsunError(
                expected=f"a re-ID checkpoint with {wanted}",
                got=found,
                where=f"reid.start={self.reid.start}",
                mend="configure the structure of the checkpoint, or start without one: reid.start=null",
            )
        return embedder, structure

    def _write_sheet(self, crops: CropSet, path: Path) -> None:
        step = max(1, len(crops) // _SHEET_CROPS)
        pictures = [np.ascontiguousarray(read_picture(p)[..., ::-1]) for p in crops.paths[::step][:_SHEET_CROPS]]
        sheet = contact_sheet(pictures, build_compose(self.augment), self.seed)
        cv2.imwrite(str(path), sheet[..., ::-1])

    def _summary(self, metrics: dict[str, float], task: ReidTask) -> str:
        crops = f"{len(task.train)} crops of {len(task.train.person_ids)} persons"
        what = f"{self.reid.trunk} trunk, {crops} on {task.device}"
        if "val_map" not in metrics:
            return f"{what}: no validation"
        return (
            f"{what}: mAP {metrics['val_map']:.3f}, rank-1 {metrics['val_rank1']:.3f} on "
            f"{len(task.validation.person_ids)} unseen persons (a training signal, not a result)"
        )
