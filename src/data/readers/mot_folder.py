"""The twin's output (or any folder laid out alike): clips found on disk."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from dongsun.contract.detections import BoxExtent
from dongsun.contract.errors import DongsunError
from dongsun.data.frames import VIDEO_SUFFIXES
from dongsun.data.problems import ProblemLog
from dongsun.data.readers.clip import Clip
from dongsun.data.readers.mot_video import CropRules, MotVideoReader
from dongsun.data.readers.reader import Workspace, existing_folder
from dongsun.data.records import SPLITS, Record
from dongsun.data.splits import ByPerson, FromSource

_TRUTH_SUFFIX: dict[BoxExtent, str] = {"visible": ".gt.txt", "whole_body": ".amodal.txt"}
_HEADS_SUFFIX = ".heads.txt"


@dataclass(frozen=True)
class MotFolderReader:
    """Reads `<root>/<split>/<camera>.{mp4,avi,…}` or `<root>/<split>/<camera>/*.jpg`, with `<camera>.gt.txt` beside it.

    Attributes:
        root: The folder, `data/raw/<store>`.
        source: Name for the manifests.
        splits: How crops get their splits.
        rules: What becomes a label or a crop.
        person_ids: `shared` when equal ids in different split folders mean the same person (an overlap is then
            refused); `per_split` when every split folder numbers its own people.
        truth_classes: Wanted values of the truth's class column.
        heads: Reads `<camera>.heads.txt` too; labels then have a class `head`.
        box_extent: `whole_body` reads `<camera>.amodal.txt` instead of `<camera>.gt.txt`: the detector then learns
            where hidden feet are, and lines are counted better behind furniture and in crowds (docs/counting.md).
    """

    root: Path
    source: str
    splits: FromSource | ByPerson = Field(default_factory=FromSource)
    rules: CropRules = Field(default_factory=CropRules)
    person_ids: Literal["shared", "per_split"] = "shared"
    truth_classes: frozenset[int] = frozenset({-1, 1})
    heads: bool = False
    box_extent: BoxExtent = "visible"

    @property
    def class_names(self) -> tuple[str, ...]:
        """`person`, and `head` if wanted."""
        return ("person", "head") if self.heads else ("person",)

    def read(self, workspace: Workspace, problems: ProblemLog) -> Iterator[Record]:
        """See `Reader.read`.

        Raises:
            DongsunError: No folder, no clips, or unreadable ones.
        """
        clips = self._clips(existing_folder(self.root, f"clips of data set {self.source}"), problems)
        reader = MotVideoReader(
            source=self.source,
            clips=clips,
            splits=self.splits,
            rules=self.rules,
            truth_classes=self.truth_classes,
            box_extent=self.box_extent,
        )
        yield from reader.read(workspace, problems)

    def _clips(self, root: Path, problems: ProblemLog) -> tuple[Clip, ...]:
        clips = []
        for split in SPLITS:
            folder = root / split
            ending = _TRUTH_SUFFIX[self.box_extent]
            recordings = {path.name.removesuffix(path.suffix): path for path in _recordings(folder, ending)}
            truths = {path.name.removesuffix(ending): path for path in sorted(folder.glob(f"*{ending}"))}
            for camera in sorted(recordings.keys() - truths.keys()):
                problems.add("recording_without_truth", str(recordings[camera]))
            for camera in sorted(truths.keys() - recordings.keys()):
                problems.add("truth_without_recording", str(truths[camera]))
            for camera in sorted(recordings.keys() & truths.keys()):
                clips.append(
                    Clip(
                        video=recordings[camera],
                        truth=truths[camera],
                        camera_id=camera,
                        split=split,
                        sequence_id=split,
                        head_truth=folder / f"{camera}{_HEADS_SUFFIX}" if self.heads else None,
                        person_prefix=f"{split}-" if self.person_ids == "per_split" else "",
                    )
                )
        if not clips:
            raise DongsunError(
                expected=f"clips as <split>/<camera>.mp4 with <split>/<camera>{_TRUTH_SUFFIX[self.box_extent]}",
                got="none",
                where=str(root),
                mend="run `dongsun twin render` for this store, or put clips there",
            )
        return tuple(clips)


def _recordings(folder: Path, ending: str) -> list[Path]:
    if not folder.is_dir():
        return []
    stills = [p for p in sorted(folder.iterdir()) if p.is_dir() and (folder / f"{p.name}{ending}").is_file()]
    return [p for p in sorted(folder.iterdir()) if p.suffix.lower() in VIDEO_SUFFIXES] + stills
