"""The doctor's visit, on real files, a real RTSP server and a real broker."""

import io
import multiprocessing
import os
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from dongsun.contract.clock import SystemClock
from dongsun.serve_edge.doctor.check_station import check_station
from dongsun.serve_edge.doctor.check_upstream import upstream_findings
from dongsun.serve_edge.doctor.finding import Finding, Level
from dongsun.serve_edge.doctor.run_check import run_check
from dongsun.serve_edge.ledger.ledger import Ledger
from dongsun.serve_edge.station.station_settings import load_station
from dongsun.twin.rtsp.relay import RtspRelay
from tests.unit.serve_edge.conftest import figures, write_video
from tests.unit.serve_edge.forward.conftest import Broker, broker  # noqa: F401  # a fixture
from tests.unit.serve_edge.station.conftest import SEOUL
from tests.unit.serve_edge.stream.test_camera_feed import push_for_ever

STORE = """\
id: tiny
cameras:
  hall:
    lines:
      middle: {from: [0.5, 0.0], to: [0.5, 1.0], inside: [0.9, 0.5]}
    zones:
      left: {polygon: [[0.0, 0.0], [0.5, 0.0], [0.5, 1.0], [0.0, 1.0]]}
"""
QUICK = "streams: {open_timeout_s: 1, read_timeout_s: 0.7}\n"
Visit = Callable[..., tuple[Finding, ...]]


@pytest.fixture
def station(tmp_path: Path, tiny_bundle: Path, walkers: Path) -> Callable[..., Path]:
    def write(more: str = "", address: str | None = None, store: str = STORE, bundle: Path = tiny_bundle) -> Path:
        (tmp_path / "data").mkdir(mode=0o700, exist_ok=True)
        (tmp_path / "store.yaml").write_text(store, encoding="utf-8")
        path = tmp_path / "station.yaml"
        cameras = "" if "cameras:" in more else f"cameras: {{hall: {{value: '{address or walkers}'}}}}\n"
        streams = "" if "streams:" in more else QUICK
        path.write_text(
            f"station_id: box\nstore: store.yaml\nbundle: {bundle}\ndata_dir: data\n{cameras}{streams}{more}",
            encoding="utf-8",
        )
        return path

    return write


@pytest.fixture
def visit(station: Callable[..., Path]) -> Visit:
    def check(*args: object, look_s: float = 0.25, **kwargs: object) -> tuple[Finding, ...]:
        return check_station(load_station(station(*args, **kwargs)), SystemClock(), look_s=look_s)

    return check


def titles(found: tuple[Finding, ...] | list[Finding], level: Level = Level.FAULT) -> str:
    return "\n".join(f"{each.title.english}: {each.todo.english}" for each in found if each.level is level)


def test_a_station_as_it_should_be(visit: Visit) -> None:
    found = visit()
    fine = titles(found, Level.OK)
    assert titles(found) == ""
    for words in ("shows a picture (320×192", "Line hall · middle can count", "Zone hall · left", "first start"):
        assert words in fine
    assert "Nothing is sent" in fine and "processor is enough" in fine and "Memory" in fine
    assert "brings no self-test" in titles(found, Level.ADVICE)
    assert all(each.title.korean and bool(each.todo.korean) == bool(each.todo.english) for each in found)


def test_a_visit_changes_nothing(visit: Visit, tmp_path: Path) -> None:
    visit()
    assert list((tmp_path / "data").iterdir()) == []


def test_a_ledger_set_aside_is_told(visit: Visit, tmp_path: Path) -> None:
    visit()
    (tmp_path / "data/ledger.db").touch()
    assert "damaged lately" not in titles(visit(), Level.ADVICE)
    (tmp_path / "data/ledger-salvaged-20261122T060000000000Z.db").touch()
    assert "damaged lately" in titles(visit(), Level.ADVICE)


@pytest.mark.parametrize(
    ("more", "store", "said"),
    [
        ("cameras: {roof: {value: x}}\n", STORE, "cameras.roof is not in the store file"),
        ("", STORE + "staff: {zones: [office]}\n", "staff.zones: office is not in the store file"),
        ("cameras: {}\n", STORE, "Camera hall: its address can't be had"),
        ("cameras: {hall: {env: DONGSUN_NOT_SET}}\n", STORE, "DONGSUN_NOT_SET"),
        ("precision: INT8\n", STORE, "The bundle can't be used"),
        ("", "id: tiny\n", "The store file can't be used"),
        ("database_key: {file: nowhere}\n", STORE, "The ledger's key can't be read"),
        ("data_dir: /proc/dongsun\n", STORE, "Nothing can be written"),
    ],
)
def test_files_that_do_not_fit(visit: Visit, station: Callable[..., Path], more: str, store: str, said: str) -> None:
    if "data_dir" in more:
        path = station()
        path.write_text(path.read_text().replace("data_dir: data\n", more))
        found = check_station(load_station(path), SystemClock(), look_s=0.2)
    else:
        found = visit(more, store=store)
    assert said in titles(found)


def test_a_camera_without_anything_to_count(visit: Visit) -> None:
    assert "neither line nor zone" in titles(visit(store="id: tiny\ncameras: {hall: {}}\n"), Level.ADVICE)


def test_another_stores_bundle(visit: Visit) -> None:
    assert "made for the store tiny" in titles(visit(store=STORE.replace("id: tiny", "id: other")), Level.ADVICE)


