"""Clips as a shop's camera would send them: H.264, 1280x720, 15 pictures a second, out of recordings of the twin."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av

WIDTH_PX, HEIGHT_PX, FPS = 1280, 720, 15
LOOP_FRAMES = 1200
"""80 seconds."""
_RECORDING = "data/raw/electronics-flagship/test"
_ACCESS_UNIT = b"\x00\x00\x00\x01\x09"


@dataclass(frozen=True)
class Duty:
    """How busy a camera's view is.

    Attributes:
        camera_id: Of `conf/store/electronics-flagship.yaml`; its recording is played picture by picture, so people walk
            1.5 times as fast as they were filmed.
        people_share: Share of the loop's pictures with people in view that is looked for in the recording's truth.
    """

    camera_id: str
    people_share: float


DUTIES = {"quiet": Duty("side-door", 0.2), "busy": Duty("hall", 1.0)}


@dataclass(frozen=True)
class Clip:
    """An encoded loop.

    Attributes:
        path: Raw H.264, every picture begun by an access unit delimiter.
        people_share: Share of its pictures with people in view.
        kbit_per_s: Its mean rate.
    """

    path: Path
    people_share: float
    kbit_per_s: float


def prepared(duty: Duty, folder: Path) -> Clip:
    """Encodes a duty's loop into `folder`, unless it's there already."""
    recording = Path(_RECORDING) / f"{duty.camera_id}.mp4"
    first, share = _stretch(recording.with_suffix(".gt.txt"), _length(recording), duty.people_share)
    path = folder / f"{duty.camera_id}-{first}.h264"
    if not path.is_file():
        _encode(recording, first, path)
    return Clip(path, share, path.stat().st_size * 8 / 1000 / (LOOP_FRAMES / FPS))


def pictures(path: Path) -> list[bytes]:
    """A raw H.264 file picture by picture, delimiters left out."""
    return [unit for unit in path.read_bytes().split(_ACCESS_UNIT) if unit]


def _length(recording: Path) -> int:
    with av.open(str(recording)) as container:
        return container.streams.video[0].frames


def _stretch(truth: Path, frames: int, wanted: float) -> tuple[int, float]:
    """The first frame and the share of the stretch of the recording whose share of frames with people is nearest."""
    peopled = {int(line.split(",", 1)[0]) - 1 for line in truth.read_text().splitlines()}
    shares = {
        first: sum(k in peopled for k in range(first, first + LOOP_FRAMES)) / LOOP_FRAMES
        for first in range(0, frames - LOOP_FRAMES + 1, 10)
    }
    first = min(shares, key=lambda each: abs(shares[each] - wanted))
    return first, shares[first]


def _encode(recording: Path, first: int, path: Path) -> None:
    """As cameras encode: no B-pictures, a key picture every two seconds, a few Mbit/s at most."""
    context = av.CodecContext.create("libx264", "w")
    assert isinstance(context, av.VideoCodecContext)
    context.width, context.height, context.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuv420p"
    context.framerate, context.time_base = Fraction(FPS), Fraction(1, FPS)
    context.options = {
        "preset": "veryfast",
        "crf": "22",
        "x264-params": f"bframes=0:keyint={2 * FPS}:scenecut=0:aud=1:repeat-headers=1:annexb=1:threads=1",
    }
    partial = path.with_suffix(".part")
    with av.open(str(recording)) as container, partial.open("wb") as out:
        count = 0
        for index, frame in enumerate(container.decode(video=0)):
            if index < first:
                continue
            if count == LOOP_FRAMES:
                break
            scaled = frame.reformat(width=WIDTH_PX, height=HEIGHT_PX, format="yuv420p", interpolation="BICUBIC")
            scaled.pts, scaled.time_base, scaled.pict_type = count, Fraction(1, FPS), 0
            for packet in context.encode(scaled):
                out.write(bytes(packet))
            count += 1
        for packet in context.encode(None):
            out.write(bytes(packet))
    partial.replace(path)
