"""Stage `train-reid`: crops of people → `models/<store>/reid/`."""

from pathlib import Path

import cv2
import numpy as np
import pytorch_lightning as pl
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass
from pytorch_lightning.utilities import rank_zero_only
from torch import nn

from dongsun.contract.durable import atomic_directory, write_json
from dongsun.contract.errors import DongsunError
from dongsun.contract.preprocess import FrameBgr
from dongsun.contract.stage import RunLog, StageResult
from dongsun.data.augmentation import AugmentRecipe, build_compose, contact_sheet
from dongsun.data.manifest import MANIFEST_NAME
from dongsun.train.device import DeviceChoice, resolve_device
from dongsun.train.history import TrainingHistory
from dongsun.train.reid.attention_picture import attention_picture
from dongsun.train.reid.checkpoint import CHECKPOINT_NAME, DESCRIPTION_NAME, load_embedder, save_reid
from dongsun.train.reid.crops import CropSet, read_crop_set, read_picture
from dongsun.train.reid.decompose import verify_decomposition
from dongsun.train.reid.embedder import ReidEmbedder
from dongsun.train.reid.heads.attention import AttentionHead
from dongsun.train.reid.heads.part_attention import PartAttentionHead
from dongsun.train.reid.resume import fingerprint, work_directory
from dongsun.train.reid.retrieval import findable_persons
from dongsun.train.reid.settings import OsnetSettings, ReidSettings, YoloBackboneSettings
from dongsun.train.reid.structure import ReidStructure, build_embedder
from dongsun.train.reid.teacher import check_teacher
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
        """Trains and writes `reid.pt`, `reid.json`, `metrics.json`, `history.csv` and pictures.

        A run that was killed is taken up where its last epoch ended when it is started again with the same settings on
        the same data; until it is done, its state lies beside `out_dir`.

        Raises:
            DongsunError: Too few persons; a trunk, a teacher or start weights that are absent, broken or do not fit.
        """
        pl.seed_everything(self.seed, workers=True, verbose=False)
        task = self._task()
        embedder, structure = self._start()
        if self.reid.teacher is not None:
            check_teacher(self.reid.teacher.model)
        history = TrainingHistory(log)
        with work_directory(self.out_dir, fingerprint(task, embedder)) as work:
            metrics = {**train_embedder(task, embedder, structure, work, history.add), **_sizes(task)}
            if rank_zero_only.rank == 0:  # of several processes that train together one writes
                self._write(embedder, structure, task, metrics, history)
        log.metrics(metrics)
        return StageResult(
            metrics=metrics,
            artifacts=(self.out_dir / "history.csv", self.out_dir / DESCRIPTION_NAME, *self.out_dir.glob("*.png")),
            summary=self._summary(metrics, task),
        )

    def _write(
        self,
        embedder: ReidEmbedder,
        structure: ReidStructure,
        task: ReidTask,
        metrics: dict[str, float],
        history: TrainingHistory,
    ) -> None:
        with atomic_directory(self.out_dir) as out:
            save_reid(out / CHECKPOINT_NAME, embedder, structure)
            write_json(out / DESCRIPTION_NAME, structure.model_dump(mode="json"))
            write_json(out / "metrics.json", metrics)
            history.write_csv(out / "history.csv")
            self._write_sheet(task.train, out / "augment_sheet.png")
            looked_at = task.validation if len(task.validation) else task.train
            if isinstance(embedder.head, AttentionHead | PartAttentionHead) and len(looked_at):
                picture = attention_picture(embedder, _spread(looked_at), structure.input)
                cv2.imwrite(str(out / "attention_maps.png"), picture)

    def _task(self) -> ReidTask:
        manifest = self.data_dir / MANIFEST_NAME
        train, validation = read_crop_set(manifest, "train"), read_crop_set(manifest, "validation")
        with_two = int((np.bincount(train.persons, minlength=1) >= 2).sum())
        if self.reid.epochs and with_two < 2:
            raise self._too_few("two training persons with two crops each", str(with_two), "sample or ingest more")
        if self.reid.epochs and self.reid.keep == "best":
            found_again = findable_persons(validation.persons, validation.cameras, validation.frames)
            if len(validation.person_ids) < 2 or not found_again:
                raise self._too_few(
                    "two validation persons to choose the best epoch by, seen by two cameras or at two times",
                    f"{len(validation.person_ids)}, {found_again} of them seen so",
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
            resumable=True,
        )

    def _too_few(self, expected: str, got: str, mend: str) -> DongsunError:
        return DongsunError(expected=expected, got=got, where=str(self.data_dir / MANIFEST_NAME), mend=mend)

    def _start(self) -> tuple[ReidEmbedder, ReidStructure]:
        if self.reid.start is None:
            embedder, structure = build_embedder(self.reid)
            if isinstance(self.reid.backbone, YoloBackboneSettings) and isinstance(embedder.trunk, nn.Sequential):
                height_px, width_px = self.reid.height_px, self.reid.width_px
                verify_decomposition(
                    self.reid.backbone.checkpoint, embedder.trunk, height_px=height_px, width_px=width_px
                )
            return embedder, structure
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
        pictures = [np.ascontiguousarray(picture[..., ::-1]) for picture in _spread(crops)]
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


def _spread(crops: CropSet) -> list[FrameBgr]:
    """A few pictures, from all over the set."""
    step = max(1, len(crops) // _SHEET_CROPS)
    return [read_picture(path) for path in crops.paths[::step][:_SHEET_CROPS]]


def _sizes(task: ReidTask) -> dict[str, float]:
    return {
        "train_persons": float(len(task.train.person_ids)),
        "train_crops": float(len(task.train)),
        "validation_persons": float(len(task.validation.person_ids)),
        "validation_crops": float(len(task.validation)),
    }
