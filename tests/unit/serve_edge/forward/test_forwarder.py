"""Store and forward through a real broker that comes and goes: everything arrives, in order, once deduplicated."""

import shutil
import subprocess
import threading
import time
from collections.abc import Sequence
from datetime import datetime
from datetime import time as day_time
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from pydantic import SecretStr

from dongsun.contract.business_day import BusinessCalendar
from dongsun.contract.clock import ManualClock, SystemClock
from dongsun.serve_edge.forward.cloud_event import CONTENT_TYPE
from dongsun.serve_edge.forward.forwarder import Forwarder
from dongsun.serve_edge.forward.mqtt_sender import MqttSender, MqttSettings
from dongsun.serve_edge.forward.sender import SendError
from dongsun.serve_edge.ledger.batch import OutboxItem
from dongsun.serve_edge.ledger.ledger import Ledger
from dongsun.serve_edge.ledger.ledger_errors import LedgerFullError
from dongsun.serve_edge.stream.backoff import Backoff
from tests.unit.serve_edge.forward.conftest import NOON, Broker, Listener, fill, free_port, until


def sender_to(broker: Broker, **settings: object) -> MqttSender:
    plain = {"host": "127.0.0.1", "port": broker.port, "tls": False, "timeout_s": 2.0}
    return MqttSender(MqttSettings.model_validate(plain | settings), "shop", "station-1")


def forwarder(ledger: Ledger, sender: MqttSender) -> Forwarder:
    return Forwarder(
        ledger, sender, SystemClock(), batch=20, poll_s=0.05, most_per_s=1000, backoff=Backoff(0.1, 0.3, seed=1)
    )


def numbers(messages: list[mqtt.MQTTMessage]) -> list[int]:
    """Of the messages in order of arrival, each once."""
    return list(dict.fromkeys(int(message.payload.split(b":")[1].strip(b" }")) for message in messages))


def test_everything_arrives_in_order_and_is_marked(broker: Broker, ledger: Ledger) -> None:
    listener = Listener(broker.port)
    fill(ledger, 0, 60)
    running = forwarder(ledger, sender_to(broker))
    running.start()
    heard = listener.wait(60)
    assert numbers(heard) == list(range(60)) and len(heard) == 60
    assert {message.topic for message in heard} == {"dongsun/shop/window"} and {m.qos for m in heard} == {1}
    assert {getattr(message.properties, "ContentType", "") for message in heard} == {CONTENT_TYPE}
    until(lambda: ledger.pending_count() == 0)
    assert running.stop(5) and running.health().sent == 60 and running.health().last_error == ""
    listener.close()


def test_days_offline_a_restart_and_a_broker_that_dies(broker: Broker, ledger: Ledger) -> None:
    """The broker is away, comes, is killed in the middle, comes again; the station is restarted too."""
    listener = Listener(broker.port)
    broker.stop()
    fill(ledger, 0, 100)
    first = forwarder(ledger, sender_to(broker))
    first.start()
    until(lambda: first.health().failures >= 2)
    assert ledger.pending_count() == 100 and first.health().last_error
    broker.start()
    until(lambda: ledger.pending_count() < 100)
    assert first.stop(10)
    broker.stop()
    fill(ledger, 100, 30)
    second = forwarder(ledger, sender_to(broker))
    second.start()
    until(lambda: second.health().failures >= 1)
    broker.start()
    until(lambda: ledger.pending_count() == 0)
    until(lambda: len(numbers(listener.heard)) == 130)
    assert numbers(listener.heard) == list(range(130))
    assert second.stop(5)
    listener.close()


def test_a_broker_that_refuses_is_an_error_without_the_password(broker: Broker, ledger: Ledger, tmp_path: Path) -> None:
    broker.stop()
    (tmp_path / "nobody").write_text("", encoding="utf-8")
    broker.more = ("allow_anonymous false", f"password_file {tmp_path / 'nobody'}")
    broker.start()
    fill(ledger, 0, 1)
    sender = sender_to(broker, username="station", password=SecretStr("s3cret"))
    with pytest.raises(SendError, match="took no connection") as refused:
        sender.send(ledger.pending(1))
    assert "s3cret" not in str(refused.value)


