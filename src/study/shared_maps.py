"""Feature maps of frozen trunks, computed once a cut and shared by every head and seed."""

import tempfile
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from types import TracebackType
from typing import Self

import numpy as np

from dongsun.study.network import Workshop
from dongsun.train.reid.feature_maps import FeatureMaps, TrainingMaps
from dongsun.train.reid.settings import ReidSettings
from dongsun.train.reid.structure import build_embedder
from dongsun.train.reid.training import compute_maps

_COPIES_SEED = 0


class SharedMaps:
    """Computes on first use; the files go when the study ends.

    Args:
        workshop: Crops and machine.
    """

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop
        self._folder = tempfile.TemporaryDirectory(prefix="dongsun-study-maps-")
        self._maps: dict[str, FeatureMaps] = {}
        self._seconds: dict[str, float] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._maps.clear()
        self._folder.cleanup()

    def of(self, settings: ReidSettings) -> TrainingMaps:
        """The maps of the workshop's crops under the trunk of `settings`, whatever the head."""
        key = str((settings.backbone, settings.input, settings.augmented_copies))
        if key not in self._maps:
            folder = Path(self._folder.name) / str(len(self._maps))
            folder.mkdir()
            started = perf_counter()
            embedder, structure = build_embedder(replace(settings, trunk="frozen"))
            task = self._workshop.task(replace(settings, trunk="frozen"), _COPIES_SEED)
            self._maps[key] = compute_maps(task, embedder, structure, folder).train
            self._seconds[key] = perf_counter() - started
        return with_nobody_to_validate(self._maps[key])

    def seconds(self, settings: ReidSettings) -> float:
        """What computing them took; 0 where they were not needed."""
        return self._seconds.get(str((settings.backbone, settings.input, settings.augmented_copies)), 0.0)


def with_nobody_to_validate(train: FeatureMaps) -> TrainingMaps:
    """Training maps beside an empty validation part."""
    return TrainingMaps(train, train.subset(np.zeros(0, dtype=np.int64)))
