"""A camera's feed against a real RTSP server that stalls, garbles, drops and comes back."""

import multiprocessing
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from pydantic import SecretStr

from dongsun.contract.clock import Clock, SystemClock
from dongsun.serve_edge.stream import camera_feed
from dongsun.serve_edge.stream.address import redacted
from dongsun.serve_edge.stream.backoff import Backoff
from dongsun.serve_edge.stream.camera_feed import CameraFeed, FeedState
from dongsun.serve_edge.stream.captured_frame import CapturedFrame, Gap, GapReason
from dongsun.serve_edge.stream.feed_settings import FeedSettings
from dongsun.serve_edge.stream.picture import Converter, Picture
from dongsun.serve_edge.stream.picture_source import RawPicture, StreamLostError
from dongsun.twin.rtsp.relay import RtspRelay

FPS = 20


def coded(container: av.container.OutputContainer, seconds: float, by_the_clock: bool) -> None:
    rng = np.random.default_rng(0)
    stream = container.add_stream("libx264", rate=FPS, options={"tune": "zerolatency", "preset": "ultrafast"})
    stream.width, stream.height, stream.pix_fmt, stream.gop_size = 160, 96, "yuv420p", 5
    began = time.monotonic()
    for index in range(round(FPS * seconds)):
        picture = rng.integers(0, 255, (96, 160, 3), np.uint8) // 8 + 40
        picture[:, : 8 + index % 100] = 220
        container.mux(stream.encode(av.VideoFrame.from_ndarray(picture.astype(np.uint8), "bgr24")))
        if by_the_clock:
            time.sleep(max(0.0, began + index / FPS - time.monotonic()))
    container.mux(stream.encode())


def push_for_ever(url: str) -> None:
    """A camera that pushes again whenever it is dropped."""
    while True:
        try:
            with av.open(url, "w", format="rtsp", options={"rtsp_transport": "tcp"}) as container:
                coded(container, 60, by_the_clock=True)
        except (OSError, av.FFmpegError):
            time.sleep(0.2)


@pytest.fixture
def relay() -> Iterator[RtspRelay]:
    with RtspRelay() as server:
        yield server


@pytest.fixture
def camera(relay: RtspRelay) -> Iterator[str]:
    process = multiprocessing.get_context("spawn").Process(target=push_for_ever, args=(relay.url("door"),))
    process.start()
    wait_for(lambda: relay.has_camera("door"), 30)
    yield relay.url("door")
    process.kill()
    process.join(10)


def wait_for(condition: Callable[[], bool], seconds: float) -> None:
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up, "it never happened"
        time.sleep(0.02)


def feed_of(address: str, **settings: float | int | bool) -> CameraFeed:
    quick = {
        "analysis_fps": 10,
        "open_timeout_s": 3,
        "read_timeout_s": 1.5,
        "stall_s": 0.7,
        "backoff_first_s": 0.2,
        "backoff_most_s": 0.5,
    }
    return CameraFeed(FeedSettings(camera_id="door", address=SecretStr(address), **(quick | settings)), SystemClock())


@pytest.fixture
def feeds() -> Iterator[list[CameraFeed]]:
    started: list[CameraFeed] = []
    yield started
    for feed in started:
        assert feed.stop(5)


def taken(feed: CameraFeed, seconds: float) -> list[CapturedFrame | Gap]:
    items, until = [], time.monotonic() + seconds
    while time.monotonic() < until:
        if item := feed.take(0.05):
            items.append(item)
    return items


def frames_of(items: list[CapturedFrame | Gap]) -> list[CapturedFrame]:
    return [item for item in items if isinstance(item, CapturedFrame)]


def until_frames(feed: CameraFeed, count: int, seconds: float = 15) -> list[CapturedFrame | Gap]:
    items: list[CapturedFrame | Gap] = []

    def enough() -> bool:
        items.extend(taken(feed, 0.1))
        return len(frames_of(items)) >= count

    wait_for(enough, seconds)
    return items


