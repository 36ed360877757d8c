"""The example receiver, run as its user would, against the broker: windows of two stores, sent twice, counted once."""

import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import duckdb

from dongsun.contract.observations import Window
from dongsun.serve_edge.forward.mqtt_sender import MqttSender, MqttSettings
from dongsun.serve_edge.forward.window_event import window_message
from dongsun.serve_edge.ledger.batch import LedgerBatch
from dongsun.serve_edge.ledger.ledger import Ledger
from tests.unit.serve_edge.forward.conftest import NOON, Broker

PROGRAM = Path(__file__).parents[4] / "examples" / "receive_windows.py"


def window(store_id: str, number: int, came_in: int) -> Window:
    return Window(
        store_id=store_id,
        camera_id="door",
        bundle_version="1",
        idempotency_key=f"{store_id}/{number}",
        starts_at_utc=NOON + number * timedelta(seconds=15),
        observed_s=15.0,
        crossings_in={"door": came_in, "side": 1},
        crossings_out={"door": 0, "side": 0},
        occupancy_mean=1.0,
        occupancy_max=2,
        dwell_p50_s={},
        dwell_p90_s={},
    )


def test_many_stores_are_aggregated_once(broker: Broker, ledger: Ledger, tmp_path: Path) -> None:
    database = tmp_path / "windows.duckdb"
    arguments = ["--broker", "127.0.0.1", "--port", str(broker.port), "--plain", "--database", str(database)]
    receiver = subprocess.Popen([sys.executable, str(PROGRAM), *arguments], stdout=subprocess.PIPE)
    time.sleep(1.5)
    for store_id in ("hanoi", "seoul"):
        sender = MqttSender(MqttSettings(host="127.0.0.1", port=broker.port, tls=False), store_id, f"box-{store_id}")
        messages = tuple(window_message(window(store_id, number, number), "box") for number in range(4))
        ledger.append(LedgerBatch(messages=messages), NOON)
        for _ in range(2):
            sender.send([item for item in ledger.pending(99) if item.message.idempotency_key.startswith(store_id)])
        sender.close()
    suppressed = window_message(window("seoul", 9, 1), "box", suppress_below=3)
    ledger.append(LedgerBatch(messages=(suppressed,)), NOON)
    sender = MqttSender(MqttSettings(host="127.0.0.1", port=broker.port, tls=False), "seoul", "box-seoul")
    sender.send([item for item in ledger.pending(99) if item.message.idempotency_key == "seoul/9"])
    sender.close()
    assert receiver.stdout is not None
    heard = receiver.stdout.read(17)
    receiver.send_signal(signal.SIGTERM)
    receiver.wait(10)
    assert sorted(heard) == sorted(b"........" + b"========" + b".")
    with duckdb.connect(str(database)) as found:
        totals = found.execute(
            "SELECT store_id, sum(crossings_in), count(*), count(crossings_in) FROM windows GROUP BY 1 ORDER BY 1"
        ).fetchall()
    assert totals == [("hanoi", 0 + 1 + 2 + 3 + 4, 4, 4), ("seoul", 10, 5, 4)]
    report = subprocess.run(
        [sys.executable, str(PROGRAM), "--database", str(database), "--report"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "hanoi" in report.stdout and "came_in" in report.stdout
