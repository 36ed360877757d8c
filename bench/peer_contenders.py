"""One contender over one clip, in a process of its own: `python -m bench.peer_contenders JOB.json`, for `bench.peers`.

Prints one line of JSON: frames, CPU and wall seconds (models loaded and warmed before, everything else in it: decoding,
detecting, tracking, counting), and each crossing's time and direction. Each library is imported by its contender alone.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np


@dataclass(frozen=True)
class Job:
    """What is to be run.

    Attributes:
        contender: A key of `CONTENDERS`.
        video: The clip.
        first_frame: Frames before it are decoded and not looked at.
        fps: Of the clip.
        analysis_fps: Pictures a second that are looked at; the others are decoded only, as far as a library must.
        model: A bundle's directory, or ultralytics' exported model.
        store: `conf/store/<store>.yaml`; its first camera's first line is counted.
        line_foot: The line for feet, `in` on its left: (x0, y0, x1, y1), shares of the picture.
        line_centre: The line for boxes' centres.
        up_or_left_is_in: Which way `in` is, for those that know only the picture's axes.
    """

    contender: str
    video: str
    first_frame: int
    fps: float
    analysis_fps: float
    model: str
    store: str
    line_foot: tuple[float, float, float, float]
    line_centre: tuple[float, float, float, float]
    up_or_left_is_in: bool


@dataclass(frozen=True)
class Result:
    """What came of it; frames of the clip, and those looked at; crossings as (seconds of the clip, `in` or `out`)."""

    frames: int
    analysed: int
    cpu_s: float
    wall_s: float
    crossings: list[tuple[float, str]]


def wanted(job: Job, index: int) -> bool:
    """Whether a frame is looked at: the first of each step of 1 / `analysis_fps`."""
    step = job.analysis_fps / job.fps
    return index >= job.first_frame and int(index * step) != int((index - 1) * step)


def pictures(job: Job) -> Iterator[tuple[int, Any]]:
    """The frames to look at, read as the peers' own examples do."""
    capture = cv2.VideoCapture(job.video)
    index = 0
    while capture.grab():
        if wanted(job, index):
            yield index, capture.retrieve()[1]
        index += 1


def pixels(job: Job, line: tuple[float, float, float, float]) -> tuple[int, int, int, int]:
    """A line in whole pixels."""
    capture = cv2.VideoCapture(job.video)
    width, height = capture.get(cv2.CAP_PROP_FRAME_WIDTH), capture.get(cv2.CAP_PROP_FRAME_HEIGHT)
    return round(line[0] * width), round(line[1] * height), round(line[2] * width), round(line[3] * height)


def timed(job: Job, work: Callable[[], tuple[int, list[tuple[float, str]]]]) -> Result:
    """Times the work alone."""
    frames = int(cv2.VideoCapture(job.video).get(cv2.CAP_PROP_FRAME_COUNT)) - job.first_frame
    cpu, wall = time.process_time(), time.perf_counter()
    analysed, crossings = work()
    return Result(frames, analysed, time.process_time() - cpu, time.perf_counter() - wall, crossings)


def dongsun(job: Job, *, motion_gate: bool = False) -> Result:
    """What `dongsun-edge count` runs, without writing its tables; with the gate, what a station runs by default."""
    from dongsun.contract.store import load_store
    from dongsun.serve_edge.count import CountRun
    from dongsun.serve_edge.inference.models import load_models
    from dongsun.serve_edge.pipeline.constants import TrackingConstants
    from dongsun.serve_edge.pipeline.looks import FrameSize
    from dongsun.serve_edge.settings import CountSettings
    from dongsun.serve_edge.stream.video_file import VideoFile

    store = load_store(Path(f"conf/store/{job.store}.yaml"))
    camera_id = next(iter(store.cameras))
    models = load_models(Path(job.model), None, len(os.sched_getaffinity(0)), TrackingConstants().low_score)
    video = VideoFile(Path(job.video))
    models.detector.detect(np.zeros((video.height_px, video.width_px, 3), np.uint8))
    settings = CountSettings(
        bundle=Path(job.model), store=store, camera_id=camera_id, source=Path(job.video), out=Path("unused"),
        started_at_utc=datetime(2026, 1, 1, tzinfo=UTC), motion_gate=motion_gate,
    )  # fmt: skip
    run = CountRun(settings, models, FrameSize(video.width_px, video.height_px), None)

    def work() -> tuple[int, list[tuple[float, str]]]:
        for frame in video.frames(job.first_frame, None):
            if wanted(job, frame.index):
                run.take(frame)
        run.finish(1.0 / job.fps)
        return run.pipeline.frames, [(c.crossing.stream_time_s, c.crossing.direction) for c in run.crossings]

    return timed(job, work)


def ultralytics(job: Job, tracker: str) -> Result:
    """`solutions.ObjectCounter` as its documentation shows it: it counts boxes' centres."""
    from ultralytics import solutions

    x0, y0, x1, y1 = pixels(job, job.line_centre)
    counter = solutions.ObjectCounter(
        model=job.model, region=[(x0, y0), (x1, y1)], classes=[0], show=False, verbose=False, tracker=tracker
    )
    first = next(pictures(job))[1]
    counter.process(np.zeros_like(first))

    def work() -> tuple[int, list[tuple[float, str]]]:
        frames, crossings, before = 0, [], (0, 0)
        for index, picture in pictures(job):
            found = counter.process(picture)
            frames += 1
            now = (found.in_count, found.out_count)
            names = ("out", "in") if job.up_or_left_is_in else ("in", "out")
            for name, old, new in zip(names, before, now, strict=True):
                crossings += [(index / job.fps, name)] * (new - old)
            before = now
        return frames, crossings

    return timed(job, work)


def supervision(job: Job) -> Result:
    """LineZone on feet, ByteTrack of its makers' `trackers`, detections of ultralytics' exported model."""
    import supervision as sv
    from trackers import ByteTrackTracker
    from ultralytics import YOLO

    model = YOLO(job.model, task="detect")
    model(np.zeros_like(next(pictures(job))[1]), verbose=False)
    tracker = ByteTrackTracker(frame_rate=job.analysis_fps)
    x0, y0, x1, y1 = pixels(job, job.line_foot)
    line = sv.LineZone(sv.Point(x0, y0), sv.Point(x1, y1), triggering_anchors=[sv.Position.BOTTOM_CENTER])

    def work() -> tuple[int, list[tuple[float, str]]]:
        frames, crossings = 0, []
        for index, picture in pictures(job):
            # Weak detections too: ByteTrack's second stage lives on them.
            found = model(picture, classes=[0], conf=0.1, verbose=False)[0]
            tracked = tracker.update(sv.Detections.from_ultralytics(found))
            entered, left = line.trigger(tracked)
            frames += 1
            crossings += [(index / job.fps, "in")] * int(entered.sum()) + [(index / job.fps, "out")] * int(left.sum())
        return frames, crossings

    return timed(job, work)


CONTENDERS: dict[str, Callable[[Job], Result]] = {
    "dongsun": dongsun,
    "dongsun, motion gate": lambda job: dongsun(job, motion_gate=True),
    "ultralytics BoT-SORT": lambda job: ultralytics(job, "botsort.yaml"),
    "ultralytics ByteTrack": lambda job: ultralytics(job, "bytetrack.yaml"),
    "supervision ByteTrack": supervision,
}


if __name__ == "__main__":
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    cv2.setNumThreads(1)
    asked = Job(**json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    print(json.dumps(asdict(CONTENDERS[asked.contender](asked))))
