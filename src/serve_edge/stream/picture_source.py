"""Where a feed's pictures come from: an RTSP camera, a video file, or a folder of pictures."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import av
import cv2
import numpy as np
from av.container import InputContainer

from dongsun.contract.clock import Clock
from dongsun.serve_edge.stream.address import redacted
from dongsun.serve_edge.stream.feed_settings import FeedSettings
from dongsun.serve_edge.stream.picture import Converter, Picture
from dongsun.serve_edge.stream.thrift import Thrift

_PICTURES = (".jpg", ".jpeg", ".png")
_MOST_BROKEN_PACKETS = 200
"""A decoder that understands nothing for so many packets needs a new connection."""


class StreamLostError(Exception):
    """The source gave up, or was given up; its text holds no password."""


class SourceEndedError(Exception):
    """A file or folder was read to its end."""


@dataclass(frozen=True)
class RawPicture:
    """What a source gives for a packet.

    Attributes:
        stamp_s: On the source's own clock; None where it gives none.
        picture: None where the packet could not be decoded.
        corrupt: The decoder says that something is missing.
    """

    stamp_s: float | None
    picture: Picture | None
    corrupt: bool


class PictureSource(Protocol):
    """An open source."""

    def pictures(self) -> Iterator[RawPicture]:
        """The pictures as they come; ends by `StreamLostError` or `SourceEndedError`, never by itself."""

    def close(self) -> None:
        """Lets go of it."""


def open_source(settings: FeedSettings, clock: Clock, stop: threading.Event) -> PictureSource:
    """Opens a feed's source.

    Raises:
        StreamLostError: It can't be had now.
    """
    address = settings.address.get_secret_value()
    if "://" in address:
        return _Container(_opened(address, settings), live=True, settings=settings, clock=clock, stop=stop)
    path = Path(address)
    if path.is_dir():
        return _Folder(path, settings, clock, stop)
    return _Container(_opened(address, settings), live=False, settings=settings, clock=clock, stop=stop)


def _opened(address: str, settings: FeedSettings) -> InputContainer:
    options = {"rtsp_transport": "tcp"} if address.lower().startswith(("rtsp://", "rtsps://")) else {}
    try:
        container: InputContainer = av.open(
            address, options=options, timeout=(settings.open_timeout_s, settings.read_timeout_s)
        )
    except (av.FFmpegError, OSError, ValueError) as error:
        raise StreamLostError(redacted(str(error))) from None  # the cause's text may hold the password
    if not container.streams.video:
        container.close()
        raise StreamLostError("no video in it")
    return container


class _Container:
    """Anything libav reads: live as it comes, files by the clock."""

    def __init__(
        self, container: InputContainer, *, live: bool, settings: FeedSettings, clock: Clock, stop: threading.Event
    ) -> None:
        self._container, self._live = container, live
        self._settings, self._clock, self._stop = settings, clock, stop
        self._stream = container.streams.video[0]
        context = self._stream.codec_context
        context.thread_count = 1  # many cameras share few cores, and threads add a frame of delay each
        self._thrift = Thrift(context, settings.analysis_fps)

    def pictures(self) -> Iterator[RawPicture]:
        broken = 0
        converter = Converter()
        began_s = self._clock.monotonic_s()
        try:
            for packet in self._container.demux(self._stream):
                self._thrift.packet()
                try:
                    decoded = packet.decode()
                except av.InvalidDataError:
                    broken += 1
                    if broken > _MOST_BROKEN_PACKETS:
                        raise StreamLostError(f"{broken} packets in a row that can't be decoded") from None
                    yield RawPicture(None, None, corrupt=True)
                    continue
                for frame in decoded:
                    broken = 0
                    self._thrift.decoded(frame.time)
                    if not self._live and frame.time is not None and self._wait_until(began_s + frame.time):
                        return
                    yield RawPicture(frame.time, Picture(frame, converter), corrupt=bool(frame.is_corrupt))
        except (av.FFmpegError, OSError) as error:
            raise StreamLostError(redacted(str(error))) from None
        if self._live:
            raise StreamLostError("the server ended the stream")  # libav says nothing when a server goes away
        raise SourceEndedError

    def close(self) -> None:
        self._container.close()

    def _wait_until(self, due_s: float) -> bool:
        ahead_s = due_s - self._clock.monotonic_s()
        return self._clock.wait(self._stop, ahead_s) if ahead_s > 0 else self._stop.is_set()


class _Folder:
    """Pictures of a folder in the order of their names, at the analysis rate."""

    def __init__(self, folder: Path, settings: FeedSettings, clock: Clock, stop: threading.Event) -> None:
        self._paths = sorted(path for path in folder.iterdir() if path.suffix.lower() in _PICTURES)
        if not self._paths:
            raise StreamLostError(f"no pictures ({', '.join(_PICTURES)}) in the folder")
        self._step_s = 1.0 / settings.analysis_fps
        self._clock, self._stop = clock, stop

    def pictures(self) -> Iterator[RawPicture]:
        converter = Converter()
        began_s = self._clock.monotonic_s()
        for k, path in enumerate(self._paths):
            ahead_s = began_s + k * self._step_s - self._clock.monotonic_s()
            if self._clock.wait(self._stop, ahead_s) if ahead_s > 0 else self._stop.is_set():
                return
            encoded = np.fromfile(path, np.uint8)
            pixels = cv2.imdecode(encoded, cv2.IMREAD_COLOR) if len(encoded) else None
            picture = None if pixels is None else Picture(np.asarray(pixels, np.uint8), converter)
            yield RawPicture(k * self._step_s, picture, corrupt=picture is None)
        raise SourceEndedError

    def close(self) -> None:
        """Nothing is held."""