def test_a_damaged_bundle(visit: Visit, tmp_path: Path, tiny_bundle: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(tiny_bundle, copy)
    (copy / "openvino/detector.bin").write_bytes(b"x")
    assert "is not the file that was exported" in titles(visit(bundle=copy))


@pytest.mark.parametrize(("shade", "said"), [(0, "its picture is black"), (128, "its picture is blank")])
def test_a_covered_camera(visit: Visit, tmp_path: Path, shade: int, said: str) -> None:
    film = write_video(tmp_path / "dark.mp4", [np.full((192, 320, 3), shade, np.uint8)] * 20)
    assert said in titles(visit(address=str(film)))


def test_nothing_at_the_address(visit: Visit) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    found = visit(address=f"rtsp://admin:sesame@127.0.0.1:{port}/door")
    assert "Nothing answers at its address" in titles(found)
    assert "unchecked" in titles(found, Level.ADVICE)
    assert "sesame" not in str(found)


def test_a_slow_and_small_camera(visit: Visit, tmp_path: Path) -> None:
    film = write_video(tmp_path / "slow.mp4", [figures([((x, 90.0), 0)]) for x in range(40, 80)], rate=5)
    found = visit("streams: {analysis_fps: 20}\n", str(film), look_s=0.7)
    assert "and 20 are to be looked at" in titles(found, Level.ADVICE)
    assert "a small picture" in titles(found, Level.ADVICE)


@pytest.fixture
def camera() -> Iterator[tuple[RtspRelay, str]]:
    """A camera that pushes into a relay; a process of its own, since libav holds the interpreter while it connects."""
    with RtspRelay() as relay:
        process = multiprocessing.get_context("spawn").Process(target=push_for_ever, args=(relay.url("hall"),))
        process.start()
        give_up_s = time.monotonic() + 30
        while not relay.has_camera("hall"):
            assert time.monotonic() < give_up_s, "the camera never came"
            time.sleep(0.02)
        yield relay, relay.url("hall")
        process.kill()
        process.join(10)


def test_a_live_camera_and_what_can_go_wrong_with_it(visit: Visit, camera: tuple[RtspRelay, str]) -> None:
    relay, url = camera
    assert "Camera hall shows a picture (160×96" in titles(visit(address=url), Level.OK)
    assert "not at this path" in titles(visit(address=url + "-other"))
    relay.stalled = True
    assert "Camera hall gives no picture" in titles(visit(address=url))


def test_a_ledger_with_another_key(visit: Visit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").mkdir(mode=0o700)
    Ledger(tmp_path / "data/ledger.db", SEOUL).close()
    assert "The ledger opens" in titles(visit(), Level.OK)
    monkeypatch.setenv("DONGSUN_TEST_KEY", "another")
    assert "The ledger can't be used" in titles(visit("database_key: {env: DONGSUN_TEST_KEY}\n"))


def test_a_folder_open_to_everybody(visit: Visit, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data").chmod(0o755)
    assert "Everybody on this machine may look" in titles(visit(), Level.ADVICE)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_another_user(visit: Visit, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(mode=0o700)
    os.chown(tmp_path / "data", 12345, 12345)
    assert "another user than the station" in titles(visit(), Level.ADVICE)


def upstream(station: Callable[..., Path], mqtt: str) -> list[Finding]:
    return upstream_findings(load_station(station(f"upstream: {{kind: mqtt, mqtt: {{{mqtt}}}}}\n")), "tiny")


def test_the_broker(station: Callable[..., Path], broker: Broker) -> None:  # noqa: F811
    plain = f"host: 127.0.0.1, port: {broker.port}, timeout_s: 2"
    assert "lets this station in" in titles(upstream(station, plain + ", tls: false"), Level.OK)
    assert "speaks no TLS" in titles(upstream(station, plain))
    broker.stop()
    assert "can't be reached" in titles(upstream(station, plain + ", tls: false"))
    assert "certificate file can't be read" in titles(upstream(station, plain + ", ca_file: nowhere.pem"))
    broker.more = ("allow_anonymous false",)
    broker.start()
    assert "lets nobody in" in titles(upstream(station, plain + ", tls: false"))


def test_a_cluster(station: Callable[..., Path]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        kafka = (
            f"upstream: {{kind: kafka, kafka: {{bootstrap_servers: 'x:no,127.0.0.1:{port}', security: PLAINTEXT}}}}\n"
        )
        assert "Kafka answers" in titles(upstream_findings(load_station(station(kafka)), "tiny"), Level.OK)
    assert "can't be reached" in titles(upstream_findings(load_station(station(kafka)), "tiny"))


def test_a_password_that_cant_be_read(station: Callable[..., Path]) -> None:
    more = "upstream: {kind: mqtt, mqtt: {host: h}, password: {env: DONGSUN_NOT_SET}}\n"
    assert "DONGSUN_NOT_SET" in titles(upstream_findings(load_station(station(more)), "tiny"))


def test_the_list_and_the_exit_code(station: Callable[..., Path], tmp_path: Path) -> None:
    out = io.StringIO()
    assert run_check(station(), out) == 0
    assert out.getvalue().rstrip().splitlines()[-1].startswith("고장 0, ")
    out = io.StringIO()
    assert run_check(station("cameras: {}\n"), out) == 1
    first = out.getvalue().splitlines()[:2]
    assert first[0].startswith("✗ 고장 FAULT") and "hall" in first[1]
    out = io.StringIO()
    assert run_check(tmp_path / "nowhere.yaml", out) == 1 and "station's file" in out.getvalue()
