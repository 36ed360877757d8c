"""Writing H.264."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from dongsun.contract.preprocess import FrameBgr
from dongsun.serve_edge.pipeline.looks import FrameSize

_TICKS_PER_S = 90_000
_QUALITY = "23"
"""x264's own default constant rate factor."""


class H264Writer:
    """Writes pictures as H.264, yuv420p, in an mp4 that any browser plays; each picture at its own time.

    Args:
        path: The mp4.
        size: Of the pictures; an odd last row or column is dropped, since yuv420p needs even sides.
        frame_rate_hz: Nominal.
    """

    def __init__(self, path: Path, size: FrameSize, frame_rate_hz: float) -> None:
        self._width, self._height = size.width_px // 2 * 2, size.height_px // 2 * 2
        self._container = av.open(str(path), "w", options={"movflags": "+faststart"})
        self._stream = self._container.add_stream("libx264", rate=Fraction(frame_rate_hz).limit_denominator(1001))
        self._stream.width, self._stream.height, self._stream.pix_fmt = self._width, self._height, "yuv420p"
        self._stream.options = {"crf": _QUALITY, "preset": "veryfast"}
        self._stream.codec_context.time_base = Fraction(1, _TICKS_PER_S)
        self._first_s: float | None = None

    def write(self, picture_bgr: FrameBgr, time_s: float) -> None:
        """Writes the next picture, taken at `time_s`."""
        if self._first_s is None:
            self._first_s = time_s
        cut = np.ascontiguousarray(picture_bgr[: self._height, : self._width])
        picture = av.VideoFrame.from_ndarray(cut, format="bgr24")
        picture.pts = round((time_s - self._first_s) * _TICKS_PER_S)
        picture.time_base = Fraction(1, _TICKS_PER_S)
        self._container.mux(self._stream.encode(picture))

    def close(self) -> None:
        """Finishes the file."""
        if self._first_s is not None:
            self._container.mux(self._stream.encode(None))
        self._container.close()
