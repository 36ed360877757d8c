"""Runs a frozen trunk over every crop, once: the head then trains in seconds an epoch."""

from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader
from tqdm import tqdm

from dongsun.contract.preprocess import InputSpec
from dongsun.data.augmentation import AugmentRecipe
from dongsun.train.device import Device
from dongsun.train.reid.crops import CropDataset, CropSet
from dongsun.train.reid.draw import Draw
from dongsun.train.reid.feature_maps import FeatureMaps

_CHUNK = 64


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
) -> FeatureMaps:
    """Runs `trunk` (in eval mode) over every crop and its augmented copies into a memory-mapped file.

    Args:
        trunk: (n, 3, h, w) → (n, *map_shape); moved to `device`.
        augmented_copies: None are made when there is no recipe.
        path: File to be made, `.npy`; 2 bytes a value.
    """
    copies = 1 + (augmented_copies if recipe is not None and recipe.steps else 0)
    values = np.lib.format.open_memmap(path, mode="w+", dtype=np.float16, shape=(copies, len(crops), *map_shape))
    trunk = trunk.to(device).eval()
    with tqdm(total=copies * len(crops), desc="feature maps", unit="crop", disable=None) as bar, torch.inference_mode():
        for copy in range(copies):
            dataset = CropDataset(crops.paths, crops.persons.tolist(), spec, recipe if copy else None)
            order = [Draw(index, copy * len(crops) + index) for index in range(len(crops))]
            start = 0
            for pictures, _ in DataLoader(dataset, _CHUNK, sampler=order, num_workers=workers):
                block = trunk(pictures.to(device)).half().cpu().numpy()
                values[copy, start : start + len(block)] = block
                start += len(block)
                bar.update(len(block))
    return FeatureMaps(values, np.arange(len(crops), dtype=np.int64), crops)
