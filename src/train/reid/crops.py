"""Crops of people as training reads them."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from dongsun.contract.errors import DongsunError
from dongsun.contract.preprocess import FrameBgr, InputSpec, stretched
from dongsun.data.augmentation import AugmentRecipe, build_compose
from dongsun.data.manifest import read_manifest, resolve
from dongsun.data.records import DISTRACTOR, ReidRecord, Split
from dongsun.train.reid.draw import Draw


@dataclass(frozen=True)
class CropSet:
    """The crops of one split, in manifest order; distractors left out.

    Attributes:
        paths: One picture file each.
        persons: int64 (n,), an index into `person_ids`.
        cameras: int64 (n,), numbered by first appearance.
        frames: int64 (n,), rank in time within the set: by sequence, then frame index.
        person_ids: Names, sorted.
    """

    paths: tuple[Path, ...]
    persons: np.ndarray[tuple[int], np.dtype[np.int64]]
    cameras: np.ndarray[tuple[int], np.dtype[np.int64]]
    frames: np.ndarray[tuple[int], np.dtype[np.int64]]
    person_ids: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.paths)

    def subset(self, rows: Iterable[int]) -> "CropSet":
        """The crops at `rows`, in that order; persons are numbered anew, cameras and times stay."""
        chosen = np.fromiter(rows, dtype=np.int64)
        kept, persons = np.unique(self.persons[chosen], return_inverse=True)
        return CropSet(
            paths=tuple(self.paths[row] for row in chosen),
            persons=persons.astype(np.int64).reshape(-1),
            cameras=self.cameras[chosen],
            frames=self.frames[chosen],
            person_ids=tuple(self.person_ids[person] for person in kept),
        )


def read_crop_set(manifest: Path, split: Split) -> CropSet:
    """The crops of `split`; empty when the manifest has none.

    Raises:
        DongsunError: No manifest there.
    """
    records = [r for r in read_manifest(manifest, ReidRecord, (split,)) if r.person_id != DISTRACTOR]
    person_ids = tuple(sorted({record.person_id for record in records}))
    person_of = {name: index for index, name in enumerate(person_ids)}
    camera_of: dict[str, int] = {}
    for record in records:
        camera_of.setdefault(record.camera_id, len(camera_of))
    moments = sorted({(record.sequence_id, record.frame_index) for record in records})
    rank_of = {moment: rank for rank, moment in enumerate(moments)}
    return CropSet(
        paths=tuple(resolve(manifest, record.path) for record in records),
        persons=np.array([person_of[record.person_id] for record in records], dtype=np.int64),
        cameras=np.array([camera_of[record.camera_id] for record in records], dtype=np.int64),
        frames=np.array([rank_of[record.sequence_id, record.frame_index] for record in records], dtype=np.int64),
        person_ids=person_ids,
    )


def read_picture(path: Path) -> FrameBgr:
    """Decodes a picture file.

    Raises:
        DongsunError: It is gone or cannot be decoded.
    """
    encoded = np.fromfile(path, dtype=np.uint8) if path.is_file() else np.zeros(0, np.uint8)
    picture = cv2.imdecode(encoded, cv2.IMREAD_COLOR) if len(encoded) else None
    if picture is None:
        raise DongsunError(
            expected="a readable picture of a person",
            got="an unreadable or missing file",
            where=str(path),
            mend="run `dongsun ingest` and `dongsun sample` again",
        )
    return np.asarray(picture, dtype=np.uint8)


class CropDataset(Dataset[tuple[Tensor, int, int]]):
    """Crops as network input, float32 (3, h, w), with their person's index and their own.

    Indexed by a `Draw` it augments as the draw's seed says (given a recipe), by a number it gives the plain crop.
    """

    def __init__(self, crops: CropSet, spec: InputSpec, recipe: AugmentRecipe | None) -> None:
        self._paths = crops.paths
        self._persons = crops.persons.tolist()
        self._spec = spec
        self._compose: Any = build_compose(recipe) if recipe is not None and recipe.steps else None

    def __len__(self) -> int:
        return len(self._paths)

    def __getitem__(self, wanted: Draw | int) -> tuple[Tensor, int, int]:
        index = wanted.image if isinstance(wanted, Draw) else wanted
        picture = read_picture(self._paths[index])
        if self._compose is not None and isinstance(wanted, Draw):
            picture = self._augmented(picture, wanted.seed)
        return torch.from_numpy(stretched([picture], self._spec)[0]), self._persons[index], index

    def _augmented(self, picture: FrameBgr, seed: int) -> FrameBgr:
        self._compose.set_random_seed(seed)
        rgb = np.ascontiguousarray(picture[..., ::-1])
        return np.ascontiguousarray(self._compose(image=rgb)["image"][..., ::-1], dtype=np.uint8)
