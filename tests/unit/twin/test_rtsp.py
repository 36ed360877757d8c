"""The rehearsal server: a real push by libav, a real viewer, and the ways in which it can misbehave."""

import multiprocessing
import socket
import time
from collections.abc import Iterator

import av
import numpy as np
import pytest

from dongsun.twin.rtsp.message import Packet, Request, response
from dongsun.twin.rtsp.relay import RtspRelay

FPS, SECONDS = 20, 12


def push(url: str) -> None:
    """A camera: grey pictures whose brightness counts upward, by the clock."""
    with av.open(url, "w", format="rtsp", options={"rtsp_transport": "tcp"}) as container:
        stream = container.add_stream("libx264", rate=FPS, options={"tune": "zerolatency", "preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt, stream.gop_size = 160, 96, "yuv420p", 5
        began = time.monotonic()
        for index in range(FPS * SECONDS):
            picture = np.full((96, 160, 3), 40 + index % 160, np.uint8)
            picture[:, : 8 + index % 100] = 220
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "bgr24")))
            time.sleep(max(0.0, began + index / FPS - time.monotonic()))
        container.mux(stream.encode())


@pytest.fixture
def relay() -> Iterator[RtspRelay]:
    with RtspRelay() as server:
        yield server


@pytest.fixture
def camera(relay: RtspRelay) -> Iterator[str]:
    # A process of its own: libav holds the interpreter while it waits.
    process = multiprocessing.get_context("spawn").Process(target=push, args=(relay.url("door"),))
    process.start()
    give_up = time.monotonic() + 30
    while not relay.has_camera("door"):
        assert process.is_alive() and time.monotonic() < give_up, "the camera was not taken"
        time.sleep(0.02)
    yield relay.url("door")
    process.kill()
    process.join(10)


def opened(url: str) -> av.container.InputContainer:
    return av.open(url, options={"rtsp_transport": "tcp"}, timeout=(5, 1.5))


def frames(container: av.container.InputContainer, count: int) -> list[np.ndarray]:
    found = []
    for frame in container.decode(video=0):
        found.append(frame.to_ndarray(format="gray"))
        if len(found) == count:
            return found
    return found


def test_what_a_camera_pushes_two_viewers_see(relay: RtspRelay, camera: str) -> None:
    with opened(camera) as one, opened(camera) as other:
        seen, also = frames(one, 8), frames(other, 8)
    assert len(seen) == len(also) == 8
    brightness = [int(picture[:, -1].mean()) for picture in seen]
    assert np.diff(brightness).min() >= 0 and brightness[-1] > brightness[0]


def test_a_stall_hangs_and_ends_by_the_viewers_time_out(relay: RtspRelay, camera: str) -> None:
    with opened(camera) as container:
        assert len(frames(container, 3)) == 3
        relay.stalled = True
        with pytest.raises(av.error.FFmpegError):
            frames(container, 500)
        relay.stalled = False
    with opened(camera) as again:
        assert len(frames(again, 3)) == 3


def test_garbage_spoils_pictures_not_the_connection(relay: RtspRelay, camera: str) -> None:
    with opened(camera) as container:
        assert len(frames(container, 2)) == 2
        relay.garbled = True
        time.sleep(0.5)
        relay.garbled = False
        assert len(frames(container, 12)) == 12


def test_a_server_that_goes_away_ends_the_stream(relay: RtspRelay, camera: str) -> None:
    with opened(camera) as container:
        assert len(frames(container, 2)) == 2
        relay.disconnect()
        try:
            left = frames(container, 500)
        except av.error.FFmpegError:
            left = []
        assert len(left) < 100
    with pytest.raises(av.error.FFmpegError):
        opened(relay.url("nobody"))


@pytest.mark.parametrize(
    ("said", "answered"),
    [
        ("OPTIONS * RTSP/1.0\r\nCSeq: 7\r\n\r\n", "RTSP/1.0 200 OK\r\nCSeq: 7\r\nPublic: OPTIONS"),
        ("DESCRIBE rtsp://x/none RTSP/1.0\r\nCSeq: 1\r\n\r\n", "RTSP/1.0 404"),
        ("PAUSE rtsp://x/none RTSP/1.0\r\nCSeq: 1\r\n\r\n", "RTSP/1.0 405"),
        ("SETUP rtsp://x/a/0 RTSP/1.0\r\nTransport: RTP/AVP;unicast;client_port=1-2\r\n\r\n", "RTSP/1.0 461"),
        ("SETUP rtsp://x/a/0 RTSP/1.0\r\nTransport: RTP/AVP/TCP;interleaved=0-1\r\n\r\n", "RTSP/1.0 404"),
        ("GET / HTTP/1.1\r\n\r\n", ""),
    ],
)
def test_answers(relay: RtspRelay, said: str, answered: str) -> None:
    with socket.create_connection(("127.0.0.1", relay.port), timeout=5) as talk:
        talk.sendall(said.encode())
        assert talk.recv(4096).decode().startswith(answered)


def test_wire_format() -> None:
    assert Packet(2, b"abc").encoded() == b"$\x02\x00\x03abc"
    request = Request("DESCRIBE", "/a", {"cseq": "3"}, b"")
    assert response(request, "200 OK", {"A": "b"}, b"v=0") == (
        b"RTSP/1.0 200 OK\r\nCSeq: 3\r\nA: b\r\nContent-Length: 3\r\n\r\nv=0"
    )


def test_a_port_in_use_is_an_error(relay: RtspRelay) -> None:
    with pytest.raises(OSError), RtspRelay(relay.port):
        pass
