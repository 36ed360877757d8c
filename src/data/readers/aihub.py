"""AI-Hub 한국인 재식별 이미지 (Korean re-identification images)."""

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path, PurePath

from pydantic import Field
from pydantic.dataclasses import dataclass
from tqdm import tqdm

from dongsun.contract.detections import BoxExtent
from dongsun.data.file_walk import normalised, walk_names
from dongsun.data.image_check import ImageCheck
from dongsun.data.problems import ProblemLog
from dongsun.data.readers.aihub_index import AihubIndex, IndexedImage
from dongsun.data.readers.aihub_scan import SCAN_VERSION, ScannedFiles, scan_work
from dongsun.data.readers.reader import Workspace, existing_folder
from dongsun.data.records import Record, ReidRecord, Split
from dongsun.data.shards import ShardSettings, work_in_shards
from dongsun.data.splits import ByPerson, FromSource


def _default_folders() -> dict[str, Split]:
    return {"training": "train", "validation": "test"}


def _own_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True)
class AihubReader:
    """Walks the unpacked archives once, in whatever folders they lie; labels join images by name, on disk.

    Files are looked at in shards by several processes; a killed run's finished shards are used by the next one.

    Attributes:
        root: Above `Training/` and `Validation/`.
        source: Name for the manifests.
        splits: `ByPerson` deals persons out anew; `FromSource` follows `folder_splits`.
        folder_splits: A folder's name that contains the key gives the split. Used with `FromSource` only.
        camera_digits: How many leading digits of the six-digit group name the camera: all six, as public loaders of
            the set read them (docs/aihub.md). The report lists the cameras found: correct this when their
            number is not that of the data set's description.
        verify_images: See `ImageCheck`.
        workers: Processes that look at files; None: one a core.
    """

    root: Path
    source: str = "aihub"
    splits: FromSource | ByPerson = Field(default_factory=ByPerson)
    folder_splits: dict[str, Split] = Field(default_factory=_default_folders)
    camera_digits: int = Field(default=6, ge=1, le=6)
    verify_images: ImageCheck = "decode"
    workers: int | None = Field(default=None, ge=1)

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
            DongsunError: No such folder, or a worker process died.
        """
        root = existing_folder(self.root, "AI-Hub's Korean re-identification images, unpacked")
        shards = ShardSettings(
            root=root,
            folder=workspace.progress_dir,
            work=scan_work(self.verify_images),
            key=f"aihub/{SCAN_VERSION}/{self.verify_images}",
            workers=self.workers or _own_cores(),
        )
        with (
            closing(AihubIndex(workspace.scratch_dir / "aihub.sqlite", root, problems)) as index,
            tqdm(desc="look at files", unit="file", disable=None) as progress,
        ):
            for shard in work_in_shards(walk_names(root, problems), shards):
                index.add(ScannedFiles.from_json(shard.content))
                progress.update(shard.files)
            for image in index.images():
                record = self._record(image, root, problems)
                if record is not None:
                    yield record
            index.report_orphans()

    def _record(self, image: IndexedImage, root: Path, problems: ProblemLog) -> ReidRecord | None:
        path = f"{root}{os.sep}{image.name}"
        split = None
        if isinstance(self.splits, FromSource):
            split = self._folder_split(PurePath(image.name))
            if split is None:
                problems.add("image_outside_split_folders", path, ", ".join(self.folder_splits))
                return None
        name = image.parsed
        return ReidRecord(
            path=path,
            person_id=name.person_id,
            camera_id=name.camera_id(self.camera_digits),
            sequence_id=f"{name.scene}-{name.sequence}",
            frame_index=name.frame_index,
            split=split,
            source=self.source,
            scene=f"{name.place}-{name.scene}",
            clothes_id=image.clothes_id,
        )

    def _folder_split(self, relative: PurePath) -> Split | None:
        folders = [normalised(part).lower() for part in relative.parts[:-1]]
        for key, split in self.folder_splits.items():
            if any(normalised(key).lower() in folder for folder in folders):
                return split
        return None
