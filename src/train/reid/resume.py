"""Going on after a kill: a point an epoch, in a folder that belongs to just this training."""

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytorch_lightning as pl
import torch
from pydantic import TypeAdapter
from pytorch_lightning.utilities import rank_zero_only

from dongsun.contract.durable import atomic_file
from dongsun.contract.errors import DongsunError
from dongsun.data.augmentation import AugmentRecipe
from dongsun.train.reid.crops import CropSet
from dongsun.train.reid.embedder import ReidEmbedder
from dongsun.train.reid.settings import ReidSettings
from dongsun.train.reid.task import ReidTask

_FORMAT = b"1"


def fingerprint(task: ReidTask, embedder: ReidEmbedder) -> str:
    """What tells this training from any other: its settings, its pictures and the weights that it starts from.

    Pictures count by path, size and time of change; reading them all would take as long as an epoch.
    """
    digest = hashlib.sha256(_FORMAT)
    digest.update(TypeAdapter(ReidSettings).dump_json(task.settings))
    digest.update(TypeAdapter(AugmentRecipe).dump_json(task.recipe))
    machine = f"{task.seed} {task.device} {task.devices} {task.precision} torch {torch.__version__}"
    digest.update(machine.encode())
    for crops in (task.train, task.validation):
        _add_crops(digest, crops)
    for name, value in embedder.state_dict().items():
        digest.update(name.encode())
        digest.update(value.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()[:16]


def _add_crops(digest: "hashlib._Hash", crops: CropSet) -> None:
    for path in crops.paths:
        stat = path.stat() if path.is_file() else None  # a missing picture is refused when it is read
        digest.update(f"{path}|{stat and (stat.st_size, stat.st_mtime_ns)}\n".encode())
    for values in (crops.persons, crops.cameras, crops.frames):
        digest.update(values.tobytes())


@contextmanager
def work_directory(out_dir: Path, key: str) -> Iterator[Path]:
    """A folder beside `out_dir` for the training of this fingerprint: a kill leaves it, the training's end removes it.

    What another training left there is removed; so is this one's when its input turns out to be wrong (`DongsunError`).
    """
    parent = out_dir.parent / f".{out_dir.name}.training"
    work = parent / key
    for other in parent.iterdir() if parent.is_dir() else ():
        if other != work:
            shutil.rmtree(other, ignore_errors=True)
    work.mkdir(parents=True, exist_ok=True)
    try:
        yield work
    except DongsunError:
        shutil.rmtree(parent, ignore_errors=True)
        raise
    if rank_zero_only.rank == 0:
        shutil.rmtree(parent, ignore_errors=True)


class ResumePoint(pl.Callback):  # type: ignore[misc]  # Lightning is imported untyped
    """Saves the whole state of the training after each epoch; must come after the callbacks whose state it saves."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def found(self) -> Path | None:
        """The point that an earlier run left, if one did."""
        return self._path if self._path.is_file() else None

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Lightning gathers the state on every process; the first one writes."""
        with atomic_file(self._path) if trainer.is_global_zero else nullcontext(self._path) as path:
            trainer.save_checkpoint(path)
