"""How many cameras a station carries: N RTSP cameras at 720p and 15 fps, analysed at 5 fps, through `dongsun-edge run`.

    OMP_NUM_THREADS=1 python -m bench.station --duty quiet --gate on --from 8 --to 32

Cameras are served by a process of its own on the same cores (see `bench.station_camera`), whose cost is in the table.
A number of cameras is carried if the 95th percentile of capture-to-event latency is at most 0.5 s for the worst
camera, at most 1 % of the pictures are dropped, every camera is decoded at its full rate, and nothing waits in a
server's queue. The largest such number is searched by halving between `--from` and `--to`. Latency is the station's
own word (`/v1/status`), since its start: from when a picture was taken, by the station's clocks, to its crossings
being written.
"""

import argparse
import contextlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil
import yaml

from bench.station_clip import DUTIES, FPS, Clip, prepared

ANALYSIS_FPS = 5
_MOST_LATENCY_S = 0.5
_MOST_DROPPED = 0.01
_LEAST_RATE = 0.98
_MOST_WAITING_BYTES = 500_000
_CONNECT_S = 60.0


@dataclass(frozen=True)
class Trial:
    """What a station with so many cameras did; shares of what should have been in the seconds measured.

    Attributes:
        cameras: RTSP cameras.
        p50_s: Latency, median over cameras of each one's median.
        p95_s: The worst camera's 95th percentile.
        dropped: Share of the pictures to be analysed that were dropped or never handed on.
        decoded: Share of the cameras' pictures that were decoded.
        gated: Share of the pictures handed on that the gate kept from the detector.
        station_cores: CPU time of the station's process tree per second.
        serving_cores: CPU time of the camera server per second.
        memory_mb: The station's resident set at the end.
        waiting_kb: The most that a camera had to hold back.
        serving_late_s: The latest that a camera sent a picture.
        other_load: 1-minute load average of the machine before the trial.
        carried: Whether all limits were kept.
    """

    cameras: int
    p50_s: float
    p95_s: float
    dropped: float
    decoded: float
    gated: float
    station_cores: float
    serving_cores: float
    memory_mb: float
    waiting_kb: float
    serving_late_s: float
    other_load: float
    carried: bool


@dataclass(frozen=True)
class Setting:
    """What is tried."""

    bundle: Path
    duty: str
    gate: bool
    settle_s: float
    seconds: float
    cores: int | None


def trial(count: int, clip: Clip, setting: Setting) -> Trial:
    """Runs a station with `count` cameras."""
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as scratch, _serving(clip, count) as (server, port):
        with _station(Path(scratch), setting, port, count) as (station, page):
            _wait_until_live(page, station)
            time.sleep(setting.settle_s)
            before, began_s = _status(page), time.monotonic()
            cpu = _cpu_s(station.pid), _cpu_s(server.pid)
            time.sleep(setting.seconds)
            after, lasted_s = _status(page), time.monotonic() - began_s
            used = _cpu_s(station.pid) - cpu[0], _cpu_s(server.pid) - cpu[1]
            memory = psutil.Process(station.pid).memory_info().rss
        server.terminate()
        held = json.loads(server.communicate(timeout=10)[0])
    return _judged(count, before, after, lasted_s, used, memory, held, load)


