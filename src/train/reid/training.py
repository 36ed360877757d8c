"""One re-ID training: crops in, a trained embedder out."""

import logging
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from torch.utils.data import DataLoader

from dongsun.data.augmentation import AugmentRecipe
from dongsun.train.device import Device, computes_bf16
from dongsun.train.reid.crops import CropDataset, CropSet
from dongsun.train.reid.embedder import ReidEmbedder
from dongsun.train.reid.feature_cache import cache_features
from dongsun.train.reid.feature_maps import FeatureMaps, MapDataset, TrainingMaps, whole
from dongsun.train.reid.lightning_module import ReidModule
from dongsun.train.reid.progress import EpochKeeper
from dongsun.train.reid.sampler import PersonBatchSampler
from dongsun.train.reid.settings import ReidSettings
from dongsun.train.reid.structure import ReidStructure
from dongsun.train.settings import TrainerSettings

_VALIDATION_BATCH = 64


@dataclass(frozen=True)
class ReidTask:
    """One training.

    Attributes:
        train: Crops to train on.
        validation: Crops of other persons, to choose the epoch by; may be empty when the last epoch is kept.
        recipe: Faults applied to training crops.
    """

    train: CropSet
    validation: CropSet
    recipe: AugmentRecipe
    settings: ReidSettings
    machine: TrainerSettings
    seed: int
    device: Device


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
    train, validation = _loaders(task, embedder, structure, work_directory, maps)
    if task.device == "cpu" and settings.trunk == "finetune":
        embedder.trunk.to(memory_format=torch.channels_last)
    module = ReidModule(embedder, structure.embedding_size, len(task.train.person_ids), task.validation, settings)
    keeper = EpochKeeper(on_epoch, keep_best=settings.keep == "best")
    trainer = _trainer(task, keeper, work_directory)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*does not have many workers.*")
        warnings.filterwarnings("ignore", message=".*deterministic.*")
        warnings.filterwarnings("ignore", message=".*in eval mode at the start.*")  # the frozen trunk, on purpose
        warnings.filterwarnings("ignore", message=".*no `val_dataloader`.*")  # keep=last needs none
        warnings.filterwarnings("ignore", message=".*LeafSpec.*")
        trainer.fit(module, train, validation)
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
        )

    return TrainingMaps(cached("train", task.train, task.recipe), cached("validation", task.validation, None))


def _check_maps(task: ReidTask, maps: TrainingMaps) -> None:
    if task.settings.trunk != "frozen":
        raise ValueError("feature maps are of use to a frozen trunk only")
    for name, ours, theirs in (("train", task.train, maps.train), ("validation", task.validation, maps.validation)):
        if ours.paths != theirs.crops.paths:
            raise ValueError(f"the {name} maps are of other crops than the task's")


def _loaders(
    task: ReidTask, embedder: ReidEmbedder, structure: ReidStructure, work_directory: Path, maps: TrainingMaps | None
) -> tuple[DataLoader[Any], DataLoader[Any] | None]:
    settings = task.settings
    sampler = PersonBatchSampler(
        task.train.persons.tolist(),
        task.train.cameras.tolist(),
        persons_per_batch=settings.persons_per_batch,
        images_per_person=settings.images_per_person,
        seed=task.seed,
        batches=None if settings.steps is None else settings.steps // settings.epochs,
    )
    if settings.trunk == "frozen":
        maps = maps or compute_maps(task, embedder, structure, work_directory)
        train: DataLoader[Any] = DataLoader(MapDataset(maps.train), batch_sampler=sampler, collate_fn=whole)
        validation: DataLoader[Any] = DataLoader(MapDataset(maps.validation), _VALIDATION_BATCH, collate_fn=whole)
    else:
        workers = task.machine.workers
        crops, spec = task.train, structure.input
        train = DataLoader(
            CropDataset(crops.paths, crops.persons.tolist(), spec, task.recipe),
            batch_sampler=sampler,
            num_workers=workers,
            persistent_workers=workers > 0,
        )
        crops = task.validation
        validation = DataLoader(
            CropDataset(crops.paths, crops.persons.tolist(), spec, None), _VALIDATION_BATCH, num_workers=workers
        )
    return train, validation if len(task.validation) else None


def _precision(task: ReidTask) -> str:
    """As the machine's settings say; a CPU that cannot compute bf16 itself stays at fp32."""
    wanted = task.machine.reid_precision
    able = task.device == "cuda" or (wanted == "bf16-mixed" and computes_bf16())
    # A head on cached maps is too small to gain by it.
    return wanted if able and task.settings.trunk == "finetune" else "32-true"


def _trainer(task: ReidTask, keeper: EpochKeeper, work_directory: Path) -> pl.Trainer:
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    torch.set_float32_matmul_precision("high")
    return pl.Trainer(
        accelerator="gpu" if task.device == "cuda" else "cpu",
        devices=1,
        precision=_precision(task),
        max_epochs=task.settings.epochs,
        deterministic="warn",
        default_root_dir=work_directory,
        callbacks=[keeper],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
    )
