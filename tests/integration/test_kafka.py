"""Windows from a ledger through a real Kafka-protocol broker that dies, freezes and comes again."""

import itertools
import json
from collections.abc import Iterator
from datetime import time as day_time
from datetime import timedelta
from pathlib import Path

import pytest
from confluent_kafka import Message

from dongsun.contract.business_day import BusinessCalendar
from dongsun.contract.clock import SystemClock
from dongsun.contract.observations import Window
from dongsun.serve_edge.forward.cloud_event import CONTENT_TYPE
from dongsun.serve_edge.forward.forwarder import Forwarder
from dongsun.serve_edge.forward.kafka_sender import KafkaSender, KafkaSettings
from dongsun.serve_edge.forward.sender import SendError
from dongsun.serve_edge.forward.window_event import window_message
from dongsun.serve_edge.ledger.batch import LedgerBatch
from dongsun.serve_edge.ledger.batch import Message as LedgerMessage
from dongsun.serve_edge.ledger.ledger import Ledger
from dongsun.serve_edge.stream.backoff import Backoff
from tests.integration.kafka_broker import KafkaBroker, Reader
from tests.unit.serve_edge.forward.conftest import NOON, free_port, until
from tests.unit.serve_edge.forward.test_window_event import WINDOW

BATCH = 20


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[KafkaBroker]:
    running = KafkaBroker(tmp_path)
    running.start()
    yield running
    if running.process is not None:
        running.thaw()
        running.kill()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(tmp_path / "ledger.db", BusinessCalendar("Asia/Seoul", day_time(6))) as opened:
        yield opened


def window(number: int) -> Window:
    starts = NOON + number * timedelta(seconds=15)
    return WINDOW.model_copy(update={"idempotency_key": f"shop/door/{number}", "starts_at_utc": starts})


def count(ledger: Ledger, first: int, how_many: int) -> None:
    """So many windows are counted, as the station writes them."""
    for number in range(first, first + how_many):
        counted = window(number)
        ledger.append(LedgerBatch(windows=(counted,), messages=(window_message(counted, "box"),)), NOON)


def sender_to(address: str) -> KafkaSender:
    settings = KafkaSettings(bootstrap_servers=address, security="PLAINTEXT", timeout_s=1.5)
    return KafkaSender(settings, "shop", "dongsun-shop-box")


def forwarder(ledger: Ledger, address: str, per_s: float = 2_000.0) -> Forwarder:
    backoff = Backoff(0.1, 0.3, seed=1)
    return Forwarder(
        ledger, sender_to(address), SystemClock(), batch=BATCH, poll_s=0.05, most_per_s=per_s, backoff=backoff
    )


def numbers(messages: list[Message]) -> list[int]:
    """Of the windows, in the order in which the broker keeps them."""
    return [int(json.loads(message.value() or b"")["id"].split("/")[-1]) for message in messages]


def test_windows_arrive_whole_in_order_and_keyed_by_store(broker: KafkaBroker, ledger: Ledger) -> None:
    count(ledger, 0, 3 * BATCH)
    ledger.append(LedgerBatch(messages=(LedgerMessage("h", "health", '{"id": "shop/box/health/7"}'),)), NOON)
    running = forwarder(ledger, broker.address)
    running.start()
    windows, health = Reader(broker.address, "dongsun.window"), Reader(broker.address, "dongsun.health")
    read, told = windows.wait(3 * BATCH), health.wait(1)
    until(lambda: ledger.pending_count() == 0)
    assert running.stop(5) and running.health().sent == 3 * BATCH + 1 and running.health().last_error == ""
    assert numbers(read) == list(range(3 * BATCH)) and numbers(told) == [7]
    assert {message.key() for message in read} == {b"shop"} and len({message.partition() for message in read}) == 1
    assert {dict(message.headers() or ())["content-type"] for message in read} == {CONTENT_TYPE.encode()}
    assert [message.value() for message in read] == [
        window_message(window(number), "box").body.encode() for number in range(3 * BATCH)
    ]
    windows.close()
    health.close()


def test_a_broker_that_restarts_loses_and_doubles_nothing(broker: KafkaBroker, ledger: Ledger) -> None:
    """Offline at first, killed under a living producer, and gone when the station starts anew."""
    broker.kill()
    count(ledger, 0, 3 * BATCH)
    first = forwarder(ledger, broker.address)
    first.start()
    until(lambda: first.health().failures >= 2)
    assert ledger.pending_count() == 3 * BATCH and "refused" in first.health().last_error
    broker.start()
    until(lambda: ledger.pending_count() == 0)
    reader = Reader(broker.address, "dongsun.window")
    before = numbers(reader.wait(3 * BATCH))
    reader.close()
    broker.kill()  # everything it had is gone, the producer's own number too
    count(ledger, 3 * BATCH, BATCH)
    broker.start()
    until(lambda: ledger.pending_count() == 0)
    reader = Reader(broker.address, "dongsun.window")
    between = numbers(reader.wait(BATCH))
    reader.close()
    assert first.stop(5)
    broker.kill()
    count(ledger, 4 * BATCH, BATCH)
    second = forwarder(ledger, broker.address)
    second.start()
    until(lambda: second.health().failures >= 1)
    broker.start()
    until(lambda: ledger.pending_count() == 0)
    reader = Reader(broker.address, "dongsun.window")
    after = numbers(reader.wait(BATCH))
    reader.close()
    assert second.stop(5)
    assert [*before, *between, *after] == list(range(5 * BATCH))


def test_a_frozen_broker_may_double_a_batch_but_loses_and_shuffles_none(broker: KafkaBroker, ledger: Ledger) -> None:
    reader = Reader(broker.address, "dongsun.window")
    count(ledger, 0, 10 * BATCH)
    running = forwarder(ledger, broker.address, per_s=200.0)
    running.start()
    until(lambda: running.health().sent >= 2 * BATCH)
    broker.freeze()
    until(lambda: running.health().failures >= 2)
    broker.thaw()
    until(lambda: ledger.pending_count() == 0)
    failures = running.health().failures
    assert running.stop(5)
    until(lambda: len(set(numbers(list(reader.read)))) == 10 * BATCH)
    reader.close()
    read = numbers(reader.read)
    once = list(dict.fromkeys(read))
    assert once == list(range(10 * BATCH))
    assert len(read) - len(once) <= failures * BATCH
    for number, again in itertools.pairwise(read):
        assert again <= number + 1  # a batch may begin again, nothing is left out


def test_what_is_wrong_is_said_once_and_stays_out_of_the_log_s_stream(
    ledger: Ledger, capfd: pytest.CaptureFixture[str]
) -> None:
    count(ledger, 0, 1)
    address = f"127.0.0.1:{free_port()}"
    sender = sender_to(address)
    with pytest.raises(SendError, match="Connection refused"):
        sender.send(ledger.pending(1))
    sender.close()
    assert capfd.readouterr().err == ""
