"""Joins AI-Hub's images and labels by name, on disk."""

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dongsun.data.problems import ProblemLog
from dongsun.data.readers.aihub_name import AihubName, parse_aihub_name
from dongsun.data.readers.aihub_scan import ScannedFiles


@dataclass(frozen=True)
class IndexedImage:
    """A usable image with its label's clothes; `name` is relative to the root."""

    name: str
    parsed: AihubName
    clothes_id: str | None


class AihubIndex:
    """Names of images and labels in a temporary SQLite file, because millions do not fit in memory."""

    def __init__(self, path: Path, root: Path, problems: ProblemLog) -> None:
        self._root = root
        self._problems = problems
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.execute("PRAGMA journal_mode=OFF")
        self._database.execute("PRAGMA synchronous=OFF")
        self._database.execute("CREATE TABLE image (stem TEXT PRIMARY KEY, name TEXT, fault TEXT) WITHOUT ROWID")
        self._database.execute(
            "CREATE TABLE label (stem TEXT PRIMARY KEY, name TEXT, person TEXT, clothes TEXT) WITHOUT ROWID"
        )

    def add(self, found: ScannedFiles) -> None:
        """Takes in some files; of several with one name the first is used and the others are listed."""
        for problem in found.problems:
            self._problems.add(problem.kind, self._path(problem.name), problem.detail)
        self._database.execute("BEGIN")
        if self._insert("image", 3, found.images) < len(found.images):
            self._list_images_twice(found)
        if self._insert("label", 4, found.labels) < len(found.labels):
            self._list_labels_twice(found)
        self._database.execute("COMMIT")

    def _insert(self, table: str, columns: int, rows: Sequence[tuple[str | None, ...]]) -> int:
        marks = ", ".join("?" * columns)
        return self._database.executemany(f"INSERT OR IGNORE INTO {table} VALUES ({marks})", rows).rowcount

    def _list_images_twice(self, found: ScannedFiles) -> None:
        for image in found.images:
            if self._first("image", image.stem) != image.name:
                self._problems.add("image_name_twice", self._path(image.name), "the first one found is used")

    def _list_labels_twice(self, found: ScannedFiles) -> None:
        seen: set[tuple[str, str]] = set()
        for label in found.labels:
            again = (label.stem, label.name) in seen  # one file may describe an image twice
            seen.add((label.stem, label.name))
            if again or self._first("label", label.stem) != label.name:
                detail = f"{label.stem}: the first one found is used"
                self._problems.add("label_twice", self._path(label.name), detail)

    def _first(self, table: str, stem: str) -> str:
        return str(self._database.execute(f"SELECT name FROM {table} WHERE stem = ?", (stem,)).fetchone()[0])

    def images(self) -> Iterator[IndexedImage]:
        """Streams the usable images by name; lists the others, and images without labels where there are labels."""
        labelled = self._database.execute("SELECT EXISTS (SELECT 1 FROM label)").fetchone()[0]
        rows = self._database.execute(
            "SELECT i.stem, i.name, i.fault, l.stem, l.person, l.clothes "
            "FROM image i LEFT JOIN label l USING (stem) ORDER BY i.stem"
        )
        for stem, name, fault, label, person, clothes in rows:
            parsed = parse_aihub_name(stem)
            assert parsed is not None, "only parsable names are indexed"
            if label is None and labelled:
                self._problems.add("image_without_label", self._path(name), "used, without clothes_id")
            if person is not None and _digits(person) != _digits(parsed.person_id):
                detail = f"label says {person}; clothes not used"
                self._problems.add("label_of_another_person", self._path(name), detail)
                clothes = None
            if fault is None:
                yield IndexedImage(name, parsed, clothes)
            else:
                self._problems.add("unreadable_image", self._path(name), fault)

    def report_orphans(self) -> None:
        """Lists labels whose image is not there."""
        rows = self._database.execute(
            "SELECT l.name, l.stem FROM label l LEFT JOIN image i USING (stem) WHERE i.stem IS NULL ORDER BY l.stem"
        )
        for name, stem in rows:
            self._problems.add("label_without_image", self._path(name), stem)

    def _path(self, name: str) -> str:
        return f"{self._root}/{name}"

    def close(self) -> None:
        """Closes the database."""
        self._database.close()


def _digits(person: str) -> str:
    return "".join(character for character in person if character.isdigit()).lstrip("0")
