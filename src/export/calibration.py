"""Pictures for INT8 calibration, read one at a time and preprocessed as the station will."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np

from dongsun.contract.errors import DongsunError
from dongsun.contract.preprocess import Batch, FrameBgr, InputSpec, letterboxed, stretched
from dongsun.eval.embed_manifest import read_picture_bgr

T = TypeVar("T")


@dataclass(frozen=True)
class CalibrationSet:
    """Batches of one, made on demand, so that thousands of pictures need no memory.

    Attributes:
        pictures: Files of the `calibration` split; never validation, never test.
        prepare: Turns a picture into float32 (1, 3, h, w).
    """

    pictures: tuple[Path, ...]
    prepare: Callable[[FrameBgr], Batch]

    def __len__(self) -> int:
        return len(self.pictures)

    def __iter__(self) -> Iterator[Batch]:
        for path in self.pictures:
            yield self.prepare(read_picture_bgr(path))


def calibration_set(pictures: Sequence[Path], spec: InputSpec, most: int, kind: str) -> CalibrationSet:
    """At most `most` pictures, evenly spaced over `pictures`, which should be in time or stratum order.

    Raises:
        DongsunError: There are no pictures.
    """
    if not pictures:
        raise DongsunError(
            expected=f"{kind} in the calibration split",
            got="none",
            where=f"INT8 calibration of {kind}",
            mend="give the split `calibration` some images in the dataset's configuration; test images don't serve",
        )

    return CalibrationSet(evenly_spaced(pictures, most), partial(prepared, spec=spec))


def prepared(picture: FrameBgr, spec: InputSpec) -> Batch:
    """One picture as the station would feed it: float32 (1, 3, h, w)."""
    return letterboxed(picture, spec)[0] if spec.resize == "letterbox" else stretched([picture], spec)


def evenly_spaced(items: Sequence[T], most: int) -> tuple[T, ...]:
    """At most `most` of `items`, in order, at equal distances, first and last included."""
    if len(items) <= most:
        return tuple(items)
    return tuple(items[int(index)] for index in np.linspace(0, len(items) - 1, most).round())
