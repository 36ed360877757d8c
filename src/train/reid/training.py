"""One re-ID training: crops in, a trained embedder out."""

import logging
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

import pytorch_lightning as pl
import torch

from dongsun.data.augmentation import AugmentRecipe
from dongsun.train.reid.crops import CropSet
from dongsun.train.reid.embedder import ReidEmbedder
from dongsun.train.reid.feature_cache import cache_features
from dongsun.train.reid.feature_maps import FeatureMaps, TrainingMaps
from dongsun.train.reid.lightning_module import ReidModule
from dongsun.train.reid.loaders import ReidLoaders
from dongsun.train.reid.progress import EpochKeeper
from dongsun.train.reid.resume import ResumePoint
from dongsun.train.reid.structure import ReidStructure
from dongsun.train.reid.task import ReidTask
from dongsun.train.reid.teacher import teacher_embeddings

__all__ = ["ReidTask", "compute_maps", "train_embedder"]

_RESUME_NAME = "resume.ckpt"


def train_embedder(
    task: ReidTask,
    embedder: ReidEmbedder,
    structure: ReidStructure,
    work_directory: Path,
    on_epoch: Callable[[int, Mapping[str, float]], None],
    maps: TrainingMaps | None = None,
) -> dict[str, float]:
    """Trains `embedder` in place; it is left in eval mode on the CPU.

    Args:
        maps: The frozen trunk's feature maps of just the task's crops, computed before; None computes them.

    Returns:
        Figures of the kept epoch; empty when no epoch was asked for.

    Raises:
        ValueError: `maps` of other crops than the task's, or given for a trunk that trains.
    """
    settings = task.settings
    if maps is not None:
        _check_maps(task, maps)
    if settings.epochs == 0:
        return {}
    if settings.trunk == "frozen" and maps is None:
        maps = compute_maps(task, embedder, structure, work_directory)
    if task.device == "cpu" and settings.trunk == "finetune":
        embedder.trunk.to(memory_format=torch.channels_last)
    taught = None
    if settings.teacher is not None:
        taught = teacher_embeddings(settings.teacher.model, task.train, workers=task.machine.workers)
    torch.manual_seed(task.seed)  # the classifier starts alike, whatever was computed before
    module = ReidModule(embedder, structure.embedding_size, task, taught)
    keeper = EpochKeeper(on_epoch, keep_best=settings.keep == "best")
    resume = ResumePoint(work_directory / _RESUME_NAME)
    trainer = _trainer(task, [keeper, resume] if task.resumable else [keeper], work_directory)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*does not have many workers.*")
        warnings.filterwarnings("ignore", message=".*deterministic.*")
        warnings.filterwarnings("ignore", message=".*in eval mode at the start.*")  # the frozen trunk, on purpose
        warnings.filterwarnings("ignore", message=".*Total length of `list`.*")  # keep=last needs no validation
        warnings.filterwarnings("ignore", message=".*LeafSpec.*")
        trainer.fit(
            module,
            datamodule=ReidLoaders(task, maps),
            ckpt_path=resume.found if task.resumable else None,
            weights_only=True,
        )
    keeper.put_back(module)
    embedder.cpu().to(memory_format=torch.contiguous_format).eval()
    return keeper.kept


def compute_maps(
    task: ReidTask, embedder: ReidEmbedder, structure: ReidStructure, work_directory: Path
) -> TrainingMaps:
    """Runs the trunk over the task's crops, for one or many trainings of a head on top of it as it is.

    The files `train.npy` and `validation.npy` in `work_directory` back the maps.
    """

    def cached(name: str, crops: CropSet, recipe: AugmentRecipe | None) -> FeatureMaps:
        return cache_features(
            embedder.trunk,
            crops,
            structure.input,
            recipe=recipe,
            augmented_copies=task.settings.augmented_copies,
            map_shape=structure.map_shape,
            path=work_directory / f"{name}.npy",
            workers=task.machine.workers,
            device=task.device,
            resumable=task.resumable,
        )

    return TrainingMaps(cached("train", task.train, task.recipe), cached("validation", task.validation, None))


def _check_maps(task: ReidTask, maps: TrainingMaps) -> None:
    if task.settings.trunk != "frozen":
        raise ValueError("feature maps are of use to a frozen trunk only")
    for name, ours, theirs in (("train", task.train, maps.train), ("validation", task.validation, maps.validation)):
        if ours.paths != theirs.crops.paths:
            raise ValueError(f"the {name} maps are of other crops than the task's")


def _trainer(task: ReidTask, callbacks: list[pl.Callback], work_directory: Path) -> pl.Trainer:
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    torch.set_float32_matmul_precision("high")
    return pl.Trainer(
        accelerator="gpu" if task.device == "cuda" else "cpu",
        devices=task.devices,
        strategy="ddp" if task.devices > 1 else "auto",
        use_distributed_sampler=False,  # PersonBatchSampler shares out whole batches itself
        precision=task.precision,
        max_epochs=task.settings.epochs,
        deterministic="warn",
        default_root_dir=work_directory,
        callbacks=callbacks,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
    )
