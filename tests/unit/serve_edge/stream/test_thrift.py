"""What isn't decoded is never missed: streams with and without B-pictures, at several rates."""

import threading
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace

import av
import numpy as np
import pytest
from pydantic import SecretStr

from dongsun.contract.clock import SystemClock
from dongsun.serve_edge.stream.feed_settings import FeedSettings
from dongsun.serve_edge.stream.picture_source import SourceEndedError, open_source
from dongsun.serve_edge.stream.thrift import Thrift

SECONDS = 6


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("streams")


def stream(folder: Path, fps: int, b_pictures: int, codec: str) -> Path:
    """A moving bar: B-pictures as asked, never fewer because they don't pay."""
    path = folder / f"{codec}-{fps}-{b_pictures}.mp4"
    if path.is_file():
        return path
    library, params = {
        "h264": ("libx264", f"x264-params=bframes={b_pictures}:b-adapt=0:b-pyramid=none:keyint={2 * fps}:scenecut=0"),
        "h265": (
            "libx265",
            f"x265-params=bframes={b_pictures}:b-adapt=0:b-pyramid=0:keyint={2 * fps}:scenecut=0:log-level=none",
        ),
    }[codec]
    name, _, value = params.partition("=")
    rng = np.random.default_rng(0)
    ground = rng.integers(60, 90, (96, 160, 3), np.uint8)
    with av.open(str(path), "w") as container:
        out = container.add_stream(library, rate=fps, options={"preset": "ultrafast", name: value})
        out.width, out.height, out.pix_fmt, out.time_base = 160, 96, "yuv420p", Fraction(1, fps)
        for index in range(SECONDS * fps):
            picture = ground.copy()
            picture[:, index % 150 : index % 150 + 10] = 220
            container.mux(out.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        container.mux(out.encode())
    return path


def decoded_s(path: Path, wanted_fps: float) -> tuple[list[float], bool]:
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        video.codec_context.thread_count = 1
        thrift, times = Thrift(video.codec_context, wanted_fps), []
        for packet in container.demux(video):
            thrift.packet()
            for picture in packet.decode():
                thrift.decoded(picture.time)
                times.append(picture.time)
        return times, thrift.skips


@pytest.mark.parametrize("codec", ["h264", "h265"])
@pytest.mark.parametrize(
    ("fps", "b_pictures", "wanted_fps", "skips"),
    [
        (15, 0, 5, True),  # nothing to skip, nothing lost
        (15, 1, 5, True),  # 7.5 a second refer to each other
        (15, 3, 5, False),  # 3.75 would: too few
        (30, 3, 5, True),  # 7.5
        (24, 3, 10, False),
    ],
)
def test_never_fewer_than_wanted(
    folder: Path, codec: str, fps: int, b_pictures: int, wanted_fps: float, skips: bool
) -> None:
    times, skipping = decoded_s(stream(folder, fps, b_pictures, codec), wanted_fps)
    after_trial = [time_s for time_s in times if 2.0 <= time_s < SECONDS - 1]
    assert skipping is skips
    assert len(after_trial) >= wanted_fps * (SECONDS - 3) * 0.95
    if skips and b_pictures:
        assert len(times) <= SECONDS * fps / (1 + b_pictures) + SECONDS  # a group of pictures may end early
    else:
        assert len(after_trial) == pytest.approx(fps * (SECONDS - 3), abs=1)


class Hurried(SystemClock):
    """Never waits: a file plays as fast as it can."""

    def wait(self, event: threading.Event, seconds: float) -> bool:
        return event.is_set()


def context() -> SimpleNamespace:
    return SimpleNamespace(skip_frame="DEFAULT")


def test_slow_or_lossy_streams_are_no_reason_to_decode_more() -> None:
    thrift = Thrift(context(), 5)  # type: ignore[arg-type]
    for stamp_s in (0.0, 0.5, 1.1, 9.0, 9.4, 10.5):
        thrift.packet()
        thrift.decoded(stamp_s)
    assert thrift.skips


def test_a_stream_without_stamps_is_decoded_whole() -> None:
    decoder = context()
    Thrift(decoder, 5).decoded(None)  # type: ignore[arg-type]
    assert decoder.skip_frame == "DEFAULT"


def test_stamps_that_begin_anew_are_a_new_second() -> None:
    thrift = Thrift(context(), 5)  # type: ignore[arg-type]
    for k in range(100):
        thrift.packet()
        thrift.decoded(k % 13 / 10)
    assert thrift.skips


def test_a_camera_with_many_b_pictures_is_looked_at_as_often_as_wanted(folder: Path) -> None:
    settings = FeedSettings(camera_id="door", address=SecretStr(str(stream(folder, 15, 3, "h264"))), analysis_fps=5)
    stamps = []
    with pytest.raises(SourceEndedError):
        for raw in open_source(settings, Hurried(), threading.Event()).pictures():
            stamps.append(raw.stamp_s)
    assert np.diff([s for s in stamps if s >= 2.0]).max() < 0.2
