"""A camera's picture, converted only as far as somebody looks at it."""

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from dongsun.contract.preprocess import FrameBgr

SMALL_WIDTH_PX = 160
"""Of the small version: a person of 50 pixels' height in 720p is still six high."""


class Converter:
    """Turns what a decoder gives into BGR: whole, or small straight from the decoder's planes.

    It keeps the scaler's tables from picture to picture, so each thread needs its own. One thread of the scaler's: by
    default it starts as many as there are cores for each picture, and whoever converts waits for them to be scheduled.
    """

    def __init__(self) -> None:
        self._whole, self._small = VideoReformatter(), VideoReformatter()

    def whole(self, frame: av.VideoFrame) -> FrameBgr:
        """All pixels, uint8 (h, w, 3)."""
        return _view(self._whole.reformat(frame, format="bgr24", threads=1))

    def small(self, frame: av.VideoFrame | FrameBgr) -> FrameBgr:
        """A picture `SMALL_WIDTH_PX` wide, in its proportions.

        Areas are averaged before colours are converted: the same as after, but for rounding and clipping, at a sixth of
        the work.
        """
        if isinstance(frame, np.ndarray):
            frame = av.VideoFrame.from_ndarray(frame, format="bgr24")
        height_px = max(1, round(frame.height * SMALL_WIDTH_PX / frame.width))
        return _view(
            self._small.reformat(
                frame, width=SMALL_WIDTH_PX, height=height_px, format="bgr24", interpolation="AREA", threads=1
            )
        )


def _view(frame: av.VideoFrame) -> FrameBgr:
    """A BGR frame's own memory where its rows follow each other, else a copy."""
    plane = frame.planes[0]
    rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: frame.height, : 3 * frame.width]
    return np.ascontiguousarray(rows).reshape(frame.height, frame.width, 3)


class Picture:
    """The pixels of one picture: all of them for the detector, a few for health and motion.

    Args:
        frame: As libav decoded it, or already BGR. It is kept, and must not be written to.
        converter: Of its source, whose thread asks for `small_bgr`; `bgr` may then be asked for elsewhere.
    """

    def __init__(self, frame: av.VideoFrame | FrameBgr, converter: Converter) -> None:
        self._frame, self._converter = frame, converter
        self._bgr: FrameBgr | None = frame if isinstance(frame, np.ndarray) else None
        self._small: FrameBgr | None = None
        self.height_px, self.width_px = (
            frame.shape[:2] if isinstance(frame, np.ndarray) else (frame.height, frame.width)
        )

    def bgr(self) -> FrameBgr:
        """All pixels, uint8 (h, w, 3)."""
        if self._bgr is None:
            assert isinstance(self._frame, av.VideoFrame)
            self._bgr = Converter().whole(self._frame)
        return self._bgr

    def small_bgr(self) -> FrameBgr:
        """A small version: uint8 (h, `SMALL_WIDTH_PX`, 3)."""
        if self._small is None:
            self._small = self._converter.small(self._frame)
        return self._small
