"""A camera's live stream, taken by a listener on this machine."""

import multiprocessing
import socket
import time
from pathlib import Path

import av
import pytest
import yaml

from dongsun.contract.errors import DongsunError
from dongsun.contract.stage import SilentRunLog
from dongsun.contract.store import load_store
from dongsun.twin.crowd.simulate import simulate
from dongsun.twin.crowd.trajectories import Trajectories
from dongsun.twin.film.stream import stream_camera
from dongsun.twin.plan.twin_plan import TwinPlan, twin_plan
from dongsun.twin.run_stream import StreamStage

DEMO = Path(__file__).parents[3] / "conf" / "store" / "demo.yaml"


@pytest.fixture(scope="module")
def plan() -> TwinPlan:
    return twin_plan(load_store(DEMO), DEMO).model_copy(update={"width_px": 160, "height_px": 90})


@pytest.fixture(scope="module")
def crowd(plan: TwinPlan) -> Trajectories:
    return simulate(plan, (1, 2), seed=1, duration_s=1.5, warmup_s=8)


def test_a_viewer_gets_every_frame_and_not_before_its_time(plan: TwinPlan, crowd: Trajectories, tmp_path: Path) -> None:
    stream_camera(plan, crowd, "entrance", str(tmp_path / "warm.mp4"), realtime=False)  # compiles, casts the backdrop
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"tcp://127.0.0.1:{port}"
    # A process of its own: libav waits for the viewer without letting other threads of the interpreter run.
    camera = multiprocessing.get_context("spawn").Process(
        target=stream_camera,
        args=(plan, crowd, "entrance", f"{url}?listen&listen_timeout=20000"),
        kwargs={"realtime": True},
    )
    camera.start()
    container, began = _connected(url)
    with container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.width, stream.height) == ("h264", 160, 90)
        frames = sum(1 for _ in container.decode(video=0))
    camera.join(10)
    assert camera.exitcode == 0 and frames == 15
    assert time.monotonic() - began >= 1.4


def test_a_file_is_an_address_too(plan: TwinPlan, crowd: Trajectories, tmp_path: Path) -> None:
    assert stream_camera(plan, crowd, "aisle", str(tmp_path / "aisle.mkv"), realtime=False) == 15
    with av.open(str(tmp_path / "aisle.mkv")) as container:
        assert sum(1 for _ in container.decode(video=0)) == 15


def _connected(url: str) -> tuple[av.container.InputContainer, float]:
    """The opened stream, and when the connection was asked for."""
    give_up = time.monotonic() + 30
    while time.monotonic() < give_up:
        try:
            asked = time.monotonic()
            return av.open(url, format="mpegts", timeout=20), asked
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the camera never listened")


def test_a_stage_serves_every_camera_of_the_store(tmp_path: Path) -> None:
    """The real stage with its real server, on a store whose pictures are made small; two viewers watch it live."""
    settings = yaml.safe_load(DEMO.read_text(encoding="utf-8"))
    settings["twin"] |= {"width_px": 160, "height_px": 90}
    small = tmp_path / "small.yaml"
    small.write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    stage = multiprocessing.get_context("spawn").Process(target=_serve, args=(small, port))
    stage.start()
    try:
        frames = [_first_frames(f"rtsp://127.0.0.1:{port}/{camera}", 5) for camera in ("entrance", "aisle")]
    finally:
        stage.join(60)
        alive = stage.is_alive()
        stage.kill()
    assert frames == [5, 5] and not alive and stage.exitcode == 0


def test_a_stream_needs_one_place_to_go(tmp_path: Path) -> None:
    for where in ({"camera_id": None, "url": "x.mp4"}, {"camera_id": "aisle", "url": None}):
        with pytest.raises(DongsunError, match="a port to serve at"):
            StreamStage(store=DEMO, minutes=0.1, seed=1, **where).run(SilentRunLog())
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        stage = StreamStage(store=DEMO, minutes=0.01, seed=1, camera_id=None, url=None, serve=busy.getsockname()[1])
        with pytest.raises(DongsunError, match="choose another port"):
            stage.run(SilentRunLog())


def _serve(store: Path, port: int) -> None:
    stage = StreamStage(store=store, minutes=0.2, seed=1, camera_id=None, url=None, serve=port)
    stage.run(SilentRunLog())


def _first_frames(url: str, count: int) -> int:
    give_up = time.monotonic() + 90
    while time.monotonic() < give_up:
        try:
            with av.open(url, options={"rtsp_transport": "tcp"}, timeout=10) as container:
                return sum(1 for _ in zip(range(count), container.decode(video=0), strict=False))
        except (OSError, av.error.FFmpegError):  # no server yet, or no camera yet
            time.sleep(0.2)
    raise AssertionError(f"nothing to see at {url}")
