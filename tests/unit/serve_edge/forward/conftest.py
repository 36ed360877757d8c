"""A real broker for the tests of sending."""

import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from datetime import time as day_time
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from dongsun.contract.business_day import BusinessCalendar
from dongsun.serve_edge.ledger.batch import LedgerBatch, Message
from dongsun.serve_edge.ledger.ledger import Ledger

NOON = datetime(2026, 11, 20, 3, tzinfo=UTC)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up, "it never happened"
        time.sleep(0.02)


def listening(port: int, process: subprocess.Popen[bytes], seconds: float = 15) -> None:
    """Waits until the process answers on its port."""
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert process.poll() is None, "it did not start"
            time.sleep(0.05)
        else:
            return
    raise AssertionError("it never listened")


@dataclass
class Broker:
    """mosquitto, started and killed at will; what it has persisted stays in `folder`."""

    folder: Path
    port: int = field(default_factory=free_port)
    more: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        program = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
        assert program is not None
        lines = [f"listener {self.port} 127.0.0.1", "persistence true", f"persistence_location {self.folder}/"]
        if not any(line.startswith("allow_anonymous") for line in self.more):
            lines.append("allow_anonymous true")
        config = self.folder / "mosquitto.conf"
        config.write_text("\n".join([*lines, *self.more, "user root", ""]), encoding="utf-8")
        self.process = subprocess.Popen(
            [program, "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        listening(self.port, self.process)

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)
            self.process = None


class Listener:
    """A consumer with a persistent session."""

    def __init__(self, port: int, topic: str = "dongsun/#") -> None:
        self.heard: list[mqtt.MQTTMessage] = []
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="listener", protocol=mqtt.MQTTv5)
        self._client.on_message = lambda client, userdata, message: self.heard.append(message)
        self._client.reconnect_delay_set(0.2, 0.5)  # type: ignore[arg-type]  # seconds; typed as whole ones
        session = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        session.SessionExpiryInterval = 3600  # the broker keeps what comes while nobody listens
        self._client.connect("127.0.0.1", port, clean_start=False, properties=session)
        self._client.subscribe(topic, qos=1)
        self._client.loop_start()
        time.sleep(0.3)

    def wait(self, count: int, seconds: float = 20) -> list[mqtt.MQTTMessage]:
        give_up = time.monotonic() + seconds
        while len(self.heard) < count and time.monotonic() < give_up:
            time.sleep(0.02)
        return list(self.heard)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    if shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin") is None:
        pytest.skip("mosquitto is not installed: `make services` installs it")
    folder = tmp_path / "broker"
    folder.mkdir()
    running = Broker(folder)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(tmp_path / "ledger.db", BusinessCalendar("Asia/Seoul", day_time(6))) as opened:
        yield opened


def fill(ledger: Ledger, first: int, count: int) -> None:
    for number in range(first, first + count):
        ledger.append(LedgerBatch(messages=(Message(f"m{number}", "window", f'{{"n": {number}}}'),)), NOON)
