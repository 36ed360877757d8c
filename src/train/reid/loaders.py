"""What a training reads: whole P×K batches of crops, or of a frozen trunk's maps, and the validation crops in order."""

from typing import Any

import pytorch_lightning as pl
from torch.utils.data import DataLoader

from dongsun.train.reid.crops import CropDataset
from dongsun.train.reid.feature_maps import MapDataset, TrainingMaps, whole
from dongsun.train.reid.sampler import PersonBatchSampler
from dongsun.train.reid.task import ReidTask

_VALIDATION_BATCH = 64


class ReidLoaders(pl.LightningDataModule):  # type: ignore[misc]  # Lightning is imported untyped
    """Loaders, made when Lightning knows which of the training processes this is.

    Batches are (inputs, persons, numbers of the crops). Each process trains on batches of its own, and validates on all
    crops: there are few, and every process then keeps the same epoch.
    """

    def __init__(self, task: ReidTask, maps: TrainingMaps | None) -> None:
        """Args: task: what to read; maps: of its crops, for a frozen trunk; None reads pictures."""
        super().__init__()
        self._task = task
        self._maps = maps

    def train_dataloader(self) -> DataLoader[Any]:
        """This process's batches."""
        task, settings = self._task, self._task.settings
        sampler = PersonBatchSampler(
            task.train.persons.tolist(),
            task.train.cameras.tolist(),
            persons_per_batch=settings.persons_per_batch,
            images_per_person=settings.images_per_person,
            seed=task.seed,
            batches=None if settings.steps is None else settings.steps // settings.epochs,
            process=self.trainer.global_rank,
            processes=self.trainer.world_size,
        )
        if self._maps is not None:
            return DataLoader(MapDataset(self._maps.train), batch_sampler=sampler, collate_fn=whole)
        dataset = CropDataset(task.train, task.settings.input, task.recipe)
        workers = task.machine.workers
        return DataLoader(dataset, batch_sampler=sampler, num_workers=workers, persistent_workers=workers > 0)

    def val_dataloader(self) -> DataLoader[Any] | list[Any]:
        """The validation crops, plain; nothing where there are none."""
        if not len(self._task.validation):
            return []
        if self._maps is not None:
            return DataLoader(MapDataset(self._maps.validation), _VALIDATION_BATCH, collate_fn=whole)
        dataset = CropDataset(self._task.validation, self._task.settings.input, None)
        return DataLoader(dataset, _VALIDATION_BATCH, num_workers=self._task.machine.workers)
