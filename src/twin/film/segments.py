"""Filming a camera piece by piece: each piece is on disk whole or not at all, so a killed render goes on from there."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dongsun.contract.durable import atomic_directory, write_json
from dongsun.twin.crowd.trajectories import Trajectories
from dongsun.twin.film.split import TwinSplit
from dongsun.twin.film.studio import FilmedFrame, Studio, camera_frames, film, takes
from dongsun.twin.film.video import coding_of, h264_clip
from dongsun.twin.plan.twin_plan import TwinPlan
from dongsun.twin.truth.mot import MotFiles, mot_files
from dongsun.twin.truth.reid_crops import cut_crops
from dongsun.twin.truth.yolo_frames import write_frame

CLIP, NOTE = "clip.mp4", "segment.json"


@dataclass(frozen=True)
class Segment:
    """Frames [first, end) of a camera, at its own rate, and the folder that holds or will hold them."""

    camera_id: str
    first: int
    end: int
    directory: Path

    @property
    def filmed(self) -> bool:
        """Whether it is on disk, whole."""
        return (self.directory / NOTE).is_file()

    @property
    def boxes(self) -> int:
        """Person boxes of a filmed segment."""
        return int(json.loads((self.directory / NOTE).read_text(encoding="utf-8"))["boxes"])


def segments(
    plan: TwinPlan, trajectories: Trajectories, camera_id: str, work: Path, segment_s: float
) -> Iterator[Segment]:
    """Cuts a camera's clip into segments of `segment_s` seconds, kept in the folder `work`."""
    total = camera_frames(plan, trajectories, camera_id)
    length = max(1, round(segment_s * plan.fps_of(camera_id)))
    for index, first in enumerate(range(0, total, length)):
        yield Segment(camera_id, first, min(first + length, total), work / camera_id / f"{index:06d}")


def film_segment(
    segment: Segment, plan: TwinPlan, trajectories: Trajectories, split: TwinSplit, studio: Studio, progress: Any
) -> None:
    """Films one segment: clip, rows and exports. `progress` is told of every take."""
    camera_id, coding = segment.camera_id, coding_of(plan, segment.camera_id)
    # Cameras must not share their noise, so each gets a seed of its own.
    seed = split.seed * 64 + list(plan.cameras).index(camera_id)
    with atomic_directory(segment.directory) as directory:
        _make_export_folders(directory, split)
        with ExitStack() as stack:
            append = stack.enter_context(h264_clip(directory / CLIP, coding))
            mot = stack.enter_context(mot_files(directory, camera_id, coding.width_px, coding.height_px))
            orders = takes(plan, trajectories, camera_id, seed, segment.first, segment.end, split.starts_at)
            for filmed in studio.run(film, orders):
                for frame in filmed:
                    append(frame.image_bgr)
                    _note(frame, mot, directory, camera_id, split, coding.fps)
                progress.update(len(filmed))
        write_json(directory / NOTE, {"frames": segment.end - segment.first, "boxes": mot.boxes})


def wants_crops(split: TwinSplit) -> bool:
    """Whether a split exports re-ID crops in any naming."""
    return bool({"aihub", "market1501"} & set(split.exports))


def _make_export_folders(directory: Path, split: TwinSplit) -> None:
    if wants_crops(split):
        (directory / "crops").mkdir()
    if "yolo" in split.exports:
        (directory / "images").mkdir()
        (directory / "labels").mkdir()


def _note(frame: FilmedFrame, mot: MotFiles, directory: Path, camera_id: str, split: TwinSplit, fps: int) -> None:
    mot.add(frame.frame_index + 1, frame.sightings)
    if frame.frame_index % max(1, round(split.export_every_s * fps)):
        return
    if wants_crops(split):
        cut_crops(frame.image_bgr, frame.sightings, frame.frame_index, directory / "crops")
    if "yolo" in split.exports:
        stem = f"{camera_id}_{frame.frame_index:06d}"
        write_frame(frame.image_bgr, frame.sightings, directory / "images", directory / "labels", stem)
