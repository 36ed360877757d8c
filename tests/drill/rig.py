"""Camera, RTSP server, station, broker and receiver: started, broken and asked."""

import contextlib
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from datetime import time as day_time
from pathlib import Path
from typing import Any

import yaml

from dongsun.contract.business_day import BusinessCalendar
from dongsun.serve_edge.ledger.ledger import Ledger
from dongsun.twin.rtsp.relay import RtspRelay
from tests.drill.camera import crossings_between, push
from tests.drill.disk import Disk
from tests.unit.serve_edge.conftest import make_bundle
from tests.unit.serve_edge.forward.conftest import Broker, Listener, free_port

ROOT = Path(__file__).parents[2]
TOLERANCE_S = 1.0


@dataclass
class Rig:
    """Everything, in one folder."""

    folder: Path
    relay: RtspRelay
    broker: Broker
    small_disk: bool = False
    port: int = field(default_factory=free_port)
    station: subprocess.Popen[bytes] | None = None
    _camera: Any = None
    listener: Listener | None = None
    disk: Disk | None = None

    def start(self) -> None:
        """Starts all parts; returns once the station counts."""
        make_bundle(self.folder / "bundle")
        self._write_files()
        self.disk = Disk(self.folder / "data", small=self.small_disk)
        self.broker.start()
        self.listener = Listener(self.broker.port)
        self._camera = multiprocessing.get_context("spawn").Process(
            target=push, args=(self.relay.url("hall"), self.folder / "capped"), daemon=True
        )
        self._camera.start()
        self.start_station()

    def start_station(self) -> None:
        """Starts the station; returns once it says that it's ready."""
        command = [sys.executable, "-m", "tests.drill.station_process", "station.yaml", "offset"]
        log = (self.folder / "station.log").open("ab")
        environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
        self.station = subprocess.Popen(command, cwd=self.folder, stderr=log, stdout=log, env=environment)
        wait_for(self.ready, 90, "the station is ready")

    def ready(self) -> bool:
        """Whether the station counts."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            assert self.station is not None and self.station.poll() is None, (self.folder / "station.log").read_text()
            return False

    def status(self) -> dict[str, Any]:
        """The station's own words."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/v1/status", timeout=5) as answer:
            found: dict[str, Any] = json.load(answer)
        return found

    def kill_station(self) -> None:
        """SIGKILL."""
        assert self.station is not None
        self.station.send_signal(signal.SIGKILL)
        self.station.wait(10)

    def stop_station(self) -> tuple[int, float]:
        """SIGTERM; the exit code, and how long it took in seconds."""
        assert self.station is not None
        began = time.monotonic()
        self.station.terminate()
        return self.station.wait(20), time.monotonic() - began

    def stop(self) -> None:
        """Ends what still runs."""
        if self.station is not None and self.station.poll() is None:
            self.station.kill()
        if self._camera is not None:
            self._camera.kill()
        if self.listener is not None:
            self.listener.close()
        self.broker.stop()

    def cap(self, on: bool) -> None:
        """Puts a cap on the lens, or takes it off."""
        (self.folder / "capped").touch() if on else (self.folder / "capped").unlink()

    @contextlib.contextmanager
    def disk_full(self) -> Iterator[None]:
        """Meanwhile the station's disk has no room at all, not even what its journal had taken."""
        assert self.disk is not None and self.station is not None
        with self._ledger() as ledger:
            ledger.rows("PRAGMA wal_checkpoint(TRUNCATE)")
        with self.disk.full(self.station.pid):
            yield

    @contextlib.contextmanager
    def broker_frozen(self) -> Iterator[None]:
        """Meanwhile the broker holds its connections and does nothing."""
        assert self.broker.process is not None
        self.broker.process.send_signal(signal.SIGSTOP)
        yield
        self.broker.process.send_signal(signal.SIGCONT)

    def spoil_index(self) -> None:
        """Overwrites the page of an index, as a dying disk does."""
        with self._ledger() as ledger:
            ledger.rows("PRAGMA wal_checkpoint(TRUNCATE)")
            [(page,)] = ledger.rows("SELECT rootpage FROM sqlite_master WHERE name = 'crossings_by_day'")
            [(size,)] = ledger.rows("PRAGMA page_size")
        with (self.folder / "data" / "ledger.db").open("r+b") as file:
            file.seek((int(page) - 1) * int(size))
            file.write(b"\xa5" * int(size))
            os.fsync(file.fileno())

    def set_clock(self, offset_s: float) -> None:
        """Sets the station's wall clock."""
        (self.folder / "offset.new").write_text(str(offset_s))
        (self.folder / "offset.new").replace(self.folder / "offset")

    def crossings(self) -> list[tuple[str, float]]:
        """Idempotency key and wall time of every crossing that the ledger holds."""
        with self._ledger() as ledger:
            rows = ledger.rows("SELECT idempotency_key, crossed_at_utc FROM crossings ORDER BY 2")
        return [(str(key), datetime.fromisoformat(str(at)).timestamp()) for key, at in rows]

    def windows(self) -> list[tuple[str, float, int]]:
        """Key, seconds observed and crossings of every window that the ledger holds."""
        with self._ledger() as ledger:
            rows = ledger.rows("SELECT idempotency_key, observed_s, body FROM windows ORDER BY starts_at_utc")
        return [(str(k), float(s), sum(json.loads(b)["crossings_in"].values())) for k, s, b in rows]

    def judge(self, from_s: float, to_s: float, offset_s: float = 0.0) -> str:
        """Crossings of a span of the wall clock against what the camera showed; empty if all is well."""
        truth = [at + offset_s for at in crossings_between(from_s, to_s)]
        counted = [at for _, at in self.crossings() if from_s + offset_s <= at <= to_s + offset_s]
        missed = [at for at in truth if not any(abs(at - other) <= TOLERANCE_S for other in counted)]
        if missed or len(counted) != len(truth):
            return f"{len(counted)} counted of {len(truth)}, {len(missed)} missed"
        return ""

    def _ledger(self) -> Ledger:
        return Ledger(self.folder / "data" / "ledger.db", BusinessCalendar("UTC", day_time(0)))

    def _write_files(self) -> None:
        self.set_clock(0.0)
        store = {
            "id": "drill",
            "timezone": "UTC",
            "business_day_starts": "00:00",
            "cameras": {
                "hall": {
                    "source": self.relay.url("hall"),
                    "lines": {"middle": {"from": [0.5, 0.0], "to": [0.5, 1.0], "inside": [0.9, 0.5]}},
                }
            },
        }
        mqtt = {"host": "127.0.0.1", "port": self.broker.port, "tls": False, "timeout_s": 3}
        station = {
            "station_id": "box",
            "store": "store.yaml",
            "bundle": "bundle",
            "data_dir": "data",
            "database_most_mb": 1,
            "streams": {"analysis_fps": 10, "read_timeout_s": 2, "stall_s": 1.5, "backoff_most_s": 2},
            "http": {"port": self.port},
            "health_every_s": 5,
            "upstream": {"kind": "mqtt", "mqtt": mqtt},
        }
        (self.folder / "store.yaml").write_text(yaml.safe_dump(store, sort_keys=False))
        (self.folder / "station.yaml").write_text(yaml.safe_dump(station, sort_keys=False))


def wait_for(condition: Any, seconds: float, what: str) -> None:
    """Waits for something to become true."""
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up, f"it never happened that {what}"
        time.sleep(0.05)


def now_s() -> float:
    """The machine's wall clock."""
    return datetime.now(UTC).timestamp()
