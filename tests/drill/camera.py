"""A camera whose every picture is known: somebody crosses the middle every few seconds of the wall clock."""

import math
import time
from pathlib import Path

import av
import numpy as np

from tests.unit.serve_edge.conftest import HEIGHT, WIDTH, Picture, figures

FPS = 15
EVERY_S = 5.0
CROSSES_AT_S = 2.5
"""Into each period: the figure is in the middle."""
_WALL = np.linspace(50, 130, HEIGHT, dtype=np.uint8)[:, None, None]
"""A wall with some light on it: a picture of one shade shows nothing, as the station knows."""
BLUES = (0, 50, 100, 150, 200, 250)


def picture_at(wall_s: float) -> Picture:
    """What the camera sees at a time of the wall clock, with a little noise, as sensors have."""
    number, phase = divmod(wall_s, EVERY_S)
    x = -20 + (WIDTH + 40) * phase / EVERY_S
    picture = figures([((x, 150.0), BLUES[int(number) % len(BLUES)])])
    picture = np.where((picture == 90).all(axis=2, keepdims=True), _WALL, picture)
    noise = np.random.default_rng(int(wall_s * FPS)).integers(-2, 3, (HEIGHT, WIDTH, 1))
    return np.asarray(np.clip(picture.astype(np.int16) + noise, 0, 255), np.uint8)


def crossings_between(from_s: float, to_s: float) -> list[float]:
    """When somebody crossed, in seconds of the wall clock."""
    first = math.ceil((from_s - CROSSES_AT_S) / EVERY_S)
    last = math.floor((to_s - CROSSES_AT_S) / EVERY_S)
    return [number * EVERY_S + CROSSES_AT_S for number in range(first, last + 1)]


def push(url: str, capped: Path) -> None:
    """Pushes for ever, again whenever it's dropped; while the file `capped` exists, a cap is on the lens."""
    while True:
        try:
            _push_once(url, capped)
        except (OSError, av.FFmpegError):
            time.sleep(0.2)


def _push_once(url: str, capped: Path) -> None:
    with av.open(url, "w", format="rtsp", options={"rtsp_transport": "tcp"}) as container:
        options = {"tune": "zerolatency", "preset": "ultrafast", "crf": "12"}
        stream = container.add_stream("libx264", rate=FPS, options=options)
        stream.width, stream.height, stream.pix_fmt, stream.gop_size = WIDTH, HEIGHT, "yuv420p", FPS
        while True:
            due_s = math.ceil(time.time() * FPS) / FPS
            time.sleep(max(0.0, due_s - time.time()))
            picture = np.full((HEIGHT, WIDTH, 3), 8, np.uint8) if capped.exists() else picture_at(due_s)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "bgr24")))
