"""A disk-backed holding place for records, so that millions can be sorted and split without sitting in memory."""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime
from operator import attrgetter
from pathlib import Path
from typing import Any, Generic, TypeVar

from dongsun.data.records import DISTRACTOR, DetectorRecord, ReidRecord
from dongsun.data.splits import PersonSummary

R = TypeVar("R", ReidRecord, DetectorRecord)
_BATCH = 5_000
# Stratum first, then time: systematic sampling walks exactly this order.
_ORDER: dict[type, str] = {
    ReidRecord: "person_id, camera_id, sequence_id, frame_index, path",
    DetectorRecord: "camera_id, sequence_id, frame_index, path",
}


class StagingTable(Generic[R]):
    """Records of one kind in a temporary SQLite file (binary collation: the same order as Python's strings)."""

    def __init__(self, path: Path, kind: type[R]) -> None:
        self._kind: type[R] = kind
        self._columns = [field.name for field in fields(kind)]
        self._cells = attrgetter(*self._columns)
        # Most columns go in and out as they are; this runs millions of times.
        self._boxes = [i for i, name in enumerate(self._columns) if name == "box_xyxy_px"]
        self._times = [i for i, name in enumerate(self._columns) if name == "captured_at_utc"]
        self._pending: list[list[Any]] = []
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.execute("PRAGMA journal_mode=OFF")
        self._database.execute("PRAGMA synchronous=OFF")
        self._database.execute(f"CREATE TABLE record ({', '.join(self._columns)})")
        self.rows = 0

    def add(self, record: R) -> None:
        """Holds one record."""
        cells = list(self._cells(record))
        for column in self._boxes:
            cells[column] = None if cells[column] is None else json.dumps(cells[column])
        for column in self._times:
            cells[column] = None if cells[column] is None else cells[column].isoformat()
        self._pending.append(cells)
        self.rows += 1
        if len(self._pending) >= _BATCH:
            self._flush()

    def _flush(self) -> None:
        marks = ", ".join("?" * len(self._columns))
        self._database.execute("BEGIN")
        self._database.executemany(f"INSERT INTO record VALUES ({marks})", self._pending)
        self._database.execute("COMMIT")
        self._pending.clear()

    def person_summaries(self) -> dict[str, PersonSummary]:
        """Images, cameras and scenes of every person, distractors left out (re-ID records only)."""
        self._flush()
        rows = self._database.execute(
            "SELECT person_id, COUNT(*), COUNT(DISTINCT camera_id), TOTAL(split IS NULL OR split = 'train'), "
            "JSON_GROUP_ARRAY(DISTINCT scene) FROM record WHERE person_id != ? GROUP BY person_id ORDER BY person_id",
            (DISTRACTOR,),
        )
        return {
            person: PersonSummary(images, cameras, int(free), frozenset(json.loads(scenes)) - {None})
            for person, images, cameras, free, scenes in rows
        }

    def camera_count(self) -> int:
        """Distinct cameras."""
        self._flush()
        return int(self._database.execute("SELECT COUNT(DISTINCT camera_id) FROM record").fetchone()[0])

    def in_stratum_order(self) -> Iterator[R]:
        """Streams the records sorted by stratum, then frame, then path."""
        self._flush()
        cursor = self._database.execute(f"SELECT {', '.join(self._columns)} FROM record ORDER BY {_ORDER[self._kind]}")
        for row in cursor:
            cells = list(row)
            for column in self._boxes:
                cells[column] = None if cells[column] is None else tuple(json.loads(cells[column]))
            for column in self._times:
                cells[column] = None if cells[column] is None else datetime.fromisoformat(cells[column])
            yield self._kind(*cells)

    def close(self) -> None:
        """Closes the database; its file belongs to the caller's temporary folder."""
        self._database.close()
