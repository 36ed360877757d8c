"""One re-ID training: crops in, a trained embedder out."""

import logging
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from torch.utils.data import DataLoader, Dataset

from dongsun.data.augmentation import AugmentRecipe
from dongsun.train.device import Device, computes_bf16
from dongsun.train.reid.crops import CropDataset, CropSet
from dongsun.train.reid.embedder import ReidEmbedder
from dongsun.train.reid.feature_cache import cache_features
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
) -> dict[str, float]:
    """Trains `embedder` in place; it is left in eval mode on the CPU.

    Returns:
        Figures of the kept epoch; empty when no epoch was asked for.
    """
    settings = task.settings
    if settings.epochs == 0:
        return {}
    train, validation = _datasets(task, embedder, structure, work_directory)
    sampler = PersonBatchSampler(
        task.train.persons.tolist(),
        task.train.cameras.tolist(),
        persons_per_batch=settings.persons_per_batch,
        images_per_person=settings.images_per_person,
        seed=task.seed,
    )
    workers = task.machine.workers if settings.trunk == "finetune" else 0  # cached maps need no decoding
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
        trainer.fit(
            module,
            DataLoader(train, batch_sampler=sampler, num_workers=workers, persistent_workers=workers > 0),
            DataLoader(validation, _VALIDATION_BATCH, num_workers=workers) if len(task.validation) else None,
        )
    embedder.cpu().to(memory_format=torch.contiguous_format).eval()
    return keeper.kept


def _datasets(
    task: ReidTask, embedder: ReidEmbedder, structure: ReidStructure, work_directory: Path
) -> tuple[Dataset[Any], Dataset[Any]]:
    pairs: list[Dataset[Any]] = []
    for name, crops in (("train", task.train), ("validation", task.validation)):
        recipe = task.recipe if name == "train" else None
        if task.settings.trunk == "finetune":
            pairs.append(CropDataset(crops.paths, crops.persons.tolist(), structure.input, recipe))
            continue
        pairs.append(
            cache_features(
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
        )
    return pairs[0], pairs[1]


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
