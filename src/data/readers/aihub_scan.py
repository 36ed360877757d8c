"""Looks at files of AI-Hub's tree one by one: what each is, and whether it can be used. Runs in worker processes."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from dongsun.data.file_walk import normalised
from dongsun.data.image_check import ImageCheck, check_image
from dongsun.data.readers.aihub_label import parse_aihub_label
from dongsun.data.readers.aihub_name import parse_aihub_name
from dongsun.data.shards import FileStamp

SCAN_VERSION = 1
_IMAGE_SUFFIXES = frozenset({"png", "jpg", "jpeg"})


class ScannedImage(NamedTuple):
    """An image whose name is understood: its stem for joining, its name below the root, and why it cannot be used."""

    stem: str
    name: str
    fault: str | None


class ScannedLabel(NamedTuple):
    """What a label file says of one image."""

    stem: str
    name: str
    person: str | None
    clothes: str | None


class ScannedProblem(NamedTuple):
    """A file that is of no use."""

    kind: str
    name: str
    detail: str


@dataclass(frozen=True)
class ScannedFiles:
    """What was found in some files of the tree, in their order."""

    images: list[ScannedImage] = field(default_factory=list)
    labels: list[ScannedLabel] = field(default_factory=list)
    problems: list[ScannedProblem] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """As lists of lists."""
        return {"images": self.images, "labels": self.labels, "problems": self.problems}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "ScannedFiles":
        """From what `to_json` gave."""
        return cls(
            [ScannedImage(*row) for row in content["images"]],
            [ScannedLabel(*row) for row in content["labels"]],
            [ScannedProblem(*row) for row in content["problems"]],
        )


def scan_work(check: ImageCheck) -> Callable[[Path, Sequence[FileStamp]], dict[str, Any]]:
    """The work of one shard, for `work_in_shards`."""
    return partial(_scan, check=check)


def _scan(root: Path, files: Sequence[FileStamp], check: ImageCheck) -> dict[str, Any]:
    found = ScannedFiles()
    for file in files:
        # On strings: this runs millions of times.
        stem, _, suffix = file.name.rpartition(os.sep)[2].rpartition(".")
        suffix = suffix.lower()
        if suffix in _IMAGE_SUFFIXES:
            _scan_image(root, file, stem, check, found)
        elif suffix == "xml":
            _scan_label(root, file, found)
        else:
            found.problems.append(ScannedProblem("unexpected_file", file.name, ""))
    return found.to_json()


def _scan_image(root: Path, file: FileStamp, stem: str, check: ImageCheck, found: ScannedFiles) -> None:
    if parse_aihub_name(stem) is None:
        found.problems.append(ScannedProblem("unparsable_name", file.name, "expected IN_H00997_SN3_110301_10650.png"))
        return
    fault = "the file is empty" if file.bytes == 0 else check_image(f"{root}{os.sep}{file.name}", check).fault
    found.images.append(ScannedImage(normalised(stem).upper(), file.name, fault))


def _scan_label(root: Path, file: FileStamp, found: ScannedFiles) -> None:
    try:
        with open(f"{root}{os.sep}{file.name}", "rb") as stream:  # noqa: PTH123 - no Path for each of millions
            labels = parse_aihub_label(stream.read())
    except (OSError, ValueError) as error:
        detail = "the file is empty" if file.bytes == 0 else str(error)
        found.problems.append(ScannedProblem("malformed_label", file.name, detail))
        return
    for label in labels:
        found.labels.append(ScannedLabel(label.image_stem.upper(), file.name, label.person_id, label.clothes_id))
