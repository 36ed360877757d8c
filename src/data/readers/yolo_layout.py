"""Folders already in YOLO layout."""

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass as plain_dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field
from pydantic.dataclasses import dataclass

from dongsun.contract.detections import BoxExtent
from dongsun.contract.errors import DongsunError
from dongsun.data.file_walk import walk_files
from dongsun.data.image_check import ImageCheck, check_images
from dongsun.data.problems import ProblemLog
from dongsun.data.readers.reader import Workspace, existing_file, existing_folder
from dongsun.data.records import DetectorRecord, Record, Split
from dongsun.data.splits import FromSource
from dongsun.data.ultralytics_layout import label_path_for

_IMAGE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp"})
_EDGE = 1e-6


@plain_dataclass(frozen=True)
class _Labelled:
    image: Path
    label: Path
    people: int
    index: int


@dataclass(frozen=True)
class YoloLayoutReader:
    """Reads `data.yaml` and the image folders it names; labels lie in `labels/` beside `images/`.

    An image whose label file is missing or has a malformed line is listed as a problem and left out: half a truth
    would teach the detector that the other people are background.

    Attributes:
        root: Holds `data.yaml`.
        source: Name for the manifest.
        camera_id: One camera for all of it; make a data set per camera where they are known.
        parts: Split → image folder below `root`. None takes train, val and test from `data.yaml`: val becomes
            calibration when there is a test part, and the test part otherwise.
        verify_images: `decode` or `header`; the size is needed.
        box_extent: What the labels' boxes go around.
        workers: Threads that read images.
    """

    root: Path
    source: str = "yolo_layout"
    camera_id: str = "unknown"
    parts: dict[Split, str] | None = None
    splits: FromSource = Field(default_factory=FromSource)
    verify_images: ImageCheck = "decode"
    box_extent: BoxExtent = "visible"
    workers: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1)

    @property
    def class_names(self) -> tuple[str, ...]:
        """As `data.yaml` gives them: `person`, or `person` and `head`."""
        names = self._settings().get("names") or []
        ordered = [str(names[key]) for key in sorted(names)] if isinstance(names, dict) else [str(n) for n in names]
        if ordered not in (["person"], ["person", "head"]):
            raise DongsunError(
                expected="names: [person] or [person, head]",
                got=f"names: {ordered}",
                where=str(self.root / "data.yaml"),
                mend="map the labels to these classes (class 0 must be person)",
            )
        return tuple(ordered)

    def read(self, workspace: Workspace, problems: ProblemLog) -> Iterator[Record]:
        """See `Reader.read`.

        Raises:
            DongsunError: No `data.yaml`, other classes, or a missing image folder.
        """
        if self.verify_images == "off":
            raise DongsunError(
                expected="verify_images: decode or header (the pictures' size is needed)",
                got="off",
                where=f"data set {self.source}",
                mend="set dataset.verify_images=header",
            )
        root = existing_folder(self.root, "a data set in YOLO layout")
        classes = len(self.class_names)
        for split, name in (self.parts or self._parts()).items():
            folder = existing_folder(root / name, f"the images of part {split}")
            labelled = self._labelled(folder, classes, problems)
            for item, finding in check_images(labelled, lambda i: i.image, self.verify_images, self.workers):
                if finding.fault:
                    problems.add("unreadable_image", str(item.image), finding.fault)
                    continue
                yield DetectorRecord(
                    path=str(item.image),
                    label_path=str(item.label),
                    camera_id=self.camera_id,
                    sequence_id=split,
                    frame_index=item.index,
                    split=split,
                    source=self.source,
                    width_px=finding.width_px,
                    height_px=finding.height_px,
                    people=item.people,
                )

    def _settings(self) -> dict[str, Any]:
        path = existing_file(self.root / "data.yaml", "data.yaml of a data set in YOLO layout")
        try:
            content = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise DongsunError(expected="YAML", got=str(error), where=str(path), mend="correct the file") from error
        return content if isinstance(content, dict) else {}

    def _parts(self) -> dict[Split, str]:
        settings = self._settings()
        base = Path(str(settings.get("path") or "."))
        given = {key: str(base / str(settings[key])) for key in ("train", "val", "test") if settings.get(key)}
        parts: dict[Split, str] = {"train": given["train"]} if "train" in given else {}
        if "test" in given:
            parts["test"] = given["test"]
            if "val" in given:
                parts["calibration"] = given["val"]
        elif "val" in given:
            parts["test"] = given["val"]
        return parts

    def _labelled(self, folder: Path, classes: int, problems: ProblemLog) -> Iterator[_Labelled]:
        if "images" not in folder.parts:
            raise DongsunError(
                expected="an image folder within a folder named `images`",
                got=folder.name,
                where=str(folder),
                mend="lay the data out as images/<part> and labels/<part>",
            )
        index = 0
        for image in walk_files(folder, problems):
            if image.suffix.lower() not in _IMAGE_SUFFIXES:
                problems.add("unexpected_file", str(image))
                continue
            label = label_path_for(image)
            people = _count_people(label, classes, problems) if label.is_file() else None
            if not label.is_file():
                problems.add("image_without_label", str(image), "left out; an empty label file says: nobody here")
            if people is not None:
                yield _Labelled(image, label, people, index)
                index += 1
        self._report_orphans(folder, problems)

    def _report_orphans(self, folder: Path, problems: ProblemLog) -> None:
        labels = label_path_for(folder / "any.jpg").parent
        if not labels.is_dir():
            return
        for label in walk_files(labels, problems):
            if label.suffix == ".txt" and not _has_image(folder / label.relative_to(labels)):
                problems.add("label_without_image", str(label))


def _has_image(path: Path) -> bool:
    return any(
        path.with_suffix(variant).is_file() for suffix in _IMAGE_SUFFIXES for variant in (suffix, suffix.upper())
    )


def _count_people(label: Path, classes: int, problems: ProblemLog) -> int | None:
    """Number of persons, or None when a line is wrong (and listed)."""
    people = 0
    try:
        lines = label.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        problems.add("malformed_label", str(label), str(error))
        return None
    for number, line in enumerate(lines, start=1):
        fault = _line_fault(line, classes)
        if fault:
            problems.add(fault, f"{label}:{number}", line[:200])
            return None
        people += bool(line.strip()) and float(line.split()[0]) == 0
    return people


def _line_fault(line: str, classes: int) -> str | None:
    cells = line.split()
    if not cells:
        return None
    try:
        values = [float(cell) for cell in cells]
    except ValueError:
        return "malformed_label"
    if len(values) != 5 or not all(map(math.isfinite, values)) or values[0] != int(values[0]):
        return "malformed_label"
    if not 0 <= values[0] < classes:
        return "label_of_unknown_class"
    x, y, width, height = values[1:]
    inside = all(
        size > 0 and centre - size / 2 >= -_EDGE and centre + size / 2 <= 1 + _EDGE
        for centre, size in ((x, width), (y, height))
    )
    return None if inside else "box_out_of_range"
