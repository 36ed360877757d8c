"""The detector's test frames with their truth, from a detector manifest and its YOLO labels."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dongsun.contract.errors import DongsunError
from dongsun.data.manifest import read_class_names, read_manifest, resolve
from dongsun.data.records import DetectorRecord, Split
from dongsun.eval.detection_metrics import FrameTruth

_PERSON = "person"


@dataclass(frozen=True)
class LabelledFrame:
    """One frame to detect on.

    Attributes:
        path: The picture.
        camera_id: Its camera.
        truth: The people in it.
    """

    path: Path
    camera_id: str
    truth: FrameTruth


def read_labelled_frames(
    manifest: Path, split: Split, *, min_height_px: float = 0.0, most: int | None = None
) -> tuple[LabelledFrame, ...]:
    """The labelled frames of a split, in file order.

    Args:
        manifest: Detector manifest.
        split: Usually `test`.
        min_height_px: Lower true boxes are ignored (neither missed nor false alarms).
        most: Take at most so many, evenly spaced over the split.

    Raises:
        DongsunError: No such frames, or labels that break the format.
    """
    person = _person_index(manifest)
    rows = [row for row in read_manifest(manifest, DetectorRecord, (split,)) if row.label_path is not None]
    if not rows:
        raise DongsunError(
            expected=f"labelled frames in the split {split!r}",
            got="none",
            where=str(manifest),
            mend="check the data set's splits and run `dongsun ingest` again",
        )
    if most is not None and len(rows) > most:
        rows = [rows[index] for index in np.linspace(0, len(rows) - 1, most).round().astype(int)]
    return tuple(_labelled(manifest, row, person, min_height_px) for row in rows)


def _labelled(manifest: Path, row: DetectorRecord, person: int, min_height_px: float) -> LabelledFrame:
    assert row.label_path is not None
    boxes = list(_person_boxes(resolve(manifest, row.label_path), person, row.width_px, row.height_px))
    stacked: npt.NDArray[np.float32] = np.array(boxes, dtype=np.float32).reshape(-1, 4)
    return LabelledFrame(
        path=resolve(manifest, row.path),
        camera_id=row.camera_id,
        truth=FrameTruth.judged(stacked, min_height_px=min_height_px),
    )


def _person_boxes(
    label: Path, person: int, width_px: int, height_px: int
) -> Iterator[tuple[float, float, float, float]]:
    """Boxes of a YOLO label file (`class cx cy w h`, normalised) as x0, y0, x1, y1 in pixels."""
    try:
        lines = label.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError as error:
        raise _broken(label, "no file") from error
    for number, line in enumerate(lines, start=1):
        cells = line.split()
        if not cells:
            continue
        try:
            class_index = int(cells[0])
            cx, cy, w, h = (float(cell) for cell in cells[1:5])
        except ValueError as error:
            raise _broken(label, f"line {number}: {line!r}") from error
        if class_index == person:
            yield (
                (cx - w / 2) * width_px,
                (cy - h / 2) * height_px,
                (cx + w / 2) * width_px,
                (cy + h / 2) * height_px,
            )


def _person_index(manifest: Path) -> int:
    names = read_class_names(manifest)
    if _PERSON not in names:
        raise DongsunError(
            expected=f"a label class called {_PERSON}",
            got=", ".join(names) or "no class names",
            where=str(manifest),
            mend="name the class in the data set's configuration and ingest again",
        )
    return names.index(_PERSON)


def _broken(label: Path, got: str) -> DongsunError:
    return DongsunError(
        expected="a YOLO label file: `class cx cy w h` a line",
        got=got,
        where=str(label),
        mend="run `dongsun ingest` again",
    )
