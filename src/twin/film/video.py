"""Writing H.264 clips, whole or in segments that are joined without coding them again."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Protocol

import av
import numpy as np
import numpy.typing as npt

from dongsun.twin.plan.twin_plan import TwinPlan


class FrameSink(Protocol):
    """Takes the frames of a clip, in order."""

    def __call__(self, image_bgr: npt.NDArray[np.uint8]) -> None:
        """Appends one frame, (h, w, 3) uint8 BGR."""


@dataclass(frozen=True)
class Coding:
    """How a camera codes its pictures; `bitrate_kbps`, where given, comes before `crf`."""

    width_px: int
    height_px: int
    fps: int
    crf: int
    bitrate_kbps: int | None = None


def coding_of(plan: TwinPlan, camera_id: str) -> Coding:
    """The coding of a camera of the plan."""
    settings, camera = plan.cameras[camera_id], plan.camera(camera_id)
    return Coding(camera.width_px, camera.height_px, plan.fps_of(camera_id), settings.crf, settings.bitrate_kbps)


@contextmanager
def h264_clip(
    target: Path | str, coding: Coding, *, container_format: str | None = None, live: bool = False
) -> Iterator[FrameSink]:
    """Opens a clip (yuv420p, a key frame every two seconds) and yields where its frames go.

    Encoding uses one thread, so that the same frames give the same file.

    Args:
        target: A file, or an address that libav can write to.
        coding: Size, rate and quality.
        container_format: libav's name of it; by the file's suffix if `None`.
        live: Each picture leaves the coder at once.
    """
    # Over TCP: a camera's packets may not get lost on the way, and every server takes it.
    muxing = {"rtsp_transport": "tcp"} if container_format == "rtsp" else {}
    with av.open(str(target), "w", format=container_format, options=muxing) as container:
        stream = container.add_stream("libx264", rate=coding.fps)
        stream.width, stream.height, stream.pix_fmt = coding.width_px, coding.height_px, "yuv420p"
        stream.codec_context.time_base = Fraction(1, coding.fps)
        # x264's macroblock tree gives other bytes from run to run on small pictures, and cameras have none either.
        options = {"preset": "veryfast", "threads": "1", "g": str(2 * coding.fps), "x264-params": "no-mbtree=1"}
        if coding.bitrate_kbps is None:
            options["crf"] = str(coding.crf)
        else:
            stream.bit_rate = 1000 * coding.bitrate_kbps
            options |= {"maxrate": f"{coding.bitrate_kbps}k", "bufsize": f"{2 * coding.bitrate_kbps}k"}
        if live:
            options["tune"] = "zerolatency"
        stream.options = options
        count = 0

        def append(image_bgr: npt.NDArray[np.uint8]) -> None:
            nonlocal count
            frame = av.VideoFrame.from_ndarray(image_bgr, format="bgr24")
            frame.pts, frame.time_base = count, Fraction(1, coding.fps)
            count += 1
            for packet in stream.encode(frame):
                container.mux(packet)

        yield append
        for packet in stream.encode(None):
            container.mux(packet)


def join_clips(segments: Iterable[tuple[Path, int]], target: Path, fps: int) -> None:
    """Puts clips of one coding one after another into one file, packet by packet.

    Args:
        segments: Each clip, and how many frames it has.
        target: The file to write.
        fps: Their rate.
    """
    with av.open(str(target), "w") as joined:
        out = None
        frames_before = 0
        last_dts: int | None = None
        for path, frames in segments:
            with av.open(str(path)) as container:
                source = container.streams.video[0]
                if out is None:
                    out = joined.add_stream_from_template(source)
                    out.time_base = source.time_base
                assert source.time_base is not None
                shift = round(Fraction(frames_before, fps) / source.time_base)
                for packet in container.demux(source):
                    if packet.dts is None or packet.pts is None:
                        continue  # the flushing packet at the end
                    dts = packet.dts + shift
                    # A clip of one or two frames is decoded without delay: the next one's must still come later.
                    dts = dts if last_dts is None else max(dts, last_dts + 1)
                    packet.pts, packet.dts, last_dts = packet.pts + shift, dts, dts
                    packet.stream = out
                    joined.mux(packet)
            frames_before += frames
