"""One row of each manifest, as frozen dataclasses."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

Split = Literal["train", "validation", "calibration", "test"]
Role = Literal["query", "gallery"]

SPLITS: tuple[Split, ...] = get_args(Split)
UNSEEN_SPLITS: frozenset[Split] = frozenset({"validation", "test"})
"""Splits whose persons occur in no other split."""
DISTRACTOR = "distractor"
"""Person id of gallery images that show nobody who is searched for."""


@dataclass(frozen=True, slots=True)
class ReidRecord:
    """One image of one person.

    Attributes:
        path: Image, relative to the manifest's folder or absolute. Spelled as on disk (NFC or NFD), to be opened.
        person_id: Identity, or `DISTRACTOR`.
        camera_id: The physical camera, as far as the source tells.
        sequence_id: One uninterrupted recording of that camera.
        frame_index: 0-based decode order for video; the source's own frame number for images.
        split: None only between a reader and the split policy; a manifest never holds None.
        source: Name of the reader's data set.
        captured_at_utc: Aware UTC time, if the source tells.
        scene: The source's own scene name, if any.
        clothes_id: Same value = same clothes, if labelled.
        role: `query` or `gallery` where the source fixes the protocol; None leaves it to evaluation.
        box_xyxy_px: Where a crop was taken in its frame; pixels of the video, half-open.
        visibility: Visible share of the person in [0, 1], if known.
    """

    path: str
    person_id: str
    camera_id: str
    sequence_id: str
    frame_index: int
    split: Split | None
    source: str
    captured_at_utc: datetime | None = None
    scene: str | None = None
    clothes_id: str | None = None
    role: Role | None = None
    box_xyxy_px: tuple[float, float, float, float] | None = None
    visibility: float | None = None


@dataclass(frozen=True, slots=True)
class DetectorRecord:
    """One frame for the detector.

    Attributes:
        path: Image, relative to the manifest's folder or absolute.
        label_path: YOLO label file, spelled likewise; None for unlabelled frames.
        camera_id: The physical camera.
        sequence_id: One uninterrupted recording of that camera.
        frame_index: 0-based decode order.
        split: None only between a reader and the split policy.
        source: Name of the reader's data set.
        width_px: Image width.
        height_px: Image height.
        people: Labelled persons in the frame; None when unlabelled.
    """

    path: str
    label_path: str | None
    camera_id: str
    sequence_id: str
    frame_index: int
    split: Split | None
    source: str
    width_px: int
    height_px: int
    people: int | None


Record = ReidRecord | DetectorRecord
