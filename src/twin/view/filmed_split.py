"""What a filmed split says, at the moments that a page shows."""

import csv
import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import cv2

from dongsun.contract.errors import DongsunError
from dongsun.twin.plan.twin_plan import TwinPlan

PICTURE_WIDTH_PX = 512
JPEG_QUALITY = 72

Standing = tuple[int, float, float, float]
"""Person, x and y in metres, yaw in radians."""
Box = tuple[int, float, float, float, float, float]
"""Person, then left, top, width, height as shares of the picture, then the visible share of the body."""


@dataclass(frozen=True)
class CameraRoll:
    """A camera's pictures.

    Attributes:
        width_px: Of the film.
        height_px: Of the film.
        jpegs: One a moment.
        boxes: Those of each moment.
    """

    width_px: int
    height_px: int
    jpegs: tuple[bytes, ...]
    boxes: tuple[tuple[Box, ...], ...]


@dataclass(frozen=True)
class Event:
    """Something that the truth lists: kind is `in`, `out` or `visit`; place is its line or zone."""

    time_s: float
    kind: str
    camera_id: str
    place: str
    person_id: int
    lasts_s: float | None = None


@dataclass(frozen=True)
class FilmedSplit:
    """A split at some moments.

    Attributes:
        times_s: The moments.
        people: Who stands where at each.
        cameras: Pictures by camera.
        events: All that the truth lists, in order.
    """

    times_s: tuple[float, ...]
    people: tuple[tuple[Standing, ...], ...]
    cameras: dict[str, CameraRoll]
    events: tuple[Event, ...]


def read_filmed_split(directory: Path, plan: TwinPlan, *, every_s: float, max_frames: int) -> FilmedSplit:
    """Reads a folder that `dongsun twin render` wrote.

    Args:
        directory: The split's folder.
        plan: The shop it was filmed in.
        every_s: Time between moments.
        max_frames: Most moments; what comes later is left out.

    Raises:
        DongsunError: A file is missing, broken, or not of this store.
    """
    positions = _rows(directory / "truth" / "positions.csv", ("frame_index", "person_id", "x_m", "y_m", "yaw_rad"))
    standing: dict[int, list[Standing]] = defaultdict(list)
    for row in positions:
        at = (int(row["person_id"]), float(row["x_m"]), float(row["y_m"]), float(row["yaw_rad"]))
        standing[int(row["frame_index"])].append(at)
    last_s = _duration_s(directory, plan, standing)
    count = max(1, min(max_frames, int(last_s / every_s) + 1))
    times = tuple(round(k * every_s, 3) for k in range(count))
    cameras = {camera_id: _roll(directory, plan, camera_id, times) for camera_id in plan.cameras}
    shown = min(len(roll.jpegs) for roll in cameras.values())
    cameras = {c: CameraRoll(r.width_px, r.height_px, r.jpegs[:shown], r.boxes[:shown]) for c, r in cameras.items()}
    people = tuple(tuple(standing.get(round(t * plan.fps), ())) for t in times[:shown])
    return FilmedSplit(times[:shown], people, cameras, _events(directory / "truth"))


def _duration_s(directory: Path, plan: TwinPlan, standing: dict[int, list[Standing]]) -> float:
    described = directory / "split.json"
    if described.is_file():
        recorded: dict[str, Any] = json.loads(described.read_text(encoding="utf-8"))
        if "duration_s" in recorded:
            return float(recorded["duration_s"])
    return max(standing, default=0) / plan.fps


def _roll(directory: Path, plan: TwinPlan, camera_id: str, times: tuple[float, ...]) -> CameraRoll:
    fps = plan.fps_of(camera_id)
    wanted = [round(t * fps) for t in times]
    clip = directory / f"{camera_id}.mp4"
    if not clip.is_file():
        raise DongsunError(
            expected="a film of every camera of the store",
            got="none",
            where=str(clip),
            mend="film the store with `dongsun twin render`, or name the store that was filmed",
        )
    jpegs: dict[int, bytes] = {}
    width = height = 0
    with av.open(str(clip)) as container:
        for index, frame in enumerate(container.decode(video=0)):
            if index > wanted[-1]:
                break
            if index in set(wanted):
                image = frame.to_ndarray(format="bgr24")
                height, width = image.shape[:2]
                scale = min(1.0, PICTURE_WIDTH_PX / width)
                small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
                jpegs[index] = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes()
    if not jpegs:
        raise DongsunError(expected="a film", got="no picture", where=str(clip), mend="film the split again")
    boxes = _boxes(directory / f"{camera_id}.gt.txt", width, height)
    shown = [index for index in wanted if index in jpegs]
    return CameraRoll(width, height, tuple(jpegs[i] for i in shown), tuple(tuple(boxes.get(i + 1, ())) for i in shown))


def _boxes(path: Path, width: int, height: int) -> dict[int, list[Box]]:
    """MOT rows by their frame, counted from 1."""
    boxes: dict[int, list[Box]] = defaultdict(list)
    for line, text in enumerate(_read(path).splitlines(), start=1):
        try:
            frame, person, x, y, w, h, _, _, visible = (float(v) for v in text.split(",")[:9])
        except ValueError as error:
            raise DongsunError(
                expected="a MOT row: frame, id, x, y, w, h, 1, class, visibility",
                got=repr(text),
                where=f"{path}:{line}",
                mend="film the split again",
            ) from error
        box = (round(x / width, 4), round(y / height, 4), round(w / width, 4), round(h / height, 4))
        boxes[int(frame)].append((int(person), *box, visible))
    return boxes


def _events(truth: Path) -> tuple[Event, ...]:
    crossings = _rows(truth / "crossings.csv", ("camera_id", "line_id", "person_id", "direction", "time_s"))
    visits = _rows(truth / "visits.csv", ("camera_id", "zone_id", "person_id", "enter_s", "dwell_s"))
    events = [
        Event(float(r["time_s"]), r["direction"], r["camera_id"], r["line_id"], int(r["person_id"])) for r in crossings
    ]
    events += [
        Event(float(r["enter_s"]), "visit", r["camera_id"], r["zone_id"], int(r["person_id"]), float(r["dwell_s"]))
        for r in visits
    ]
    return tuple(sorted(events, key=lambda e: (e.time_s, e.camera_id, e.place, e.person_id)))


def _rows(path: Path, columns: tuple[str, ...]) -> list[dict[str, str]]:
    rows = list(csv.DictReader(_read(path).splitlines()))
    if rows and (missing := set(columns) - set(rows[0])):
        raise DongsunError(
            expected=f"the columns {', '.join(columns)}",
            got=f"no {', '.join(sorted(missing))}",
            where=f"{path}:1",
            mend="film the split again",
        )
    return rows


def _read(path: Path) -> str:
    if not path.is_file():
        raise DongsunError(
            expected="a split of kind video, filmed by `dongsun twin render`",
            got="no such file",
            where=str(path),
            mend="name the folder of such a split, for instance data/raw/demo/test",
        )
    return path.read_text(encoding="utf-8")
