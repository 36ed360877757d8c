"""Live equals offline: real footage, streamed over RTSP by the clock, counted by the station as a file is counted."""

import math
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from datetime import time as day_time
from fractions import Fraction
from pathlib import Path

import av
import pytest
import yaml

from dongsun.contract.business_day import BusinessCalendar
from dongsun.serve_edge.ledger.ledger import Ledger
from dongsun.twin.rtsp.relay import RtspRelay
from tests.integration.test_count_real import ASSETS, PEOPLE, make_bundle

pytestmark = pytest.mark.skipif(
    not (ASSETS / "detector/yolov8n.pt").is_file(), reason="DONGSUN_ASSETS does not hold the real weights and footage"
)
DOOR = {"from": [0.0, 0.8], "to": [1.0, 0.8], "inside": [0.5, 0.2]}
HELD_S = 6.0
"""The first picture stands so long, while the station connects, and the last one while it settles."""


def push(url: str, clip: Path, go: Path) -> None:
    """A camera: waits for `go` on its first picture, then plays the clip once by the clock."""
    with av.open(str(clip)) as source:
        rate = round(float(source.streams.video[0].average_rate or 12))
        frames = [frame.reformat(format="yuv420p") for frame in source.decode(video=0)]
    with av.open(url, "w", format="rtsp", options={"rtsp_transport": "tcp"}) as container:
        stream = container.add_stream(
            "libx264", rate=rate, options={"tune": "zerolatency", "preset": "ultrafast", "crf": "18"}
        )
        stream.width, stream.height, stream.pix_fmt, stream.gop_size = (
            frames[0].width,
            frames[0].height,
            "yuv420p",
            rate,
        )
        began, sent, at = time.monotonic(), 0, 0
        while at < len(frames) + HELD_S * rate:
            frame = frames[min(at, len(frames) - 1)]
            frame.pts, frame.time_base = sent, Fraction(1, rate)
            frame.pict_type = av.video.frame.PictureType.NONE
            container.mux(stream.encode(frame))
            sent += 1
            at += go.exists()
            time.sleep(max(0.0, began + sent / rate - time.monotonic()))


def test_people_detection_over_rtsp_is_seven_in_and_none_out(tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path / "bundle", tmp_path, 384, 640, PEOPLE, 12)
    with RtspRelay() as relay:
        (tmp_path / "store.yaml").write_text(
            yaml.safe_dump({"id": "real", "timezone": "UTC", "cameras": {"c": {"lines": {"l": DOOR}}}})
        )
        station = {
            "station_id": "box",
            "store": "store.yaml",
            "bundle": str(bundle),
            "data_dir": "data",
            "cameras": {"c": {"value": relay.url("c")}},
            "streams": {"analysis_fps": 12, "backoff_most_s": 1},
            "motion_gate": {"enabled": True},
            "http": {"port": 0},
        }
        (tmp_path / "station.yaml").write_text(yaml.safe_dump(station, sort_keys=False))
        camera = multiprocessing.get_context("spawn").Process(
            target=push, args=(relay.url("c"), ASSETS / "video" / PEOPLE, tmp_path / "go"), daemon=True
        )
        camera.start()
        log = (tmp_path / "station.log").open("wb")
        command = [sys.executable, "-m", "dongsun.serve_edge", "run", "--config", "station.yaml"]
        process = subprocess.Popen(command, cwd=tmp_path, stderr=log, env=os.environ | {"OMP_NUM_THREADS": "1"})
        try:
            _wait_for_windows(tmp_path, process)
            (tmp_path / "go").touch()
            camera.join(180)
            seen = _status(tmp_path)
        finally:
            process.send_signal(signal.SIGTERM)
            code = process.wait(30)
            camera.kill()
    assert code == 0, (tmp_path / "station.log").read_text()
    with _ledger(tmp_path) as ledger:
        found = dict(ledger.rows("SELECT direction, count(*) FROM crossings GROUP BY direction"))
        observed = ledger.rows("SELECT sum(observed_s) FROM windows")[0][0]
    assert found == {"in": 7}, seen
    assert observed > 45


def _wait_for_windows(folder: Path, process: subprocess.Popen[bytes]) -> None:
    """Until the station has kept a first window: then it sees the camera."""
    give_up = time.monotonic() + 120
    while time.monotonic() < give_up:
        assert process.poll() is None, (folder / "station.log").read_text()
        if (folder / "data" / "ledger.db").is_file():
            with _ledger(folder) as ledger:
                if math.isfinite(float(ledger.rows("SELECT coalesce(sum(observed_s), 'inf') FROM windows")[0][0])):
                    return
        time.sleep(1.0)
    raise AssertionError("the station never saw its camera")


def _status(folder: Path) -> str:
    """What the station says of its cameras, for whoever reads a failure."""
    port = re.findall(r"http://127.0.0.1:(\d+)/v1/status", (folder / "station.log").read_text())[0]
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/status", timeout=5) as answer:
        return str(answer.read().decode())


def _ledger(folder: Path) -> Ledger:
    return Ledger(folder / "data" / "ledger.db", BusinessCalendar("UTC", day_time(6)))
