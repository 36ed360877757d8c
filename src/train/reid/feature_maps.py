"""Feature maps of a frozen trunk, computed once and shared by as many trainings of a head as one likes."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import Dataset

from dongsun.train.reid.crops import CropSet
from dongsun.train.reid.draw import Draw


@dataclass(frozen=True)
class FeatureMaps:
    """The maps of a set of crops, each as the plain crop gives it and as its augmented copies do.

    Attributes:
        values: float16 (copies, total, c, h, w), memory-mapped; the first copy is the plain one.
        rows: int64 (n,), the place of each crop in `values`.
        crops: The n crops.
    """

    values: np.ndarray[Any, np.dtype[np.float16]]
    rows: npt.NDArray[np.int64]
    crops: CropSet

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def persons(self) -> npt.NDArray[np.int64]:
        """int64 (n,), as in `CropSet`."""
        return self.crops.persons

    @property
    def cameras(self) -> npt.NDArray[np.int64]:
        """int64 (n,), as in `CropSet`."""
        return self.crops.cameras

    @property
    def frames(self) -> npt.NDArray[np.int64]:
        """int64 (n,), as in `CropSet`."""
        return self.crops.frames

    def subset(self, rows: Iterable[int]) -> "FeatureMaps":
        """The maps of the crops at `rows`, in that order: nothing is copied. Persons are numbered anew."""
        chosen = np.fromiter(rows, dtype=np.int64)
        return FeatureMaps(self.values, self.rows[chosen], self.crops.subset(chosen.tolist()))


@dataclass(frozen=True)
class TrainingMaps:
    """What a head is trained on and judged by.

    Attributes:
        train: With augmented copies, or without.
        validation: Plain; may be of no crops when the last epoch is kept.
    """

    train: FeatureMaps
    validation: FeatureMaps


class MapDataset(Dataset[tuple[Tensor, Tensor, Tensor]]):
    """Whole batches, to be loaded with `collate_fn=whole`: maps float32 (n, c, h, w), persons and crops int64 (n,)."""

    def __init__(self, maps: FeatureMaps) -> None:
        self._maps = maps
        self._persons = torch.from_numpy(maps.persons)

    def __len__(self) -> int:
        return len(self._maps)

    def __getitems__(self, wanted: list[Draw] | list[int]) -> tuple[Tensor, Tensor, Tensor]:
        """A draw's seed chooses among the plain map and the augmented ones; a number gives the plain one."""
        copies = len(self._maps.values)
        indices = [one.image if isinstance(one, Draw) else one for one in wanted]
        chosen = [one.seed % copies if isinstance(one, Draw) else 0 for one in wanted]
        values = self._maps.values[chosen, self._maps.rows[indices]]
        return torch.from_numpy(values.astype(np.float32)), self._persons[indices], torch.tensor(indices)


def whole(batch: Any) -> Any:
    """Nothing to collate: `MapDataset` already gave a batch."""
    return batch
