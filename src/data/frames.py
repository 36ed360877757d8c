"""Frames of a recording: a video file, or a folder of stills in name order."""

from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from dongsun.contract.errors import DongsunError

VIDEO_SUFFIXES = frozenset({".mp4", ".avi", ".mkv", ".mov", ".m4v", ".ts", ".webm"})
STILL_SUFFIXES = frozenset({".jpg", ".jpeg", ".png"})


def still_paths(folder: Path) -> list[Path]:
    """The pictures of a folder, in name order."""
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in STILL_SUFFIXES)


def count_frames(path: Path) -> int:
    """Number of frames; by demuxing alone, because containers' own counts are often missing or wrong.

    Raises:
        DongsunError: Not a readable video, or no frames.
    """
    if path.is_dir():
        count = len(still_paths(path))
    else:
        with _opened(path) as container:
            count = sum(packet.size > 0 for packet in container.demux(video=0))
    if count == 0:
        raise DongsunError(expected="a recording", got="no frames", where=str(path), mend="give another file")
    return count


def frame_rate(path: Path) -> float | None:
    """Frames per second as the container states it; None for stills and for containers that do not say."""
    if path.is_dir():
        return None
    with _opened(path) as container:
        rate = container.streams.video[0].average_rate
    return float(rate) if rate else None


def read_frames_bgr(path: Path) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """Yields (0-based index in decode order, uint8 (h, w, 3) BGR).

    Raises:
        DongsunError: The recording cannot be read.
    """
    if path.is_dir():
        yield from _read_stills(path)
        return
    with _opened(path) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        try:
            for index, frame in enumerate(container.decode(stream)):
                yield index, frame.to_ndarray(format="bgr24").astype(np.uint8, copy=False)
        except av.FFmpegError as error:
            raise _unreadable(path, str(error)) from error


def _read_stills(folder: Path) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    for index, still in enumerate(still_paths(folder)):
        picture = cv2.imread(str(still), cv2.IMREAD_COLOR)
        if picture is None:
            raise _unreadable(still, "not a picture")
        yield index, np.asarray(picture, dtype=np.uint8)


def _opened(path: Path) -> "av.container.InputContainer":
    try:
        container = av.open(str(path))
    except (av.FFmpegError, OSError) as error:
        raise _unreadable(path, str(error)) from error
    if not container.streams.video:
        container.close()
        raise _unreadable(path, "no video stream")
    return container


def _unreadable(path: Path, got: str) -> DongsunError:
    return DongsunError(
        expected="a readable video or folder of stills",
        got=got,
        where=str(path),
        mend="copy the file again, or omit it",
    )