def test_tls_is_verified(broker: Broker, ledger: Ledger, tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed: it makes the test's certificates")
    for name in ("own", "other"):
        subprocess.run(
            (
                "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 "
                f"-addext subjectAltName=IP:127.0.0.1 -keyout {name}.key -out {name}.crt"
            ).split(),
            cwd=tmp_path,
            check=True,
            capture_output=True,
        )
    broker.stop()
    broker.more = (f"certfile {tmp_path / 'own.crt'}", f"keyfile {tmp_path / 'own.key'}")
    broker.start()
    fill(ledger, 0, 3)
    items = ledger.pending(3)
    trusting = sender_to(broker, tls=True, ca_file=tmp_path / "own.crt")
    trusting.send(items)
    trusting.close()
    with pytest.raises(SendError, match=r"certificate|CERTIFICATE"):
        sender_to(broker, tls=True, ca_file=tmp_path / "other.crt").send(items)
    with pytest.raises(SendError):
        sender_to(broker, tls=False).send(items)


def test_no_broker_is_an_error_at_once(ledger: Ledger) -> None:
    fill(ledger, 0, 1)
    settings = MqttSettings(host="127.0.0.1", port=free_port(), tls=False)
    with pytest.raises(SendError, match=r"127\.0\.0\.1"):
        MqttSender(settings, "shop", "station-1").send(ledger.pending(1))


class FlakySender:
    """Fails when told, remembers what it acknowledged."""

    def __init__(self, failures: set[int]) -> None:
        self.calls, self.failures, self.sent, self.closed = 0, failures, list[str](), False

    def send(self, items: Sequence[OutboxItem]) -> None:
        self.calls += 1
        if self.calls in self.failures:
            raise SendError("mqtt://user:s3cret@host went away")
        self.sent += [item.message.idempotency_key for item in items]

    def close(self) -> None:
        self.closed = True


def test_a_week_offline_is_replayed_slowly_in_order_and_once(ledger: Ledger) -> None:
    clock, sender = ManualClock(NOON), FlakySender(failures=set(range(1, 20)))
    fill(ledger, 0, 300)
    running = Forwarder(ledger, sender, clock, batch=50, most_per_s=10, backoff=Backoff(2, 300, seed=1))
    running.start()
    waited = 0.0
    while ledger.pending_count() and waited < 3 * 3600:
        clock.advance(1.0)
        waited += 1.0
        time.sleep(0.001)
    running._stop.set()
    clock.advance(3600)
    assert running.stop(5)
    assert sender.sent == [f"m{n}" for n in range(300)] and sender.closed
    assert running.health().failures == 19
    assert waited > 30  # 300 messages at 10 a second, after the failures' waits
    assert "s3cret" not in running.health().last_error


def test_a_certificate_that_is_not_there_is_an_error_like_others(ledger: Ledger, tmp_path: Path) -> None:
    fill(ledger, 0, 1)
    settings = MqttSettings(host="127.0.0.1", port=free_port(), ca_file=tmp_path / "absent.pem")
    with pytest.raises(SendError, match="No such file"):
        MqttSender(settings, "shop", "station-1").send(ledger.pending(1))


def test_nothing_ends_sending(ledger: Ledger, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever breaks in the way upstream that nobody has thought of."""
    sender, real = FlakySender(failures=set()), FlakySender.send

    def breaks(items: Sequence[OutboxItem]) -> None:
        if sender.calls < 3:
            sender.calls += 1
            raise RuntimeError("mqtt://user:s3cret@host surprised us")
        real(sender, items)

    sender.send = breaks  # type: ignore[method-assign]
    fill(ledger, 0, 2)
    running = Forwarder(ledger, sender, SystemClock(), poll_s=0.02, backoff=Backoff(0.02, 0.05, seed=1))
    running.start()
    until(lambda: ledger.pending_count() == 0, 10)
    assert running.stop(5) and sender.sent == ["m0", "m1"] and running.health().failures == 3
    assert "sending broke" in caplog.text


def test_a_broker_that_acknowledges_nothing_does_not_hold_the_station(tmp_path: Path) -> None:
    asked, let_go = threading.Event(), threading.Event()

    class Frozen(FlakySender):
        def send(self, items: Sequence[OutboxItem]) -> None:
            asked.set()
            let_go.wait(30)

    with Ledger(tmp_path / "ledger.db", BusinessCalendar("Asia/Seoul", day_time(6))) as ledger:
        fill(ledger, 0, 2)
        sender = Frozen(failures=set())
        running = Forwarder(ledger, sender, SystemClock())
        running.start()
        assert asked.wait(5)
        running.end_soon()
        assert not running.stop(0.2)
        assert ledger.pending_count() == 2
    let_go.set()  # an acknowledgement that comes after the ledger was closed is left alone
    assert running.stop(5) and sender.closed and running.health().failures == 0


def test_a_full_disk_does_not_end_sending(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    sender, real = FlakySender(failures=set()), ledger.mark_sent
    calls: list[int] = []

    def full_at_first(sequences: list[int], at_utc: datetime) -> None:
        calls.append(len(sequences))
        if len(calls) < 3:
            raise LedgerFullError("no space left")
        real(sequences, at_utc)

    monkeypatch.setattr(ledger, "mark_sent", full_at_first)
    fill(ledger, 0, 2)
    running = Forwarder(ledger, sender, SystemClock(), poll_s=0.02, backoff=Backoff(0.02, 0.05, seed=1))
    running.start()
    until(lambda: ledger.pending_count() == 0, 10)
    assert running.stop(5)
    assert sender.sent == ["m0", "m1"] * 3 and running.health().failures == 2