def _judged(
    count: int, before: Any, after: Any, lasted_s: float, used: tuple[float, float], memory: int, held: Any, load: float
) -> Trial:
    pairs = list(zip(before["cameras"], after["cameras"], strict=True))

    def grown(name: str) -> int:
        return sum(int(b["counters"][name]) - int(a["counters"][name]) for a, b in pairs)

    expected = count * lasted_s * ANALYSIS_FPS
    handed_on = grown("handed_on")
    gated = sum(b["gated"] - a["gated"] for a, b in pairs)
    p50 = sorted(b["latency_p50_s"] for _, b in pairs)[count // 2]
    p95 = max(b["latency_p95_s"] for _, b in pairs)
    # The edges of the time measured cut a picture of each camera.
    dropped = grown("dropped") / expected + max(0.0, 1 - (handed_on + 2 * count) / expected)
    decoded = (grown("decoded") + 2 * count) / (count * lasted_s * FPS)
    waiting = held["waiting_bytes"]
    kept = (p95 <= _MOST_LATENCY_S, dropped <= _MOST_DROPPED, decoded >= _LEAST_RATE, waiting <= _MOST_WAITING_BYTES)
    return Trial(
        cameras=count,
        p50_s=round(p50, 3),
        p95_s=round(p95, 3),
        dropped=round(dropped, 4),
        decoded=round(min(1.0, decoded), 4),
        gated=round(gated / max(1, handed_on), 3),
        station_cores=round(used[0] / lasted_s, 3),
        serving_cores=round(used[1] / lasted_s, 3),
        memory_mb=round(memory / 1e6, 1),
        waiting_kb=round(waiting / 1e3, 1),
        serving_late_s=round(held["late_s"], 3),
        other_load=round(load, 2),
        carried=all(kept),
    )


@contextlib.contextmanager
def _serving(clip: Clip, count: int) -> Iterator[tuple[subprocess.Popen[str], int]]:
    command = [sys.executable, "-m", "bench.station_camera", str(clip.path), str(count)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        yield server, int(server.stdout.readline())
    finally:
        server.kill()
        server.wait()


@contextlib.contextmanager
def _station(
    folder: Path, setting: Setting, rtsp_port: int, count: int
) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    stores = yaml.safe_load(Path("conf/store/electronics-flagship.yaml").read_text(encoding="utf-8"))
    camera = stores["cameras"][DUTIES[setting.duty].camera_id]
    cameras = {f"cam{k}": camera | {"source": f"rtsp://127.0.0.1:{rtsp_port}/cam{k}"} for k in range(count)}
    store = {"id": "load", "timezone": "UTC", "business_day_starts": "00:00", "cameras": cameras}
    log = folder / "station.log"
    station = {
        "station_id": "load",
        "store": "store.yaml",
        "bundle": str(setting.bundle.resolve()),
        "data_dir": "data",
        "threads": setting.cores,
        "streams": {"analysis_fps": ANALYSIS_FPS},
        "motion_gate": {"enabled": setting.gate},
        "http": {"port": 0},
    }
    (folder / "store.yaml").write_text(yaml.safe_dump(store), encoding="utf-8")
    (folder / "station.yaml").write_text(yaml.safe_dump(station), encoding="utf-8")
    with log.open("wb") as out:
        command = [sys.executable, "-m", "dongsun.serve_edge", "run", "--config", str(folder / "station.yaml")]
        process = subprocess.Popen(command, stdout=out, stderr=out)
    try:
        yield process, _page_of(log, process)
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(15)
        process.kill()
        process.wait()


def _page_of(log: Path, process: subprocess.Popen[bytes]) -> str:
    mark = "status at "
    until_s = time.monotonic() + _CONNECT_S
    while time.monotonic() < until_s:
        text = log.read_text(encoding="utf-8")
        if mark in text:
            return text.partition(mark)[2].split("/v1/status")[0] + "/v1/status"
        if process.poll() is not None:
            break
        time.sleep(0.1)
    raise SystemExit(f"the station doesn't start:\n{log.read_text(encoding='utf-8')}")


def _status(page: str) -> Any:
    with urllib.request.urlopen(page, timeout=60) as answer:
        return json.load(answer)


def _wait_until_live(page: str, station: subprocess.Popen[bytes]) -> None:
    until_s = time.monotonic() + _CONNECT_S
    while time.monotonic() < until_s and station.poll() is None:
        if all(c["latency_p95_s"] is not None for c in _status(page)["cameras"]):
            return
        time.sleep(0.5)
    raise SystemExit("not every camera came alive")


def _cpu_s(process: int) -> float:
    root = psutil.Process(process)
    times = [each.cpu_times() for each in (root, *root.children(recursive=True))]
    return float(sum(t.user + t.system for t in times))


def search(least: int, most: int, clip: Clip, setting: Setting) -> list[Trial]:
    """Halves between a number that's carried (or 0) and one that isn't (or one above `most`)."""
    trials: list[Trial] = []
    carried, too_many = least - 1, most + 1
    count = least
    while carried + 1 < too_many:
        trials.append(trial(count, clip, setting))
        print(_row(trials[-1]), flush=True)
        if trials[-1].carried:
            carried = count
        else:
            too_many = count
        count = (carried + too_many) // 2
    return trials


def _row(trial: Trial) -> str:
    cells = asdict(trial) | {"carried": "yes" if trial.carried else "no"}
    return "| " + " | ".join(str(cell) for cell in cells.values()) + " |"


def main() -> None:
    """Searches and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundle", type=Path, default=Path("bundles/demo"))
    parser.add_argument("--duty", choices=DUTIES, default="quiet")
    parser.add_argument("--gate", choices=("on", "off"), default="on")
    parser.add_argument("--from", dest="least", type=int, default=4)
    parser.add_argument("--to", dest="most", type=int, default=40)
    parser.add_argument("--settle", type=float, default=10.0, help="seconds before measuring")
    parser.add_argument("--seconds", type=float, default=30.0, help="seconds measured")
    parser.add_argument("--cores", type=int, help="run everything on so many cores; by default on all")
    parser.add_argument(
        "--work", type=Path, default=Path(tempfile.gettempdir()) / "dongsun-load", help="keeps the clips"
    )
    parser.add_argument("--out", type=Path, help="writes the trials as JSON")
    given = parser.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    clip = prepared(DUTIES[given.duty], given.work)
    if given.cores:
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: given.cores])
    setting = Setting(given.bundle, given.duty, given.gate == "on", given.settle, given.seconds, given.cores)
    print(f"{_processor()}, {len(os.sched_getaffinity(0))} cores, Python {platform.python_version()}")
    print(
        f"{given.bundle}, {given.duty} (people in {clip.people_share:.0%} of pictures, {clip.kbit_per_s:.0f} kbit/s), "
        f"gate {given.gate}, {given.seconds:g} s after {given.settle:g} s"
    )
    names = list(Trial.__dataclass_fields__)
    print("| " + " | ".join(names) + " |\n|" + "---|" * len(names), flush=True)
    trials = search(given.least, given.most, clip, setting)
    largest = max((each.cameras for each in trials if each.carried), default=0)
    print(f"largest number carried: {largest}" + (" (or more)" if largest == given.most else ""))
    if given.out:
        given.out.write_text(json.dumps([asdict(each) for each in trials], indent=1) + "\n", encoding="utf-8")


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


if __name__ == "__main__":
    main()
