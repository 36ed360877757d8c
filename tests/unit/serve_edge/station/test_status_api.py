"""The status page, asked over real sockets; metrics and the health message with it."""

import json
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from dongsun.contract.errors import DongsunError
from dongsun.serve_edge.ledger.batch import LedgerBatch
from dongsun.serve_edge.ledger.ledger import Ledger
from dongsun.serve_edge.station.health import StationHealth
from dongsun.serve_edge.station.health_event import HealthData, health_message
from dongsun.serve_edge.station.metrics import metrics_text
from dongsun.serve_edge.station.status_api import StatusApi
from tests.unit.serve_edge.station.conftest import HEALTH, NOON, unready, window


class Station:
    """What the status page asks."""

    def __init__(self) -> None:
        self.health: StationHealth | None = HEALTH
        self.dead: tuple[str, ...] = ()

    def snapshot(self) -> StationHealth:
        if self.health is None:
            raise RuntimeError("rtsp://admin:sesame@10.0.0.5 broke")
        return self.health


@pytest.fixture
def station() -> Station:
    return Station()


@pytest.fixture
def api(station: Station, ledger: Ledger) -> Iterator[StatusApi]:
    served = StatusApi(station.snapshot, ledger, dead_threads=lambda: station.dead)
    served.start()
    yield served
    assert served.stop(5)


def get(api: StatusApi, path: str, host: str | None = None, method: str = "GET") -> tuple[int, str]:
    request = urllib.request.Request(f"http://127.0.0.1:{api.port}{path}", method=method)
    if host:
        request.add_header("Host", host)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return int(answer.status), answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def got(api: StatusApi, path: str, status: int = 200) -> Any:
    code, text = get(api, path)
    assert code == status, text
    return json.loads(text)


def test_ready_until_no_camera_is_counted(api: StatusApi, station: Station) -> None:
    assert got(api, "/readyz") == {"ready": True, "reasons": []}
    station.health = unready(HEALTH)
    answer = got(api, "/readyz", 503)
    assert answer["ready"] is False and "camera door is backing_off: Connection refused" in answer["reasons"]
    station.health = replace(HEALTH, writer=replace(HEALTH.writer, full=True, waiting=3))
    assert "ledger has no room" in got(api, "/readyz", 503)["reasons"][0]


def test_alive_as_long_as_every_thread_is(api: StatusApi, station: Station) -> None:
    station.health = unready(HEALTH)
    assert got(api, "/healthz") == {"alive": True, "dead_threads": []}
    station.dead = ("forwarder",)
    assert got(api, "/healthz", 503)["dead_threads"] == ["forwarder"]


def test_the_snapshot_as_json(api: StatusApi) -> None:
    status = got(api, "/v1/status")
    assert status["station_id"] == "box-1" and status["cameras"][0]["counters"]["faulty"] == {"black": 7}
    assert status["cameras"][1]["state"] == "backing_off"


def test_the_latest_windows_newest_first(api: StatusApi, ledger: Ledger) -> None:
    ledger.append(LedgerBatch(windows=(window(500, "aisle"),)), NOON)
    windows = got(api, "/v1/windows?limit=3")["windows"]
    assert [(w["camera_id"], w["starts_at_utc"]) for w in windows] == [
        ("aisle", "2026-11-20T05:05:00Z"),
        ("door", "2026-11-20T03:59:45Z"),
        ("door", "2026-11-20T03:59:30Z"),
    ]
    assert len(got(api, "/v1/windows?camera=door&limit=1000")["windows"]) == 240
    assert got(api, "/v1/windows?camera=aisle")["windows"][0]["camera_id"] == "aisle"


def test_yesterdays_windows_fill_up_todays(api: StatusApi, ledger: Ledger, station: Station) -> None:
    station.health = replace(HEALTH, now_utc=NOON.replace(day=21))
    ledger.append(
        LedgerBatch(windows=(window(1, at=NOON.replace(day=21)).model_copy(update={"idempotency_key": "n"}),)), NOON
    )
    windows = got(api, "/v1/windows?camera=door&limit=2")["windows"]
    assert [w["starts_at_utc"][:10] for w in windows] == ["2026-11-21", "2026-11-20"]


@pytest.mark.parametrize("day", ["2026-11-20", "today"])
def test_a_day(api: StatusApi, day: str) -> None:
    report = got(api, f"/v1/days/{day}")
    assert report["lines"][0] == {
        "line_id": "door", "visitors_in": 2, "visitors_out": 1, "staff_in": 1, "staff_out": 0,
        "inside": 2, "never_came_in": 0,
    }  # fmt: skip
    assert report["cameras"][0]["missing_s"] == 120.0


