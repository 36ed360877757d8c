"""Still pictures out of an annotated replay, for the report. Never out of the recording itself: faces are in it."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from dongsun.contract.durable import atomic_file
from dongsun.data.frames import read_frames_bgr

_JPEG_QUALITY = 88


def choose_frames(event_frames: Sequence[int], frames: int, wanted: int) -> tuple[int, ...]:
    """Frames worth showing: of counted crossings, evenly chosen, else evenly spaced over the recording."""
    if wanted == 0 or frames == 0:
        return ()
    events = sorted({frame for frame in event_frames if 0 <= frame < frames})
    pool = events if len(events) >= wanted else list(range(frames))
    if len(pool) == frames:  # every frame may be shown: leave the very ends out, where little happens
        return tuple(sorted({round((index + 0.5) * frames / wanted) for index in range(wanted)} & set(pool)))
    return tuple(pool[index] for index in np.linspace(0, len(pool) - 1, wanted).round().astype(int))


def save_pictures(video: Path, frame_indices: Sequence[int], directory: Path) -> tuple[Path, ...]:
    """Writes the given frames (0-based) of an annotated video as JPEG into `directory`; their paths, by frame."""
    wanted = set(frame_indices)
    written: list[Path] = []
    for index, picture in read_frames_bgr(video) if wanted else ():
        if index in wanted:
            path = directory / f"frame_{index:06d}.jpg"
            content = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])[1].tobytes()
            with atomic_file(path) as temporary:
                temporary.write_bytes(content)
            written.append(path)
            if len(written) == len(wanted):
                break
    return tuple(written)
