"""Feature maps of a frozen trunk, computed once: the head then trains in seconds an epoch."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from dongsun.contract.preprocess import InputSpec
from dongsun.data.augmentation import AugmentRecipe
from dongsun.train.device import Device
from dongsun.train.reid.crops import CropDataset, CropSet

_CHUNK = 64


class FeatureCache(Dataset[tuple[Tensor, int]]):
    """One feature map an item, drawn at random among the plain crop's and its augmented copies'."""

    def __init__(self, maps: np.ndarray[Any, np.dtype[np.float16]], crops: CropSet, *, augmented: bool) -> None:
        """Args: maps: float16 (copies, n, c, h, w), the first copy plain; augmented: else always the plain one."""
        self._maps = maps
        self._persons = [int(person) for person in crops.persons]
        self._copies = len(maps) if augmented else 1

    def __len__(self) -> int:
        return len(self._persons)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        copy = int(torch.randint(self._copies, ()).item())
        return torch.from_numpy(self._maps[copy, index].astype(np.float32)), self._persons[index]


def cache_features(
    trunk: nn.Module,
    crops: CropSet,
    spec: InputSpec,
    *,
    recipe: AugmentRecipe | None,
    augmented_copies: int,
    map_shape: tuple[int, int, int],
    path: Path,
    workers: int,
    device: Device,
) -> FeatureCache:
    """Runs `trunk` (in eval mode) over every crop and its augmented copies into a memory-mapped file.

    Args:
        trunk: (n, 3, h, w) → (n, *map_shape); moved to `device`.
        augmented_copies: None are made when there is no recipe.
        path: File to be made, `.npy`; 2 bytes a value.
    """
    copies = 1 + (augmented_copies if recipe is not None and recipe.steps else 0)
    maps = np.lib.format.open_memmap(path, mode="w+", dtype=np.float16, shape=(copies, len(crops), *map_shape))
    trunk = trunk.to(device).eval()
    with tqdm(total=copies * len(crops), desc="feature maps", unit="crop", disable=None) as bar, torch.inference_mode():
        for copy in range(copies):
            dataset = CropDataset(crops.paths, crops.persons.tolist(), spec, recipe if copy else None)
            # Loading processes count from zero for each loader, so each copy gets its own generator's seeds.
            loader = DataLoader(dataset, _CHUNK, num_workers=workers, generator=torch.Generator().manual_seed(copy))
            start = 0
            for pictures, _ in loader:
                block = trunk(pictures.to(device)).half().cpu().numpy()
                maps[copy, start : start + len(block)] = block
                start += len(block)
                bar.update(len(block))
    return FeatureCache(maps, crops, augmented=copies > 1)
