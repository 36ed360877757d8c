"""station.yaml: read strictly, paths from its folder, no secret shown."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from dongsun.contract.errors import DongsunError
from dongsun.contract.store import load_store
from dongsun.serve_edge.station.camera_address import camera_address
from dongsun.serve_edge.station.open_ledger import open_ledger
from dongsun.serve_edge.station.secret_source import SecretSource
from dongsun.serve_edge.station.station_settings import (
    KafkaUpstream,
    MqttUpstream,
    StationSettings,
    load_station,
)

Write = Callable[..., Path]
MQTT = "upstream:\n  kind: mqtt\n  mqtt: {host: broker, ca_file: certs/ca.pem%s}\n%s"


def models(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    yield model
    for field in model.model_fields.values():
        waiting: list[object] = [field.annotation]
        while waiting:
            kind = waiting.pop()
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from models(kind)
            waiting += get_args(kind)


def test_every_setting_is_described() -> None:
    found = set(models(StationSettings))
    assert {SecretSource, MqttUpstream, KafkaUpstream} < found
    undescribed = [f"{m.__name__}.{n}" for m in found for n, f in m.model_fields.items() if not f.description]
    assert undescribed == []


def test_nothing_misspelt_is_taken() -> None:
    assert all(model.model_config.get("extra") == "forbid" for model in models(StationSettings))


def test_all_paths_start_from_the_files_folder(station_file: Write) -> None:
    path = station_file(
        "database_key: {file: keys/db}\ncameras:\n  door: {file: keys/door}\n  aisle: {value: films/aisle.mp4}\n"
        + MQTT % (", client_key: /etc/key.pem", "  password: {file: keys/mqtt}\n")
    )
    settings, folder = load_station(path), path.parent
    assert settings.database_key is not None and settings.database_key.file == folder / "keys/db"
    assert settings.cameras["door"].file == folder / "keys/door"
    assert camera_address(settings, load_store(settings.store), "aisle").get_secret_value() == str(
        folder / "films/aisle.mp4"
    )
    assert isinstance(settings.upstream, MqttUpstream) and settings.upstream.password is not None
    assert settings.upstream.password.file == folder / "keys/mqtt"
    assert settings.upstream.mqtt.ca_file == folder / "certs/ca.pem"
    assert settings.upstream.mqtt.client_key == Path("/etc/key.pem")
    assert settings.ledger_path == folder / "data/ledger.db"


def test_a_password_comes_from_where_it_is_kept(station_file: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    upstream = load_station(station_file(MQTT % ("", "  password: {env: BROKER_PASSWORD}\n"))).upstream
    assert isinstance(upstream, MqttUpstream)
    with pytest.raises(DongsunError, match="BROKER_PASSWORD"):
        upstream.settings()
    monkeypatch.setenv("BROKER_PASSWORD", "sesame")
    password = upstream.settings().password
    assert password is not None and password.get_secret_value() == "sesame"
    assert "sesame" not in repr(upstream.settings())


@pytest.mark.parametrize(
    ("more", "named"),
    [
        ("databse_key: {value: x}\n", "databse_key"),
        ("streams: {analysis_fps: 0}\n", "streams.analysis_fps"),
        ("http: {host: 0.0.0.0}\n", "name one address"),
        ("cameras: {door: {value: a, env: B}}\n", "exactly one"),
        ("upstream: {kind: post}\n", "upstream"),
        (MQTT % (", password: sesame-in-file", "  password: {env: X}\n"), "two passwords"),
        ("cameras: [sesame-in-file\n", "line"),
        ("cameras: {door: sesame-in-file}\n", "cameras.door"),
        ("upstream: {kind: mqtt, mqtt: {host: h, password: [sesame-in-file]}}\n", "upstream.mqtt.mqtt.password"),
    ],
)
def test_what_is_refused_is_named_and_no_secret_shown(station_file: Write, more: str, named: str) -> None:
    with pytest.raises(DongsunError) as refusal:
        load_station(station_file(more))
    assert named in str(refusal.value) and "sesame" not in str(refusal.value)


@pytest.mark.parametrize("content", [None, "", "- a list\n"])
def test_no_file_and_no_settings(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "station.yaml"
    if content is not None:
        path.write_text(content)
    with pytest.raises(DongsunError, match=r"station\.yaml"):
        load_station(path)


def test_the_store_files_address_serves_where_the_station_names_none(station_file: Write) -> None:
    settings = load_station(station_file())
    store = load_store(settings.store)
    assert camera_address(settings, store, "door").get_secret_value() == "rtsp://192.0.2.1/door"
    with pytest.raises(DongsunError, match=r"cameras\.aisle"):
        camera_address(settings, store, "aisle")


def test_a_ledger_as_the_settings_say(station_file: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEDGER_KEY", "k" * 20)
    settings = load_station(station_file("database_key: {env: LEDGER_KEY}\n"))
    store = load_store(settings.store)
    with open_ledger(settings, store) as ledger:
        assert ledger.pending_count() == 0 and ledger.calendar.timezone == "Asia/Seoul"
    assert not settings.ledger_path.read_bytes().startswith(b"SQLite format 3")
    monkeypatch.setenv("LEDGER_KEY", "another")
    with pytest.raises(DongsunError, match="key"):
        open_ledger(settings, store)


def secret_file(tmp_path: Path, mode: int, content: bytes = b"sesame\n") -> SecretSource:
    path = tmp_path / "secret"
    path.write_bytes(content)
    path.chmod(mode)
    return SecretSource(file=path)


def test_a_secret_file_is_read_without_its_line_end(tmp_path: Path) -> None:
    assert secret_file(tmp_path, 0o600).read("here").get_secret_value() == "sesame"


@pytest.mark.parametrize(
    ("mode", "content", "said"),
    [(0o604, b"x", "mode 604"), (0o620, b"x", "mode 620"), (0o600, b" \n", "empty"), (0o600, b"\xff\xfe", "text")],
)
def test_a_secret_file_that_cant_be_trusted(tmp_path: Path, mode: int, content: bytes, said: str) -> None:
    with pytest.raises(DongsunError, match=said):
        secret_file(tmp_path, mode, content).read("here")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can own a file as root and as somebody else")
def test_root_may_share_a_secret_with_the_stations_group(tmp_path: Path) -> None:
    source = secret_file(tmp_path, 0o640)
    assert source.read("here").get_secret_value() == "sesame"
    assert source.file is not None
    os.chown(source.file, 12345, 12345)
    with pytest.raises(DongsunError, match="mode 640"):
        source.read("here")


def test_an_absent_secret_file(tmp_path: Path) -> None:
    with pytest.raises(DongsunError, match="no such file"):
        SecretSource(file=tmp_path / "nowhere").read("here")
