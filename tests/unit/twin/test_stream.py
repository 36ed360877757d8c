"""A camera's live stream, taken by a listener on this machine."""

import multiprocessing
import socket
import time
from pathlib import Path

import av
import pytest

from dongsun.contract.store import load_store
from dongsun.twin.crowd.simulate import simulate
from dongsun.twin.crowd.trajectories import Trajectories
from dongsun.twin.film.stream import stream_camera
from dongsun.twin.plan.twin_plan import TwinPlan, twin_plan

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
