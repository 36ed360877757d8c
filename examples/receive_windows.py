"""Keeps the windows of many stores in one DuckDB file, once each, and sums them up.

    python examples/receive_windows.py --broker broker.example.com --database windows.duckdb
    python examples/receive_windows.py --database windows.duckdb --report

It needs `paho-mqtt` and `duckdb`, nothing of Dongsun: a starting point for a receiver of your own (docs/events.md).
"""

import argparse
import contextlib
import json
import signal
import sys
from typing import Any

import duckdb
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

TABLE = """
CREATE TABLE IF NOT EXISTS windows (
    id VARCHAR PRIMARY KEY, store_id VARCHAR, station_id VARCHAR, camera_id VARCHAR, starts_at_utc TIMESTAMPTZ,
    window_s DOUBLE, observed_s DOUBLE, crossings_in BIGINT, crossings_out BIGINT, occupancy_max INTEGER, body JSON
)"""
REPORT = """
SELECT store_id, date_trunc('hour', starts_at_utc) AS hour_utc, sum(crossings_in)::BIGINT AS came_in,
       sum(crossings_out)::BIGINT AS went_out, round(sum(observed_s) / 3600, 2) AS observed_camera_hours
FROM windows GROUP BY ALL ORDER BY ALL"""


def store(database: duckdb.DuckDBPyConnection, text: bytes | bytearray) -> bool:
    """Writes a window; false if it was known or is no window.

    A total in which one line is suppressed is unknown, not smaller: it becomes NULL.
    """
    event: dict[str, Any] = json.loads(text)
    if event.get("type") != "io.dongsun.window.v1":
        return False
    data = event["data"]
    row = [event["id"], data["store_id"], data["station_id"], data["camera_id"], data["starts_at_utc"]]
    row += [data["window_s"], data["observed_s"], total(data["crossings_in"]), total(data["crossings_out"])]
    row += [data["occupancy_max"], json.dumps(data)]
    written = database.execute(f"INSERT OR IGNORE INTO windows VALUES ({', '.join('?' * len(row))})", row).fetchone()
    return bool(written and written[0])


def total(counts: dict[str, int | None]) -> int | None:
    """The sum over a camera's lines; None as soon as one is unknown."""
    known = [count for count in counts.values() if count is not None]
    return sum(known) if len(known) == len(counts) else None


def receive(database: duckdb.DuckDBPyConnection, host: str, port: int, tls: bool, topic: str) -> None:
    """Receives until it is stopped. A message is acknowledged after it was written: none is lost by a crash."""
    client = mqtt.Client(
        CallbackAPIVersion.VERSION2, client_id="dongsun-receiver", protocol=mqtt.MQTTv5, manual_ack=True
    )
    if tls:
        client.tls_set()

    def on_message(client: mqtt.Client, userdata: object, message: mqtt.MQTTMessage) -> None:
        new = store(database, message.payload)
        client.ack(message.mid, message.qos)
        sys.stdout.write("." if new else "=")
        sys.stdout.flush()

    client.on_message = on_message
    client.on_connect = lambda client, *_: client.subscribe(topic, qos=1)
    session = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
    session.SessionExpiryInterval = 30 * 86_400  # the broker keeps what comes while this receiver is away
    client.connect(host, port, clean_start=False, properties=session)
    client.loop_forever(retry_first_connection=True)


def main() -> None:
    """Receives or reports."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--broker", help="host of the MQTT broker")
    parser.add_argument("--port", type=int, default=8883)
    parser.add_argument("--plain", action="store_true", help="without TLS, inside a trusted network")
    parser.add_argument("--topic", default="dongsun/+/window")
    parser.add_argument("--database", default="windows.duckdb")
    parser.add_argument("--report", action="store_true", help="print what came, by store and hour, and end")
    chosen = parser.parse_args()
    with duckdb.connect(chosen.database) as database:
        database.execute("SET TimeZone = 'UTC'")
        database.execute(TABLE)
        if chosen.report:
            sys.stdout.write(f"{database.sql(REPORT)}\n")
            return
        if not chosen.broker:
            parser.error("give --broker, or --report")
        for stop in (signal.SIGINT, signal.SIGTERM):  # Ctrl-C, and whatever runs it as a service
            signal.signal(stop, signal.default_int_handler)
        with contextlib.suppress(KeyboardInterrupt):
            receive(database, chosen.broker, chosen.port, not chosen.plain, chosen.topic)


if __name__ == "__main__":
    main()
