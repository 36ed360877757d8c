"""docs/station.md on a machine that has never seen this project: the wheel, the locked list, the example's files."""

import json
import multiprocessing
import os
import re
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from dongsun.twin.rtsp.relay import RtspRelay
from tests.drill.camera import push
from tests.unit.serve_edge.conftest import make_bundle
from tests.unit.serve_edge.forward.conftest import Broker, free_port

ROOT = Path(__file__).parents[2]
EDGE = ROOT / ".venv-edge" / "bin" / "dongsun-edge"
DOCS = (ROOT / "docs" / "station.md").read_text(encoding="utf-8")

pytestmark = pytest.mark.skipif(not EDGE.is_file(), reason="no .venv-edge: `make edge` makes it")


class Machine:
    """The folders of docs/station.md, under one of the test's own.

    Args:
        root: In place of `/`.
        camera: Address of both cameras.
        broker: Port of the broker.
    """

    def __init__(self, root: Path, camera: str, broker: int) -> None:
        self.etc, self.data, self.page = root / "etc", root / "var", free_port()
        (self.etc / "secrets").mkdir(parents=True, mode=0o750)
        self.data.mkdir(mode=0o700)
        make_bundle(self.etc / "bundle")
        (self.etc / "store.yaml").write_bytes((ROOT / "conf/store/demo.yaml").read_bytes())
        example = (ROOT / "deploy/station.example.yaml").read_text(encoding="utf-8")
        changed = example.replace("/var/lib/dongsun", str(self.data))
        changed = changed.replace("broker.example.com, port: 8883", f"127.0.0.1, tls: false, port: {broker}")
        changed = changed.replace(
            "suppress_below: 1 ", f"http: {{port: {self.page}}}\nhealth_every_s: 2\nsuppress_below: 1 "
        )
        (self.etc / "station.yaml").write_text(changed, encoding="utf-8")
        for name, secret in (("aisle", camera), ("ledger-key", "a long passphrase")):
            path = self.etc / "secrets" / name
            path.write_text(secret, encoding="utf-8")
            path.chmod(0o600)
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV", "DONGSUN"))}
        self.environment = clean | {"DONGSUN_CAMERA_ENTRANCE": camera, "DONGSUN_BROKER_PASSWORD": "s3cret"}

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command of the installed program; nothing of the checkout is in reach."""
        command = [str(EDGE), *words, "--config", str(self.etc / "station.yaml")]
        return subprocess.run(
            command, cwd="/", env=self.environment, capture_output=True, text=True, timeout=120, check=False
        )

    def start(self) -> subprocess.Popen[str]:
        """The service."""
        command = [str(EDGE), "run", "--config", str(self.etc / "station.yaml")]
        return subprocess.Popen(command, cwd="/", env=self.environment, stderr=subprocess.PIPE, text=True)

    def asks(self, path: str) -> tuple[int, dict[str, object]]:
        """The status page's answer."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.page}{path}", timeout=10) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)
        except OSError:
            return 0, {}


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    broker = Broker(tmp_path)
    broker.start()
    with RtspRelay() as relay:
        camera = multiprocessing.get_context("spawn").Process(
            target=push, args=(relay.url("hall"), tmp_path / "capped"), daemon=True
        )
        camera.start()
        yield Machine(tmp_path, relay.url("hall"), broker.port)
        camera.kill()
    broker.stop()


def test_a_person_installs_checks_runs_and_asks(machine: Machine) -> None:
    early = machine.run("report")
    assert early.returncode == 2 and "start the station first" in early.stderr
    checked = machine.run("check")
    assert "고장 FAULT" not in checked.stdout and checked.returncode == 0, checked.stdout + checked.stderr
    service = machine.start()
    try:
        give_up = time.monotonic() + 60
        while machine.asks("/readyz")[0] != 200:
            assert service.poll() is None, service.communicate()[1]
            assert time.monotonic() < give_up, machine.asks("/readyz")
            time.sleep(0.2)
        while not (sent := machine.asks("/v1/status")[1].get("forwarder") or {}) or not sent["sent"]:  # type: ignore[call-overload, index]
            assert time.monotonic() < give_up, machine.asks("/v1/status")
            time.sleep(0.2)
        assert machine.asks("/healthz") == (200, {"alive": True, "dead_threads": []})
        reported = machine.run("report", "--day", "today")  # the station runs meanwhile
    finally:
        service.send_signal(signal.SIGTERM)
        log = service.communicate(timeout=20)[1]
    assert service.returncode == 0, log
    assert reported.returncode == 0 and "entrance · door" in reported.stdout, reported.stderr
    lines = [json.loads(line) for line in log.splitlines()]
    assert not [line for line in lines if line["level"] in ("error", "critical")], log
    assert "s3cret" not in log and "passphrase" not in log
    assert not (machine.data / "ledger.db").read_bytes().startswith(b"SQLite format 3")


def test_every_file_and_path_that_the_docs_name_is_there() -> None:
    for named in re.findall(r"\b((?:deploy|conf/store|requirements|docs)/[\w./-]+\.\w+)", DOCS):
        assert (ROOT / named).is_file(), named
    unit = (ROOT / "deploy/dongsun-edge.service").read_text(encoding="utf-8")
    for path in ("/opt/dongsun/bin/dongsun-edge", "/etc/dongsun/station.yaml", "/etc/dongsun/station.env"):
        assert path in unit and path in DOCS, path
