"""What is shipped beside the program says the same as the program: the table of settings, the example, the unit."""

import configparser
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
import yaml
from pydantic import BaseModel

from dongsun.serve_edge.forward.mqtt_sender import MqttSettings
from dongsun.serve_edge.station.health_event import CameraHealthData, HealthData
from dongsun.serve_edge.station.secret_source import SecretSource
from dongsun.serve_edge.station.station_settings import KafkaUpstream, MqttUpstream, StationSettings, load_station

ROOT = Path(__file__).parents[4]


def rows(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        kinds = [kind for kind in (field.annotation, *get_args(field.annotation)) if isinstance(kind, type)]
        within = [kind for kind in kinds if issubclass(kind, BaseModel) and kind is not SecretSource]
        if name == "upstream":
            within = [MqttUpstream, KafkaUpstream]
        if not within:
            default = "needed" if field.is_required() else f"`{shown(field.default)}`"
            secret = " (secret)" if SecretSource in kinds or SecretSource in get_args(field.annotation) else ""
            meaning = f"{field.description}{secret}".replace("<", "&lt;")
            yield f"| `{prefix}{name}` | {default} | {meaning} |"
        for kind in within:
            yield from rows(kind, f"{prefix}{name}.")


def shown(value: object) -> str:
    return yaml.safe_dump(value, default_flow_style=True).removesuffix("\n").removesuffix("\n...")


def table() -> str:
    return "\n".join(["| key | default | meaning |", "|---|---|---|", *dict.fromkeys(rows(StationSettings))])


def test_the_table_says_what_the_settings_say() -> None:
    text = (ROOT / "docs/station.md").read_text(encoding="utf-8")
    assert text.split("<!-- settings -->\n")[1].split("\n<!-- /settings -->")[0] == table()


def test_the_example_is_a_station(tmp_path: Path) -> None:
    example = tmp_path / "station.yaml"
    shutil.copy(ROOT / "deploy/station.example.yaml", example)
    settings = load_station(example)
    assert settings.store == tmp_path / "store.yaml" and isinstance(settings.upstream, MqttUpstream)
    assert isinstance(settings.upstream.mqtt, MqttSettings) and settings.upstream.mqtt.tls


def test_every_field_of_the_health_message_is_in_the_docs() -> None:
    section = (ROOT / "docs/events.md").read_text(encoding="utf-8").split("## `io.dongsun.health.v1`")[1]
    absent = [name for model in (HealthData, CameraHealthData) for name in model.model_fields if name not in section]
    assert absent == []


def test_the_unit_watches_and_confines() -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # systemd's names have capitals
    unit.read(ROOT / "deploy/dongsun-edge.service", encoding="utf-8")
    service = unit["Service"]
    assert (service["Type"], service["Restart"], service["User"]) == ("notify", "always", "dongsun")
    assert service["NoNewPrivileges"] == "yes" and service["ProtectSystem"] == "strict"
    assert int(service["WatchdogSec"]) >= 30 and service["ReadWritePaths"] == "/var/lib/dongsun"
    assert "dongsun-edge run --config /etc/dongsun/station.yaml" in service["ExecStart"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    unit = (ROOT / "deploy/dongsun-edge.service").read_text(encoding="utf-8")
    (tmp_path / "dongsun-edge.service").write_text(unit.replace("/opt/dongsun/bin/dongsun-edge", "/bin/true"))
    told = subprocess.run(
        ["systemd-analyze", "verify", str(tmp_path / "dongsun-edge.service")],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert told.returncode == 0 and "dongsun-edge.service" not in told.stderr, told.stderr


if __name__ == "__main__":
    print(table())
