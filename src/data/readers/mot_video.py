"""Video with MOT ground truth → detector frames with labels, and re-ID crops."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from pydantic.dataclasses import dataclass

from dongsun.contract.detections import BoxExtent
from dongsun.contract.errors import DongsunError
from dongsun.data.frames import count_frames, frame_rate, read_frames_bgr
from dongsun.data.problems import ProblemLog
from dongsun.data.readers.clip import Clip
from dongsun.data.readers.mot_truth import TruthBox, read_mot_truth
from dongsun.data.readers.reader import ClipPart, Workspace, existing_file
from dongsun.data.records import DetectorRecord, Record, ReidRecord, Split
from dongsun.data.splits import ByPerson, FromSource

_Truth = Mapping[int, tuple[TruthBox, ...]]
# A file of heads holds nothing else; its class column may say "not given", the first class, or the twin's 2.
_HEAD_CLASSES = frozenset({-1, 1, 2})


@dataclass(frozen=True)
class CropRules:
    """What becomes a label and what becomes a crop.

    Attributes:
        frame_stride: Every n-th frame of a video becomes a detector frame; stills all do.
        crop_stride: Every n-th frame of a video gives re-ID crops; stills all do.
        min_label_height_px: Lower boxes are not labelled.
        min_label_visibility: Less visible persons are not labelled (also: less of the box inside the frame).
        min_crop_height_px: Lower boxes give no crop.
        min_crop_visibility: Less visible persons give no crop.
        image_format: Of crops; frames are always JPEG.
        jpeg_quality: 1..100.
    """

    frame_stride: int = Field(default=1, ge=1)
    crop_stride: int = Field(default=1, ge=1)
    min_label_height_px: float = Field(default=12.0, ge=1.0)
    min_label_visibility: float = Field(default=0.3, ge=0.0, le=1.0)
    min_crop_height_px: float = Field(default=24.0, ge=1.0)
    min_crop_visibility: float = Field(default=0.5, ge=0.0, le=1.0)
    image_format: Literal["jpg", "png"] = "jpg"
    jpeg_quality: int = Field(default=95, ge=1, le=100)


@dataclass(frozen=True)
class MotVideoReader:
    """Reads clips one after the other; one clip's truth is in memory, never its frames.

    Attributes:
        source: Name for the manifests.
        clips: What to read.
        splits: How crops get their splits; `FromSource` follows the clip's own.
        rules: What becomes a label or a crop.
        truth_classes: Wanted values of the truth's class column; -1 stands for "not given".
        box_extent: What the truth's boxes go around; MOT Challenge's own are whole bodies.
    """

    source: str
    clips: tuple[Clip, ...]
    splits: FromSource | ByPerson = Field(default_factory=FromSource)
    rules: CropRules = Field(default_factory=CropRules)
    truth_classes: frozenset[int] = frozenset({-1, 1})
    box_extent: BoxExtent = "visible"

    @property
    def class_names(self) -> tuple[str, ...]:
        """`person`, and `head` when any clip has head truth."""
        return ("person", "head") if any(clip.head_truth for clip in self.clips) else ("person",)

    def read(self, workspace: Workspace, problems: ProblemLog) -> Iterator[Record]:
        """See `Reader.read`.

        Raises:
            DongsunError: A file is missing or unreadable, or two clips have the same camera and sequence.
        """
        self._check_clips()
        for clip in self.clips:
            yield from self._read_clip(clip, workspace, problems)

    def _check_clips(self) -> None:
        names = [f"{clip.sequence}_{clip.camera_id}" for clip in self.clips]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice or not names:
            raise DongsunError(
                expected="clips with distinct sequence and camera",
                got=f"twice: {', '.join(twice)}" if twice else "no clips",
                where=f"data set {self.source}",
                mend="give each clip its own `sequence_id`",
            )
        for clip in self.clips:
            if not clip.video.is_dir():
                existing_file(clip.video, f"the video of data set {self.source}")
            for truth in filter(None, (clip.truth, clip.head_truth)):
                existing_file(truth, f"the ground truth of data set {self.source}")

    def _read_clip(self, clip: Clip, workspace: Workspace, problems: ProblemLog) -> Iterator[Record]:
        frames = count_frames(clip.video)
        ranges = clip.ranges(frames)
        workspace.clips.append(ClipPart(str(clip.video), clip.camera_id, clip.sequence, frames, ranges))
        truth = read_mot_truth(clip.truth, clip.truth_scale, self.truth_classes, problems)
        heads: _Truth = {}
        if clip.head_truth is not None:
            heads = read_mot_truth(clip.head_truth, clip.truth_scale, _HEAD_CLASSES, problems)
        for index in truth:
            if index >= frames:
                problems.add("truth_beyond_video", f"{clip.truth}", f"frame {index + 1} of {frames}")
        seconds_per_frame = _seconds_per_frame(clip)
        still = clip.video.is_dir()  # scenes apart from one another: a stride would only throw away
        for index, picture_bgr in read_frames_bgr(clip.video):
            split = _split_at(ranges, index)
            if split is None:
                continue
            if still or index % self.rules.frame_stride == 0:
                yield self._frame(clip, index, split, picture_bgr, (truth, heads), workspace, problems)
            if still or index % self.rules.crop_stride == 0:
                for crop in self._crops(clip, index, split, picture_bgr, truth.get(index, ()), workspace, problems):
                    yield _stamped(crop, clip, seconds_per_frame)

    def _frame(
        self,
        clip: Clip,
        index: int,
        split: Split,
        picture_bgr: NDArray[np.uint8],
        truths: tuple[_Truth, _Truth],
        workspace: Workspace,
        problems: ProblemLog,
    ) -> DetectorRecord:
        height, width = picture_bgr.shape[:2]
        lines: list[str] = []
        people = 0
        for class_index, truth in enumerate(truths):
            for box in truth.get(index, ()):
                inside = box.clipped(width, height)
                # Heads are small by nature: only persons are held to the height.
                least_px = self.rules.min_label_height_px if class_index == 0 else 2.0
                reason = _refusal(box, inside, least_px, self.rules.min_label_visibility)
                if reason:
                    problems.set_aside(f"label_{reason}")
                    continue
                lines.append(_yolo_line(class_index, inside, width, height))
                people += class_index == 0
        name = f"{clip.sequence}_{clip.camera_id}_{index:06d}"
        image = Path("images") / f"{name}.jpg"
        label = Path("labels") / f"{name}.txt"
        self._write(workspace.detector_dir / image, picture_bgr)
        (workspace.detector_dir / label).parent.mkdir(exist_ok=True)
        (workspace.detector_dir / label).write_text("".join(lines), encoding="utf-8")
        return DetectorRecord(
            path=image.as_posix(),
            label_path=label.as_posix(),
            camera_id=clip.camera_id,
            sequence_id=clip.sequence,
            frame_index=index,
            split=split,
            source=self.source,
            width_px=width,
            height_px=height,
            people=people,
        )

    def _crops(
        self,
        clip: Clip,
        index: int,
        split: Split,
        picture_bgr: NDArray[np.uint8],
        boxes: tuple[TruthBox, ...],
        workspace: Workspace,
        problems: ProblemLog,
    ) -> Iterator[ReidRecord]:
        height, width = picture_bgr.shape[:2]
        for box in boxes:
            inside = box.clipped(width, height)
            reason = _refusal(box, inside, self.rules.min_crop_height_px, self.rules.min_crop_visibility)
            if reason:
                problems.set_aside(f"crop_{reason}")
                continue
            x1, y1, x2, y2 = (round(value) for value in inside.box_xyxy_px)
            person = f"{clip.person_prefix}{box.track_id}"
            name = f"{person}_{clip.camera_id}_{clip.sequence}_{index:06d}.{self.rules.image_format}"
            path = Path("crops") / person / name
            self._write(workspace.reid_dir / path, picture_bgr[y1:y2, x1:x2])
            yield ReidRecord(
                path=path.as_posix(),
                person_id=person,
                camera_id=clip.camera_id,
                sequence_id=clip.sequence,
                frame_index=index,
                split=split,
                source=self.source,
                box_xyxy_px=(float(x1), float(y1), float(x2), float(y2)),
                visibility=box.visibility,
            )

    def _write(self, path: Path, picture_bgr: NDArray[np.uint8]) -> None:
        parameters = [cv2.IMWRITE_JPEG_QUALITY, self.rules.jpeg_quality] if path.suffix == ".jpg" else []
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(cv2.imencode(path.suffix, picture_bgr, parameters)[1].tobytes())


def _refusal(box: TruthBox, inside: TruthBox, least_height_px: float, least_visibility: float) -> str | None:
    if inside.height_px < least_height_px or inside.width_px < 2.0:
        return "too_small"
    area = box.width_px * box.height_px
    in_frame = inside.width_px * inside.height_px / area if area else 0.0
    visible = 1.0 if box.visibility is None else box.visibility
    return "too_hidden" if min(in_frame, visible) < least_visibility else None


def _yolo_line(class_index: int, box: TruthBox, width_px: int, height_px: int) -> str:
    x1, y1, x2, y2 = box.box_xyxy_px
    centre = ((x1 + x2) / 2 / width_px, (y1 + y2) / 2 / height_px)
    size = ((x2 - x1) / width_px, (y2 - y1) / height_px)
    return f"{class_index} {centre[0]:.6f} {centre[1]:.6f} {size[0]:.6f} {size[1]:.6f}\n"


def _split_at(ranges: Mapping[Split, tuple[int, int]], index: int) -> Split | None:
    return next((split for split, (first, end) in ranges.items() if first <= index < end), None)


def _seconds_per_frame(clip: Clip) -> float | None:
    if clip.starts_at_utc is None:
        return None
    rate = frame_rate(clip.video)
    if rate is None:
        raise DongsunError(
            expected="a recording that states its frame rate, since `starts_at_utc` is given",
            got="none",
            where=str(clip.video),
            mend="leave `starts_at_utc` out",
        )
    return 1.0 / rate


def _stamped(record: ReidRecord, clip: Clip, seconds_per_frame: float | None) -> ReidRecord:
    if clip.starts_at_utc is None or seconds_per_frame is None:
        return record
    at = clip.starts_at_utc + timedelta(seconds=record.frame_index * seconds_per_frame)
    return replace(record, captured_at_utc=at.astimezone(UTC))
