"""A camera's picture, converted only as far as somebody looks at it."""

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from dongsun.contract.preprocess import FrameBgr

SMALL_WIDTH_PX = 160
"""Of the small version: a person of 50 pixels' height in 720p is still six high."""


class Shrinker:
    """Makes small versions straight from the decoder's planes; one for each source, since it isn't for several threads.

    Areas are averaged before colours are converted: the same as after, but for rounding and clipping, at a sixth of
    the work. It keeps the scaler's tables from picture to picture.
    """

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()

    def small(self, frame: av.VideoFrame) -> FrameBgr:
        """A picture `SMALL_WIDTH_PX` wide, in its proportions."""
        height_px = max(1, round(frame.height * SMALL_WIDTH_PX / frame.width))
        smaller = self._reformatter.reformat(
            frame, width=SMALL_WIDTH_PX, height=height_px, format="bgr24", interpolation="AREA"
        )
        return np.ascontiguousarray(smaller.to_ndarray())


class Picture:
    """The pixels of one picture: all of them for the detector, a few for health and motion.

    Args:
        frame: As libav decoded it, or already BGR. It is kept, and must not be written to.
        shrinker: Of its source. `small_bgr` must be asked for in the source's thread; `bgr` may be asked anywhere.
    """

    def __init__(self, frame: av.VideoFrame | FrameBgr, shrinker: Shrinker) -> None:
        self._frame, self._shrinker = frame, shrinker
        self._bgr: FrameBgr | None = frame if isinstance(frame, np.ndarray) else None
        self._small: FrameBgr | None = None
        self.height_px, self.width_px = (
            frame.shape[:2] if isinstance(frame, np.ndarray) else (frame.height, frame.width)
        )

    def bgr(self) -> FrameBgr:
        """All pixels, uint8 (h, w, 3)."""
        if self._bgr is None:
            assert isinstance(self._frame, av.VideoFrame)
            self._bgr = np.ascontiguousarray(self._frame.to_ndarray(format="bgr24"))
        return self._bgr

    def small_bgr(self) -> FrameBgr:
        """A small version: uint8 (h, `SMALL_WIDTH_PX`, 3)."""
        if self._small is None:
            frame = self._frame
            if isinstance(frame, np.ndarray):
                frame = av.VideoFrame.from_ndarray(frame, format="bgr24")
            self._small = self._shrinker.small(frame)
        return self._small