def test_a_live_camera_at_the_analysis_rate(camera: str, feeds: list[CameraFeed]) -> None:
    feeds.append(feed := feed_of(camera))
    feed.start()
    until_frames(feed, 1)
    frames = frames_of(taken(feed, 2.0))
    assert 15 <= len(frames) <= 23 and feed.state is FeedState.LIVE
    times = np.array([frame.stream_time_s for frame in frames])
    assert np.diff(times).min() > 0.04 and np.diff(times).max() < 0.4
    assert frames[0].picture_bgr.shape == (96, 160, 3) and frames[0].captured_at_utc.utcoffset() is not None
    counters = feed.counters()
    assert counters.decoded > 1.5 * counters.handed_on and counters.failures == 0


def test_slow_analysis_gets_the_newest_pictures(camera: str, feeds: list[CameraFeed]) -> None:
    feeds.append(feed := feed_of(camera, buffer_frames=2))
    feed.start()
    until_frames(feed, 1)
    time.sleep(0.6)
    behind = time.monotonic()
    newest = [item for item in (feed.take(0.1), feed.take(0.1)) if isinstance(item, CapturedFrame)][-1]
    assert feed.counters().dropped >= 2
    assert newest.stream_time_s > (behind - feed._began_s) - 0.4


def test_a_stall_is_a_gap_and_ends_in_a_new_connection(relay: RtspRelay, camera: str, feeds: list[CameraFeed]) -> None:
    feeds.append(feed := feed_of(camera))
    feed.start()
    until_frames(feed, 3)
    relay.stalled = True
    gaps = [item for item in taken(feed, 1.4) if isinstance(item, Gap)]
    assert feed.state is not FeedState.LIVE
    assert gaps and gaps[0].reason is GapReason.STALLED and gaps[0].to_s - gaps[0].from_s >= 0.7
    wait_for(lambda: feed.counters().failures >= 1, 5)
    relay.stalled = False
    items = until_frames(feed, 3)
    assert feed.counters().connections >= 2 and feed.last_error
    stops = [item.to_s if isinstance(item, Gap) else item.stream_time_s for item in items]
    assert stops == sorted(stops)


def test_a_server_that_restarts(relay: RtspRelay, camera: str, feeds: list[CameraFeed]) -> None:
    feeds.append(feed := feed_of(camera))
    feed.start()
    before = frames_of(until_frames(feed, 3))[-1]
    relay.disconnect()
    wait_for(lambda: feed.counters().failures >= 1, 10)
    after = frames_of(until_frames(feed, 3))
    assert after[0].stream_time_s > before.stream_time_s and after[0].index > before.index


def test_garbage_is_withheld_and_counted(relay: RtspRelay, camera: str, feeds: list[CameraFeed]) -> None:
    feeds.append(feed := feed_of(camera))
    feed.start()
    until_frames(feed, 3)
    relay.garbled = True
    wait_for(lambda: sum(feed.counters().faulty.values()) > 3 or feed.counters().failures > 0, 10)
    relay.garbled = False
    until_frames(feed, 5)
    assert feed.state is FeedState.LIVE


def test_a_dead_camera_costs_another_nothing(camera: str, feeds: list[CameraFeed]) -> None:
    dead = feed_of("rtsp://127.0.0.1:9/none", backoff_most_s=0.2)
    feeds.extend([dead, feed := feed_of(camera)])
    dead.start()
    feed.start()
    until_frames(feed, 1)
    assert len(frames_of(taken(feed, 2.0))) >= 15
    gap = dead.take(2.0)
    assert isinstance(gap, Gap) and dead.counters().failures >= 2 and dead.counters().connections == 0


class Hanging:
    """A source whose first connections hang beyond all time-outs, until they're let go; the next ones play."""

    def __init__(self, hang: int) -> None:
        self.hang, self.calls, self.let_go, self.lost = hang, 0, threading.Event(), 0

    def __call__(self, settings: FeedSettings, clock: Clock, stop: threading.Event) -> "Hanging":
        self.calls += 1
        if self.calls <= self.hang:
            self.let_go.wait(30)
            self.lost += 1
            raise StreamLostError("it came back at last, and failed")
        return self

    def pictures(self) -> Iterator[RawPicture]:
        for number in range(10_000):
            picture = np.full((48, 64, 3), 90 + number % 100, np.uint8)
            picture[:, : 8 + number % 40] = 220
            yield RawPicture(number / FPS, Picture(picture, Converter()), corrupt=False)
            time.sleep(1 / FPS)

    def close(self) -> None:
        pass


