"""What is checked of a manifest while it is written."""

from array import array
from collections import Counter
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Literal

import numpy as np

from dongsun.contract.errors import DongsunError
from dongsun.data.records import DISTRACTOR, SPLITS, UNSEEN_SPLITS, Record, ReidRecord, Split

CameraRule = Literal["require", "report"]
_EXAMPLES = 5


@dataclass(frozen=True)
class AuditResult:
    """What a verified manifest holds.

    Attributes:
        images: Rows per split.
        persons: Distinct persons per split, distractors not counted; empty for a detector manifest.
        cameras: Distinct cameras.
        single_camera_test_persons: Test persons seen by one camera only; they cannot be matched across cameras.
        single_camera_persons: Persons seen by one camera only, per split.
        single_image_persons: Persons with one image only, per split.
        cameras_of_split: Distinct cameras per split.
        scenes: Images per split of every scene that the source names.
    """

    images: dict[Split, int]
    persons: dict[Split, int]
    cameras: tuple[str, ...]
    single_camera_test_persons: tuple[str, ...]
    single_camera_persons: dict[Split, int] = field(default_factory=dict)
    single_image_persons: dict[Split, int] = field(default_factory=dict)
    cameras_of_split: dict[Split, int] = field(default_factory=dict)
    scenes: dict[str, dict[Split, int]] = field(default_factory=dict)


@dataclass
class _Seen:
    """What was seen of one person."""

    images: int = 0
    splits: set[Split] = field(default_factory=set)
    cameras: set[str] = field(default_factory=set)


class ManifestAudit:
    """Streams over the rows of one manifest; memory grows with persons, plus 8 bytes a row for duplicate paths."""

    def __init__(self) -> None:
        self._path_hashes = array("Q")
        self._images: dict[Split, int] = dict.fromkeys(SPLITS, 0)
        self._persons: dict[str, _Seen] = {}
        self._cameras: dict[str, set[Split]] = {}
        self._scenes: dict[str, Counter[Split]] = {}

    def add(self, record: Record) -> None:
        """Takes account of one row.

        Raises:
            DongsunError: The row has no split.
        """
        if record.split is None:
            raise DongsunError(
                expected="every row to have a split",
                got="no split",
                where=record.path,
                mend="give the reader fixed splits, or the data set a split policy (conf/dataset/*.yaml: splits)",
            )
        self._path_hashes.append(_hash(record.path))
        self._images[record.split] += 1
        self._cameras.setdefault(record.camera_id, set()).add(record.split)
        if isinstance(record, ReidRecord):
            if record.scene is not None:
                self._scenes.setdefault(record.scene, Counter())[record.split] += 1
            if record.person_id != DISTRACTOR:
                seen = self._persons.setdefault(record.person_id, _Seen())
                seen.images += 1
                seen.splits.add(record.split)
                seen.cameras.add(record.camera_id)

    def suspected_duplicates(self) -> frozenset[int]:
        """Hashes that occur twice; the writer looks the paths up before it accuses anybody."""
        hashes = np.sort(np.frombuffer(self._path_hashes, dtype=np.uint64))
        return frozenset(int(value) for value in np.unique(hashes[1:][hashes[1:] == hashes[:-1]]))

    def finish(self, where: str, camera_rule: CameraRule) -> AuditResult:
        """Judges the whole.

        Args:
            where: Name of the manifest for messages.
            camera_rule: `require` refuses test persons seen by one camera when there are several cameras.

        Raises:
            DongsunError: Test or validation persons occur in another split, or the camera rule is broken.
        """
        shared = sorted(
            name for name, seen in self._persons.items() if len(seen.splits) > 1 and seen.splits & UNSEEN_SPLITS
        )
        if shared:
            raise DongsunError(
                expected="test and validation persons that occur in no other split",
                got=f"{len(shared)} shared, such as {', '.join(shared[:_EXAMPLES])}",
                where=where,
                mend="split by person (ByPerson), or correct the source's person ids",
            )
        alone = {name: seen for name, seen in self._persons.items() if len(seen.cameras) < 2}
        single = tuple(sorted(name for name, seen in alone.items() if "test" in seen.splits))
        if camera_rule == "require" and len(self._cameras) > 1 and single:
            raise DongsunError(
                expected="every test person seen by at least two cameras",
                got=f"{len(single)} seen by one, such as {', '.join(single[:_EXAMPLES])}",
                where=where,
                mend="split by person, check how camera ids are read, or set splits.camera_rule=report",
            )
        once = {name: seen for name, seen in self._persons.items() if seen.images == 1}
        return AuditResult(
            images=dict(self._images),
            persons=_per_split(self._persons) if self._persons else {},
            cameras=tuple(sorted(self._cameras)),
            single_camera_test_persons=single,
            single_camera_persons=_per_split(alone) if alone else {},
            single_image_persons=_per_split(once) if once else {},
            cameras_of_split={s: sum(s in splits for splits in self._cameras.values()) for s in SPLITS},
            scenes={name: {s: self._scenes[name][s] for s in SPLITS} for name in sorted(self._scenes)},
        )


def _per_split(persons: dict[str, _Seen]) -> dict[Split, int]:
    return {split: sum(split in seen.splits for seen in persons.values()) for split in SPLITS}


def _hash(path: str) -> int:
    return int.from_bytes(blake2b(path.encode("utf-8"), digest_size=8).digest(), "little")


def repeated_paths(paths: list[str], suspects: frozenset[int], seen: set[str]) -> list[str]:
    """Of `paths`, those that were truly in `seen` before; adds the suspected ones to `seen`."""
    repeated = []
    for path in paths:
        if _hash(path) in suspects:
            if path in seen:
                repeated.append(path)
            seen.add(path)
    return repeated
