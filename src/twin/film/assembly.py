"""From segments to the folder of a split: clips are joined packet by packet, rows and exports are gathered."""

import shutil
from pathlib import Path

from dongsun.twin.film.segments import CLIP, Segment, wants_crops
from dongsun.twin.film.split import TwinSplit
from dongsun.twin.film.video import join_clips
from dongsun.twin.truth.mot import SUFFIXES
from dongsun.twin.truth.reid_crops import Crop, found_crops, write_aihub, write_market1501
from dongsun.twin.truth.yolo_frames import write_data_yaml


def assemble_camera(segments: list[Segment], directory: Path, fps: int) -> int:
    """Writes `<camera>.mp4` and its box files into `directory` from filmed segments; returns the number of boxes."""
    camera_id = segments[0].camera_id
    join_clips(((s.directory / CLIP, s.end - s.first) for s in segments), directory / f"{camera_id}.mp4", fps)
    for suffix in SUFFIXES:
        name = f"{camera_id}.{suffix}.txt"
        with (directory / name).open("wb") as joined:
            for segment in segments:
                with (segment.directory / name).open("rb") as part:
                    shutil.copyfileobj(part, joined)
    return sum(segment.boxes for segment in segments)


def assemble_exports(cameras: list[list[Segment]], directory: Path, split: TwinSplit) -> None:
    """Gathers what the split exports into `directory/exports/<name>/`."""
    exports = directory / "exports"
    if wants_crops(split):
        crops: list[Crop] = []
        for number, segments in enumerate(cameras, start=1):
            crops += found_crops((s.directory / "crops" for s in segments), number)
        if "aihub" in split.exports:
            write_aihub(crops, exports / "aihub", split.name)
        if "market1501" in split.exports:
            write_market1501(crops, exports / "market1501", split.name)
    if "yolo" in split.exports:
        for kind in ("images", "labels"):
            folder = exports / "yolo" / kind / split.name
            folder.mkdir(parents=True)
            for segment in (s for segments in cameras for s in segments):
                for path in sorted((segment.directory / kind).iterdir()):
                    shutil.copyfile(path, folder / path.name)
        write_data_yaml(exports / "yolo", split.name)