def test_a_connection_that_hangs_is_replaced_and_has_no_say_when_it_wakes(
    feeds: list[CameraFeed], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Hanging(1)
    monkeypatch.setattr(camera_feed, "open_source", source)
    monkeypatch.setattr(camera_feed, "_GRACE_S", 0.2)
    feeds.append(feed := feed_of("rtsp://192.0.2.1/x", open_timeout_s=0.2, read_timeout_s=0.2))
    feed.start()
    until_frames(feed, 2)
    source.let_go.set()
    wait_for(lambda: source.lost == 1, 5)
    taken(feed, 0.3)
    assert feed.state is FeedState.LIVE and feed.last_error == ""
    assert (feed.counters().abandoned, feed.counters().failures) == (1, 0)


def test_connections_that_all_hang_do_not_pile_up(feeds: list[CameraFeed], monkeypatch: pytest.MonkeyPatch) -> None:
    source = Hanging(1_000)
    monkeypatch.setattr(camera_feed, "open_source", source)
    monkeypatch.setattr(camera_feed, "_GRACE_S", 0.0)
    feeds.append(feed := feed_of("rtsp://192.0.2.1/x", open_timeout_s=0.02, read_timeout_s=0.02))
    feed.start()
    taken(feed, 1.5)
    assert source.calls == feed.counters().abandoned + 1 == 9
    source.let_go.set()


def test_a_file_plays_by_the_clock_and_closes_or_begins_again(tmp_path: Path, feeds: list[CameraFeed]) -> None:
    with av.open(str(tmp_path / "clip.mp4"), "w") as container:
        coded(container, 1.0, by_the_clock=False)
    feeds.append(once := feed_of(str(tmp_path / "clip.mp4"), buffer_frames=30))
    once.start()
    wait_for(lambda: once.state is FeedState.CLOSED, 5)
    times = [frame.stream_time_s for frame in frames_of(taken(once, 0.2))]
    assert len(times) == 10 and times[-1] - times[0] == pytest.approx(0.9, abs=0.06)
    feeds.append(again := feed_of(str(tmp_path / "clip.mp4"), loop=True))
    again.start()
    assert len(frames_of(taken(again, 2.6))) >= 18 and again.counters().connections >= 2


def test_a_folder_of_pictures_and_a_damaged_one(tmp_path: Path, feeds: list[CameraFeed]) -> None:
    import cv2

    rng = np.random.default_rng(1)
    for k in range(6):
        cv2.imwrite(str(tmp_path / f"{k}.png"), rng.integers(0, 255, (48, 64, 3), np.uint8))
    (tmp_path / "3.png").write_bytes(b"no picture")
    feeds.append(feed := feed_of(str(tmp_path), analysis_fps=20, buffer_frames=10))
    feed.start()
    wait_for(lambda: feed.state is FeedState.CLOSED, 5)
    assert len(frames_of(taken(feed, 0.2))) == 5 and feed.counters().faulty == {GapReason.CORRUPT: 1}


def test_passwords_stay_out(feeds: list[CameraFeed], caplog: pytest.LogCaptureFixture) -> None:
    settings = FeedSettings(camera_id="door", address=SecretStr("rtsp://admin:s3cret@127.0.0.1:9/x"))
    feeds.append(feed := CameraFeed(settings, SystemClock()))
    feed.start()
    wait_for(lambda: feed.counters().failures >= 1, 5)
    assert "s3cret" not in f"{settings!r} {feed.last_error} {caplog.text}" and feed.last_error
    assert redacted("open rtsp://a:b@h/1 and RTSP://c@h/2") == "open rtsp://***@h/1 and RTSP://***@h/2"


def test_waits_grow_to_their_cap_and_scatter() -> None:
    waits = [Backoff(1, 60, seed=s) for s in range(50)]
    rows = np.array([[wait.next_s() for _ in range(10)] for wait in waits])
    reach = np.minimum(60, 2.0 ** np.arange(10))
    assert (rows >= reach / 2).all() and (rows <= reach).all() and (rows.std(axis=0) > 0.05 * reach).all()
    waits[0].reset()
    assert waits[0].next_s() <= 1
