"""A folder of unlabelled video: frames for calibration, teachers and zero-shot looks."""

from collections.abc import Iterator
from pathlib import Path

import cv2
from pydantic import Field
from pydantic.dataclasses import dataclass

from dongsun.contract.detections import BoxExtent
from dongsun.contract.errors import DongsunError
from dongsun.data.file_walk import walk_files
from dongsun.data.frames import VIDEO_SUFFIXES, count_frames, read_frames_bgr
from dongsun.data.problems import ProblemLog
from dongsun.data.readers.reader import ClipPart, Workspace, existing_folder
from dongsun.data.records import DetectorRecord, Record, Split
from dongsun.data.splits import FromSource


@dataclass(frozen=True)
class UnlabelledVideoReader:
    """Takes every n-th frame of every video below a folder; the video's name is its camera.

    A video that cannot be read is listed as a problem; frames before the fault are kept.

    Attributes:
        root: Holds the videos.
        source: Name for the manifest.
        name_pattern: Which files, such as `*.mp4`.
        frame_stride: n.
        split: All frames go there. Never train: a frame without labels would teach that nobody is there.
        jpeg_quality: 1..100.
    """

    root: Path
    source: str = "unlabelled_video"
    name_pattern: str = "*"
    frame_stride: int = Field(default=10, ge=1)
    split: Split = "calibration"
    splits: FromSource = Field(default_factory=FromSource)
    jpeg_quality: int = Field(default=95, ge=1, le=100)

    def __post_init__(self) -> None:
        if self.split == "train":
            raise DongsunError(
                expected="split: calibration or test",
                got="train",
                where=f"data set {self.source}",
                mend="label the frames first (YOLO layout) to train on them",
            )

    @property
    def class_names(self) -> tuple[str, ...]:
        """None: unlabelled."""
        return ()

    @property
    def box_extent(self) -> BoxExtent:
        """There are no labels."""
        return "visible"

    def read(self, workspace: Workspace, problems: ProblemLog) -> Iterator[Record]:
        """See `Reader.read`.

        Raises:
            DongsunError: No such folder.
        """
        root = existing_folder(self.root, "a folder of video")
        (workspace.detector_dir / "images").mkdir(exist_ok=True)
        used: set[str] = set()
        for path in walk_files(root, problems):
            if not path.match(self.name_pattern):
                problems.set_aside("name_does_not_match")
                continue
            if path.suffix.lower() not in VIDEO_SUFFIXES:
                problems.add("unexpected_file", str(path))
                continue
            name = "_".join(path.relative_to(root).with_suffix("").parts)
            if name in used:
                problems.add("video_name_twice", str(path), "the first one found is used")
                continue
            used.add(name)
            yield from self._frames(path, name, workspace, problems)

    def _frames(self, path: Path, name: str, workspace: Workspace, problems: ProblemLog) -> Iterator[Record]:
        try:
            frames = count_frames(path)
            workspace.clips.append(ClipPart(str(path), name, name, frames, {self.split: (0, frames)}))
            for index, picture_bgr in read_frames_bgr(path):
                if index % self.frame_stride:
                    continue
                image = Path("images") / f"{name}_{index:06d}.jpg"
                encoded = cv2.imencode(".jpg", picture_bgr, [cv2.IMWRITE_JPEG_QUALITY, self.jpeg_quality])[1]
                (workspace.detector_dir / image).write_bytes(encoded.tobytes())
                yield DetectorRecord(
                    path=image.as_posix(),
                    label_path=None,
                    camera_id=name,
                    sequence_id=name,
                    frame_index=index,
                    split=self.split,
                    source=self.source,
                    width_px=picture_bgr.shape[1],
                    height_px=picture_bgr.shape[0],
                    people=None,
                )
        except DongsunError as error:
            # One broken file among hundreds is a finding, not the end.
            problems.add("unreadable_video", str(path), error.got)
