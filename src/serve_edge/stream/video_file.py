"""A recorded video, decoded by PyAV."""

import itertools
import time
from collections.abc import Iterator
from pathlib import Path

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from dongsun.contract.errors import DongsunError
from dongsun.serve_edge.stream.frame import Frame
from dongsun.serve_edge.stream.picture import Converter
from dongsun.serve_edge.stream.timestamps import REORDER_LIMIT, FrameClock, ascend

_SHORTFALL_S = 1.0
"""A file may end this much before its stated duration: audio tracks and rounding account for less than a second."""


class VideoFile:
    """A recorded video: its size and rate, and its frames in order.

    Args:
        path: Any file FFmpeg reads.

    Raises:
        DongsunError: The file is absent, is no video, or cannot be decoded.
    """

    def __init__(self, path: Path) -> None:
        if not path.is_file():
            raise _unreadable(path, "no such file", "give the path of a recorded video")
        self.path = path
        self.repaired_timestamps = 0
        with self._opened() as container:
            stream = container.streams.video[0]
            self.width_px: int = stream.codec_context.width
            self.height_px: int = stream.codec_context.height
            rate = stream.average_rate or stream.guessed_rate
            if not rate or self.width_px <= 0:
                raise _unreadable(path, "a video stream without size or rate", "re-record or re-mux the file")
            self.frame_rate_hz = float(rate)
            self.stated_frames: int | None = stream.frames or None
            self.stated_duration_s = _duration_s(stream)
            self._shuffled = not ascend(self._first_times_s(container))

    def frames(self, first: int = 0, end: int | None = None) -> Iterator[Frame]:
        """Yields the frames with `first <= index < end`, decoding from the start so that indices and times are exact.

        Raises:
            DongsunError: The file is damaged, or ends before the length that it states.
        """
        clock, converter = FrameClock(1.0 / self.frame_rate_hz, shuffled=self._shuffled), Converter()
        index = -1
        time_s = 0.0
        with self._opened() as container:
            decoded = self._decode(container, clock)
            for index in itertools.count():
                if end is not None and index >= end:
                    return
                started = time.perf_counter()
                picture = next(decoded, None)
                if picture is None:
                    break
                time_s = clock.picture(picture.time)
                self.repaired_timestamps = clock.repaired
                if index < first:
                    continue
                pixels = converter.whole(picture)
                yield Frame(index, time_s, pixels, time.perf_counter() - started)
        self._refuse_truncated(index, time_s)

    def _decode(self, container: InputContainer, clock: FrameClock) -> Iterator[av.VideoFrame]:
        stream = container.streams.video[0]
        stream.thread_type = "SLICE"  # frame threads would shift which error belongs to which picture
        count = 0
        try:
            for packet in container.demux(stream):
                if packet.size:
                    stamp = packet.pts if packet.pts is not None else packet.dts
                    clock.packet(None if stamp is None or packet.time_base is None else float(stamp * packet.time_base))
                for picture in packet.decode():
                    if not isinstance(picture, av.VideoFrame):
                        continue
                    if picture.is_corrupt:
                        raise _unreadable(self.path, f"frame {count} is damaged", "re-record or re-encode the file")
                    count += 1
                    yield picture
        except av.FFmpegError as error:
            raise _unreadable(
                self.path, f"after frame {count}: {error}", "the file is damaged: copy or record it again"
            ) from error

    def _refuse_truncated(self, frames: int, last_s: float) -> None:
        if frames <= 0:
            raise _unreadable(self.path, "not a single frame", "record the file again")
        ends_s = last_s + 1.0 / self.frame_rate_hz
        short_of_time = self.stated_duration_s is not None and ends_s < self.stated_duration_s - _SHORTFALL_S
        short_of_frames = self.stated_frames is not None and frames < self.stated_frames - self.frame_rate_hz
        if short_of_time or short_of_frames:
            stated = f"{self.stated_frames or '?'} frames, {self.stated_duration_s or float('nan'):.1f} s"
            raise _unreadable(
                self.path,
                f"{frames} frames, {ends_s:.1f} s, of {stated} stated",
                "the file is truncated: copy it again, or count a part with --frames",
            )

    def _first_times_s(self, container: InputContainer) -> list[float]:
        try:
            pictures = itertools.islice(container.decode(video=0), REORDER_LIMIT)
            return [float(picture.time) for picture in pictures if picture.time is not None]
        except av.FFmpegError as error:
            raise _unreadable(self.path, str(error), "the file is damaged: copy or record it again") from error

    def _opened(self) -> InputContainer:
        try:
            container: InputContainer = av.open(str(self.path))
        except (av.FFmpegError, ValueError) as error:
            raise _unreadable(self.path, str(error), "give a video that FFmpeg can read") from error
        if not container.streams.video:
            container.close()
            raise _unreadable(self.path, "no video stream", "give a video that FFmpeg can read")
        return container


def _duration_s(stream: VideoStream) -> float | None:
    if stream.duration is None or stream.time_base is None:
        return None
    return float(stream.duration * stream.time_base)


def _unreadable(path: Path, got: str, mend: str) -> DongsunError:
    return DongsunError(expected="a whole, readable video", got=got, where=str(path), mend=mend)