def test_a_day_of_which_nothing_is_known_is_not_zero(api: StatusApi) -> None:
    assert "not zero" in got(api, "/v1/days/2026-11-18", 404)["error"]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/v1/windows?camera=roof", 404),
        ("/v1/windows?limit=0", 422),
        ("/v1/windows?limit=many", 422),
        ("/v1/days/soon", 422),
        ("/nowhere", 404),
        ("/docs", 404),
    ],
)
def test_errors_are_json(api: StatusApi, path: str, code: int) -> None:
    assert list(got(api, path, code)) == ["error"]


def test_a_broken_snapshot_is_an_error_without_its_secrets(api: StatusApi, station: Station) -> None:
    station.health = None
    assert get(api, "/v1/status") == (500, '{"error":"RuntimeError; the station\'s log says more"}')


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_nothing_can_be_changed(api: StatusApi, method: str) -> None:
    assert get(api, "/v1/status", method=method)[0] == 405


def test_only_this_machine_is_answered(api: StatusApi) -> None:
    assert get(api, "/v1/status", host="evil.example")[0] == 421
    assert get(api, "/v1/status", host=f"localhost:{api.port}")[0] == 200


def test_nobody_is_identified(api: StatusApi) -> None:
    paths = ("/v1/status", "/v1/windows?limit=1000", "/v1/days/today", "/metrics", "/readyz", "/healthz")
    everything = "".join(get(api, path)[1] for path in paths)
    assert not [word for word in ("track", "visitor_id", "4711", "815", "embedding") if word in everything]


def test_a_taken_port_is_said(api: StatusApi, ledger: Ledger, station: Station) -> None:
    with pytest.raises(DongsunError, match=r"http\.port"):
        StatusApi(station.snapshot, ledger, port=api.port)


def test_it_stops_within_seconds_and_frees_its_port(station: Station, ledger: Ledger) -> None:
    served = StatusApi(station.snapshot, ledger)
    served.start()
    with socket.create_connection(("127.0.0.1", served.port)) as idle:
        idle.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        idle.recv(100)
        began_s = time.monotonic()
        assert served.stop(5) and not served.alive
        assert time.monotonic() - began_s < 3
    StatusApi(station.snapshot, ledger, port=served.port).stop(1)


def test_metrics_say_what_the_snapshot_says() -> None:
    families = {family.name: family for family in text_string_to_metric_families(metrics_text(HEALTH))}
    values = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in families.values()
        for sample in family.samples
    }
    assert values[("dongsun_camera_state", "door", "live")] == 1
    assert values[("dongsun_camera_state", "door", "stalled")] == 0
    assert values[("dongsun_camera_pictures_total", "analysed", "door")] == 300
    assert values[("dongsun_camera_faulty_pictures_total", "aisle", "black")] == 7
    assert values[("dongsun_camera_latency_seconds", "0.95", "door")] == 0.31
    assert values[("dongsun_camera_gap_seconds_total", "door")] == 61.5
    assert values[("dongsun_outbox_waiting_messages",)] == 17
    assert values[("dongsun_ledger_made_room_rows_total",)] == 12
    assert values[("dongsun_clock_jumps_total",)] == 2
    assert values[("dongsun_upstream_last_sent_timestamp_seconds",)] == NOON.timestamp()
    assert values[("dongsun_process_resident_bytes",)] > 10**6
    assert all(name.startswith("dongsun_") and family.documentation for name, family in families.items())


def test_metrics_leave_out_what_is_not_known() -> None:
    silent = replace(HEALTH.cameras[0], latency_p50_s=None, latency_p95_s=None, last_frame_age_s=None)
    text = metrics_text(replace(HEALTH, cameras=(silent,), forwarder=None))
    assert "dongsun_camera_latency_seconds{" not in text and "last_picture_age_seconds{" not in text
    assert "dongsun_upstream" not in text


def test_the_health_message_says_no_more_than_it_may() -> None:
    health = replace(unready(HEALTH), cameras=(replace(unready(HEALTH).cameras[0], last_error="10.0.0.5 refused"),))
    message = health_message(health)
    event = json.loads(message.body)
    data = HealthData.model_validate(event["data"])
    assert (message.kind, event["type"], event["subject"]) == ("health", "io.dongsun.health.v1", "station")
    assert event["id"] == message.idempotency_key == "shop/box-1/health/2026-11-20T02:00:00.000Z/3600.250"
    assert data.ready is False and data.cameras[0].faulty and data.outbox_waiting == 17
    assert "10.0.0.5" not in message.body and "occupancy" not in message.body


def test_a_clock_set_back_doubles_no_health_message() -> None:
    later = replace(HEALTH, uptime_s=HEALTH.uptime_s + 60)  # the wall clock stands where it stood
    assert health_message(HEALTH).idempotency_key != health_message(later).idempotency_key
