"""The Market-1501 layout."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from pydantic import Field
from pydantic.dataclasses import dataclass

from dongsun.contract.detections import BoxExtent
from dongsun.data.file_walk import walk_files
from dongsun.data.image_check import ImageCheck, check_images
from dongsun.data.problems import ProblemLog
from dongsun.data.readers.reader import Workspace, existing_folder
from dongsun.data.records import DISTRACTOR, Record, ReidRecord, Role, Split
from dongsun.data.splits import FromSource

_NAME = re.compile(r"^(-1|\d{4})_c(\d+)s(\d+)_(\d+)_(\d+)$")
_PARTS: tuple[tuple[str, Split, Role | None], ...] = (
    ("bounding_box_train", "train", None),
    ("query", "test", "query"),
    ("bounding_box_test", "test", "gallery"),
)


@dataclass(frozen=True)
class Market1501Reader:
    """Reads `bounding_box_train`, `query` and `bounding_box_test` with their own split.

    Junk (`-1`, neither right nor wrong in a ranking) is left out and counted; distractors (`0000`) stand in the
    gallery as `distractor`.

    Attributes:
        root: Holds the three folders.
        source: Name for the manifests.
        splits: May set training persons aside for calibration, since the layout has no such part.
        verify_images: See `ImageCheck`.
        workers: Threads that read images.
    """

    root: Path
    source: str = "market1501"
    splits: FromSource = Field(default_factory=FromSource)
    verify_images: ImageCheck = "decode"
    workers: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1)

    @property
    def class_names(self) -> tuple[str, ...]:
        """No detector labels."""
        return ()

    @property
    def box_extent(self) -> BoxExtent:
        """There are no labels."""
        return "visible"

    def read(self, workspace: Workspace, problems: ProblemLog) -> Iterator[Record]:
        """See `Reader.read`.

        Raises:
            DongsunError: One of the three folders is missing.
        """
        root = existing_folder(self.root, "a data set in Market-1501's layout")
        folders = [(existing_folder(root / name, "a folder of Market-1501's layout"), s, r) for name, s, r in _PARTS]
        for folder, split, role in folders:
            candidates = self._records(folder, split, role, problems)
            for record, finding in check_images(candidates, lambda r: Path(r.path), self.verify_images, self.workers):
                if finding.fault:
                    problems.add("unreadable_image", record.path, finding.fault)
                else:
                    yield record

    def _records(self, folder: Path, split: Split, role: Role | None, problems: ProblemLog) -> Iterator[ReidRecord]:
        for path in walk_files(folder, problems):
            if path.suffix.lower() not in (".jpg", ".jpeg", ".png"):
                problems.add("unexpected_file", str(path))
                continue
            match = _NAME.match(path.stem)
            if match is None:
                problems.add("unparsable_name", str(path), "expected 0002_c1s1_000451_03.jpg")
                continue
            person, camera, sequence, frame, _ = match.groups()
            if person == "-1":
                problems.set_aside("junk")
                continue
            if int(person) == 0 and role != "gallery":
                problems.add("distractor_outside_gallery", str(path))
                continue
            yield ReidRecord(
                path=str(path),
                person_id=DISTRACTOR if int(person) == 0 else person,
                camera_id=f"c{camera}",
                sequence_id=f"s{sequence}",
                frame_index=int(frame),
                split=split,
                source=self.source,
                role=role,
            )
