"""Runs a frozen trunk over every crop, once: the head then trains in seconds an epoch."""

import json
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader
from tqdm import tqdm

from dongsun.contract.durable import write_json
from dongsun.contract.preprocess import InputSpec
from dongsun.data.augmentation import AugmentRecipe
from dongsun.train.device import Device
from dongsun.train.reid.crops import CropDataset, CropSet
from dongsun.train.reid.draw import Draw
from dongsun.train.reid.feature_maps import FeatureMaps

_CHUNK = 64
_CHUNKS_A_NOTE = 16


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
    resumable: bool = False,
) -> FeatureMaps:
    """Runs `trunk` (in eval mode) over every crop and its augmented copies into a memory-mapped file.

    Args:
        trunk: (n, 3, h, w) → (n, *map_shape); moved to `device`.
        augmented_copies: None are made when there is no recipe.
        path: File to be made, `.npy`; 2 bytes a value.
        resumable: Go on with what a killed run left at `path`, which must come from this very call; else start anew.
    """
    copies = 1 + (augmented_copies if recipe is not None and recipe.steps else 0)
    shape, note = (copies, len(crops), *map_shape), path.with_suffix(".json")
    done = int(json.loads(note.read_text(encoding="utf-8"))) if resumable and note.is_file() else 0
    if done:
        values = np.lib.format.open_memmap(path, mode="r+")
    else:
        values = np.lib.format.open_memmap(path, mode="w+", dtype=np.float16, shape=shape)
    flat = values.reshape(-1, *map_shape)
    trunk = trunk.to(device).eval()
    with tqdm(total=len(flat), initial=done, desc="feature maps", unit="crop", disable=None) as bar:
        while done < len(flat):
            copy, first = divmod(done, len(crops))
            dataset = CropDataset(crops, spec, recipe if copy else None)
            order = [Draw(image, copy * len(crops) + image) for image in range(first, len(crops))]
            for number, (pictures, _, _) in enumerate(DataLoader(dataset, _CHUNK, sampler=order, num_workers=workers)):
                with torch.inference_mode():
                    block = trunk(pictures.to(device)).half().cpu().numpy()
                flat[done : done + len(block)] = block
                done += len(block)
                bar.update(len(block))
                if resumable and (number % _CHUNKS_A_NOTE == 0 or done == len(flat)):
                    values.flush()
                    write_json(note, done)
    return FeatureMaps(values, np.arange(len(crops), dtype=np.int64), crops)
