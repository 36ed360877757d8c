"""A picture's small version, and that nothing is converted before somebody looks."""

import threading
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from pydantic import SecretStr

from dongsun.contract.clock import SystemClock
from dongsun.contract.preprocess import InputSpec, letterboxed
from dongsun.serve_edge.stream.feed_settings import FeedSettings
from dongsun.serve_edge.stream.picture import SMALL_WIDTH_PX, Converter, Picture
from dongsun.serve_edge.stream.picture_source import SourceEndedError, open_source
from dongsun.serve_edge.stream.video_file import VideoFile

RNG = np.random.default_rng(5)


def shop(height_px: int = 360, width_px: int = 640) -> np.ndarray:
    """Large shapes in soft colours, and noise."""
    coarse = RNG.uniform(40, 210, (6, 10, 3))
    smooth = cv2.resize(coarse, (width_px, height_px), interpolation=cv2.INTER_CUBIC)
    return np.clip(smooth + RNG.normal(0, 3, smooth.shape), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("pixels", ["yuv420p", "yuvj420p", "nv12", "yuv422p", "yuv420p10le", "bgr24"])
def test_the_small_version_shows_what_the_whole_shows(pixels: str) -> None:
    frame = av.VideoFrame.from_ndarray(shop(), format="bgr24").reformat(format=pixels)
    picture = Picture(frame, Converter())
    small = picture.small_bgr()
    averaged = cv2.resize(picture.bgr(), (SMALL_WIDTH_PX, 90), interpolation=cv2.INTER_AREA)
    assert small.shape == (90, SMALL_WIDTH_PX, 3) and small.dtype == np.uint8
    assert np.abs(small.astype(int) - averaged).mean() < 2.0


@pytest.mark.parametrize("size", [(1080, 1920), (576, 704), (480, 641), (48, 64), (1944, 2592)])
def test_any_size_and_pixels_that_are_bgr_already(size: tuple[int, int]) -> None:
    pixels = shop(*size)
    picture = Picture(pixels, Converter())
    assert picture.bgr() is pixels and (picture.height_px, picture.width_px) == size
    assert picture.small_bgr().shape == (round(size[0] * SMALL_WIDTH_PX / size[1]), SMALL_WIDTH_PX, 3)


def test_converted_once_and_only_when_looked_at() -> None:
    frame = av.VideoFrame.from_ndarray(shop(), format="bgr24").reformat(format="yuv420p")
    picture = Picture(frame, Converter())
    assert (picture.height_px, picture.width_px) == (360, 640)
    assert picture.small_bgr() is picture.small_bgr() and picture._bgr is None
    assert picture.bgr() is picture.bgr()
    assert (picture.bgr() == frame.to_ndarray(format="bgr24")).all()


def test_a_converter_serves_a_camera_that_changes_its_size() -> None:
    converter = Converter()
    for size in ((360, 640), (480, 640), (360, 640)):
        small = Picture(av.VideoFrame.from_ndarray(shop(*size), format="bgr24"), converter).small_bgr()
        assert small.shape[0] == size[0] // 4


def test_a_station_and_a_recording_feed_the_detector_the_same_tensor(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10, options={"preset": "ultrafast", "bf": "0"})
        stream.width, stream.height, stream.pix_fmt = 328, 184, "yuv420p"  # rows that libav pads
        for _ in range(6):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(shop(184, 328), format="bgr24")))
        container.mux(stream.encode())
    spec = InputSpec(height_px=96, width_px=160, channels="rgb", resize="letterbox", scale=1 / 255)
    recorded = [letterboxed(frame.picture_bgr, spec)[0] for frame in VideoFile(path).frames()]
    settings = FeedSettings(camera_id="door", address=SecretStr(str(path)))
    live = []
    with pytest.raises(SourceEndedError):
        for raw in open_source(settings, SystemClock(), threading.Event()).pictures():
            assert raw.picture is not None
            raw.picture.small_bgr()  # as health and gate do before
            live.append(letterboxed(raw.picture.bgr(), spec)[0])
    assert len(live) == len(recorded) == 6
    assert all((a == b).all() for a, b in zip(live, recorded, strict=True))
