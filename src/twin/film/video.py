"""Writing H.264 clips."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import av
import numpy as np
import numpy.typing as npt


class FrameSink(Protocol):
    """Takes the frames of a clip, in order."""

    def __call__(self, image_bgr: npt.NDArray[np.uint8]) -> None:
        """Appends one frame, (h, w, 3) uint8 BGR."""


@contextmanager
def h264_clip(path: Path, *, width_px: int, height_px: int, fps: int, crf: int) -> Iterator[FrameSink]:
    """Opens a clip at `path` (yuv420p, a key frame every two seconds) and yields where its frames go.

    Encoding uses one thread, so that the same frames give the same file.
    """
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.width, stream.height, stream.pix_fmt = width_px, height_px, "yuv420p"
        # x264's macroblock tree gives other bytes from run to run on small pictures, and cameras have none either.
        stream.options = {
            "crf": str(crf), "preset": "veryfast", "threads": "1", "g": str(2 * fps), "x264-params": "no-mbtree=1"
        }  # fmt: skip

        def append(image_bgr: npt.NDArray[np.uint8]) -> None:
            for packet in stream.encode(av.VideoFrame.from_ndarray(image_bgr, format="bgr24")):
                container.mux(packet)

        yield append
        for packet in stream.encode(None):
            container.mux(packet)
