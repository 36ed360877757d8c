"""What ingest asks of a reader."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

from dongsun.contract.detections import BoxExtent
from dongsun.contract.errors import DongsunError
from dongsun.data.problems import ProblemLog
from dongsun.data.records import Record, Split
from dongsun.data.splits import SplitPolicy


@dataclass(frozen=True)
class ClipPart:
    """Which frames of a recording belong to which split; half-open ranges of 0-based frame indices."""

    video: str
    camera_id: str
    sequence_id: str
    frames: int
    ranges: dict[Split, tuple[int, int]]


@dataclass(frozen=True)
class Workspace:
    """Where a reader may write while ingest runs.

    Attributes:
        detector_dir: Becomes `data/interim/<store>/detector`.
        reid_dir: Becomes `data/interim/<store>/reid`.
        scratch_dir: Is deleted when ingest ends.
        progress_dir: For what a killed ingest need not do again: stays until an ingest succeeds. Whoever uses it makes
            it, and recognises by itself what of it still holds.
        clips: Readers of video add what they read, for the report.
    """

    detector_dir: Path
    reid_dir: Path
    scratch_dir: Path
    progress_dir: Path
    clips: list[ClipPart] = field(default_factory=list)


@runtime_checkable
class Reader(Protocol):
    """A source of records.

    Paths of files that the reader wrote are relative to the workspace folder of their kind; paths of files that were
    there before are absolute.
    """

    @property
    def source(self) -> str:
        """Name of the data set, for the manifest's `source`."""

    @property
    def class_names(self) -> tuple[str, ...]:
        """Label classes of detector records, by index; empty for none."""

    @property
    def box_extent(self) -> BoxExtent:
        """What the boxes of its truth go around."""

    @property
    def splits(self) -> SplitPolicy:
        """How re-ID records get their splits."""

    def read(self, workspace: Workspace, problems: ProblemLog) -> Iterator[Record]:
        """Streams the records; their `split` is the source's own, or None."""


def existing_folder(path: Path, what: str) -> Path:
    """`path` made absolute, if it is a folder.

    Raises:
        DongsunError: It is not there.
    """
    if not path.is_dir():
        raise DongsunError(
            expected=what,
            got="no such folder",
            where=str(path),
            mend="put the data there, or set the reader's folder (dataset.root=...)",
        )
    return path.resolve()


def existing_file(path: Path, what: str) -> Path:
    """`path` made absolute, if it is a file.

    Raises:
        DongsunError: It is not there.
    """
    if not path.is_file():
        raise DongsunError(
            expected=what,
            got="no such file",
            where=str(path),
            mend="set DONGSUN_ASSETS to the folder that holds it, or correct the path in conf/dataset",
        )
    return path.resolve()
