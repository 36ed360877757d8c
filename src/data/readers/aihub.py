"""AI-Hub 한국인 재식별 이미지 (Korean re-identification images)."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass as plain_dataclass
from pathlib import Path

from pydantic import Field
from pydantic.dataclasses import dataclass
from tqdm import tqdm

from dongsun.data.file_walk import normalised, walk_files
from dongsun.data.image_check import ImageCheck, check_images
from dongsun.data.problems import ProblemLog
from dongsun.data.readers.aihub_label import parse_aihub_label
from dongsun.data.readers.aihub_name import AihubName, parse_aihub_name
from dongsun.data.readers.reader import Workspace, existing_folder
from dongsun.data.records import Record, ReidRecord, Split
from dongsun.data.splits import ByPerson, FromSource

_IMAGE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg"})
_COMMIT_EVERY = 20_000


def _default_folders() -> dict[str, Split]:
    return {"training": "train", "validation": "test"}


@plain_dataclass(frozen=True)
class _Found:
    path: Path
    name: AihubName
    clothes_id: str | None


@dataclass(frozen=True)
class AihubReader:
    """Walks the unpacked archives once, in whatever folders they lie; labels join images by name, on disk.

    Attributes:
        root: Above `Training/` and `Validation/`.
        source: Name for the manifests.
        splits: `ByPerson` deals persons out anew; `FromSource` follows `folder_splits`.
        folder_splits: A folder's name that contains the key gives the split. Used with `FromSource` only.
        camera_digits: How many leading digits of the six-digit group name the camera. We have no definition of the
            group: we read it as camera first, recording after it, and take all six as the sequence. The report
            lists the cameras found: correct this when their number is not that of the data set's description.
        verify_images: See `ImageCheck`.
        workers: Threads that read images.
    """

    root: Path
    source: str = "aihub"
    splits: FromSource | ByPerson = Field(default_factory=ByPerson)
    folder_splits: dict[str, Split] = Field(default_factory=_default_folders)
    camera_digits: int = Field(default=2, ge=1, le=6)
    verify_images: ImageCheck = "decode"
    workers: int = Field(default_factory=lambda: os.cpu_count() or 1, ge=1)

    @property
    def class_names(self) -> tuple[str, ...]:
        """No detector labels."""
        return ()

    def read(self, workspace: Workspace, problems: ProblemLog) -> Iterator[Record]:
        """See `Reader.read`.

        Raises:
            DongsunError: No such folder.
        """
        root = existing_folder(self.root, "AI-Hub's Korean re-identification images, unpacked")
        with closing(_Index(workspace.scratch_dir / "aihub.sqlite", problems)) as index:
            for path in tqdm(walk_files(root, problems), desc="walk", unit="file", disable=None):
                index.add(path)
            for found, finding in check_images(index.images(), lambda f: f.path, self.verify_images, self.workers):
                if finding.fault:
                    problems.add("unreadable_image", str(found.path), finding.fault)
                    continue
                record = self._record(found, root, problems)
                if record is not None:
                    yield record
            index.report_orphans()

    def _record(self, found: _Found, root: Path, problems: ProblemLog) -> ReidRecord | None:
        split = None
        if isinstance(self.splits, FromSource):
            split = self._folder_split(found.path.relative_to(root))
            if split is None:
                problems.add("image_outside_split_folders", str(found.path), ", ".join(self.folder_splits))
                return None
        return ReidRecord(
            path=str(found.path),
            person_id=found.name.person_id,
            camera_id=found.name.camera_id(self.camera_digits),
            sequence_id=found.name.sequence,
            frame_index=found.name.frame_index,
            split=split,
            source=self.source,
            scene=found.name.scene,
            clothes_id=found.clothes_id,
        )

    def _folder_split(self, relative: Path) -> Split | None:
        folders = [normalised(part).lower() for part in relative.parts[:-1]]
        for key, split in self.folder_splits.items():
            if any(normalised(key).lower() in folder for folder in folders):
                return split
        return None


class _Index:
    """Names of images and labels in a temporary SQLite file; joined there, because millions do not fit in memory."""

    def __init__(self, path: Path, problems: ProblemLog) -> None:
        self._problems = problems
        self._added = 0
        self._database = sqlite3.connect(path)
        self._database.execute("PRAGMA journal_mode=OFF")
        self._database.execute("PRAGMA synchronous=OFF")
        self._database.execute("CREATE TABLE image (stem TEXT PRIMARY KEY, path TEXT) WITHOUT ROWID")
        self._database.execute(
            "CREATE TABLE label (stem TEXT PRIMARY KEY, path TEXT, person TEXT, clothes TEXT) WITHOUT ROWID"
        )

    def add(self, path: Path) -> None:
        """Takes in one file of the tree."""
        suffix = path.suffix.lower()
        if suffix in _IMAGE_SUFFIXES:
            self._add_image(path)
        elif suffix == ".xml":
            self._add_label(path)
        else:
            self._problems.add("unexpected_file", str(path))
        self._added += 1
        if self._added % _COMMIT_EVERY == 0:
            self._database.commit()

    def _add_image(self, path: Path) -> None:
        if parse_aihub_name(path.stem) is None:
            self._problems.add("unparsable_name", str(path), "expected IN_H00997_SN3_110301_10650.png")
            return
        row = (normalised(path.stem).upper(), str(path))
        if not self._database.execute("INSERT OR IGNORE INTO image VALUES (?, ?)", row).rowcount:
            self._problems.add("image_name_twice", str(path), "the first one found is used")

    def _add_label(self, path: Path) -> None:
        try:
            labels = parse_aihub_label(path.read_bytes())
        except (OSError, ValueError) as error:
            self._problems.add("malformed_label", str(path), str(error))
            return
        for label in labels:
            row = (label.image_stem.upper(), str(path), label.person_id, label.clothes_id)
            if not self._database.execute("INSERT OR IGNORE INTO label VALUES (?, ?, ?, ?)", row).rowcount:
                self._problems.add("label_twice", str(path), f"{label.image_stem}: the first one found is used")

    def images(self) -> Iterator[_Found]:
        """Streams the images with their labels' clothes; lists images without labels where labels exist at all."""
        self._database.commit()
        labelled = self._database.execute("SELECT EXISTS (SELECT 1 FROM label)").fetchone()[0]
        rows = self._database.execute(
            "SELECT i.path, l.stem, l.person, l.clothes FROM image i LEFT JOIN label l USING (stem) ORDER BY i.stem"
        )
        for path_text, label, person, clothes in rows:
            path = Path(path_text)
            name = parse_aihub_name(path.stem)
            assert name is not None, "only parsable names are indexed"
            if label is None and labelled:
                self._problems.add("image_without_label", path_text, "used, without clothes_id")
            if person is not None and _digits(person) != _digits(name.person_id):
                self._problems.add("label_of_another_person", path_text, f"label says {person}; clothes not used")
                clothes = None
            yield _Found(path, name, clothes)

    def report_orphans(self) -> None:
        """Lists labels whose image is not there."""
        rows = self._database.execute(
            "SELECT l.path, l.stem FROM label l LEFT JOIN image i USING (stem) WHERE i.stem IS NULL ORDER BY l.stem"
        )
        for path, stem in rows:
            self._problems.add("label_without_image", path, stem)

    def close(self) -> None:
        """Closes the database."""
        self._database.close()


def _digits(person: str) -> str:
    return "".join(character for character in person if character.isdigit()).lstrip("0")
