"""`station.yaml`: everything that one station needs to know, and its store file for the cameras, lines and zones."""

from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from dongsun.contract.bundle import Precision
from dongsun.contract.errors import DongsunError
from dongsun.serve_edge.forward.kafka_sender import KafkaSettings
from dongsun.serve_edge.forward.mqtt_sender import MqttSettings
from dongsun.serve_edge.station.secret_source import SecretSource


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class StreamSettings(_Settings):
    """How cameras are read; see `FeedSettings`. Times in seconds."""

    analysis_fps: float = Field(default=5.0, gt=0, le=30, description="pictures a second that are looked at")
    open_timeout_s: float = Field(default=10.0, gt=0)
    read_timeout_s: float = Field(default=5.0, gt=0)
    stall_s: float = Field(default=3.0, gt=0, description="without a picture for so long, nothing was seen")
    frozen_s: float = Field(default=30.0, gt=0, description="a picture that stands still so long shows nothing")
    backoff_first_s: float = Field(default=1.0, gt=0)
    backoff_most_s: float = Field(default=60.0, gt=0)
    loop: bool = Field(default=False, description="files begin again at their end; for rehearsals")


class MqttUpstream(_Settings):
    """Windows go to an MQTT 5 broker."""

    kind: Literal["mqtt"] = "mqtt"
    mqtt: MqttSettings


class KafkaUpstream(_Settings):
    """Windows go to Kafka or Azure Event Hubs."""

    kind: Literal["kafka"] = "kafka"
    kafka: KafkaSettings


class RetentionSettings(_Settings):
    """How long what is kept, in days. What identifies a visitor never outlives the business day."""

    events_days: int = Field(default=90, ge=1)
    windows_days: int = Field(default=400, ge=1)
    sent_days: int = Field(default=7, ge=0)


class HttpSettings(_Settings):
    """The status page and the metrics; loopback unless somebody says otherwise."""

    host: str = "127.0.0.1"
    port: int = Field(default=8600, ge=0, lt=65_536, description="0 takes a free one")


class MotionGateSettings(_Settings):
    """Whether still pictures skip the detector; `docs/station.md` says what its misses cost."""

    enabled: bool = True
    changed_share: float = Field(default=0.002, gt=0, lt=1, description="share of the picture that must have changed")
    look_anyway_s: float = Field(default=2.0, gt=0, description="the detector runs at least this often")


class StationSettings(_Settings):
    """One station. Paths are relative to the file."""

    station_id: str = Field(pattern=r"^[A-Za-z0-9._-]+$")
    store: Path = Field(description="the store file: cameras, lines, zones, staff")
    bundle: Path = Field(description="the bundle's directory")
    data_dir: Path = Field(description="where the station keeps its ledger; created if absent")
    cameras: dict[str, SecretSource] = Field(
        default={}, description="camera → its address, in place of the store file's `source`; passwords belong here"
    )
    database_key: SecretSource | None = Field(default=None, description="encrypts the ledger at rest")
    database_most_mb: int | None = Field(default=2_000, ge=1, description="the ledger's limit; null: the disk's")
    precision: Precision | None = Field(default=None, description="of both models; null: what the bundle ships")
    threads: int | None = Field(default=None, ge=1, description="CPU threads of the models; null: all cores")
    streams: StreamSettings = StreamSettings()
    motion_gate: MotionGateSettings = MotionGateSettings()
    upstream: Annotated[MqttUpstream | KafkaUpstream, Field(discriminator="kind")] | None = None
    suppress_below: int = Field(default=1, ge=1, description="counts from 1 to below this don't leave the station")
    retention: RetentionSettings = RetentionSettings()
    http: HttpSettings = HttpSettings()
    health_every_s: float = Field(default=60.0, gt=0, description="how often a health message is sent")

    @model_validator(mode="after")
    def _loopback_or_meant(self) -> "StationSettings":
        if self.http.host in ("0.0.0.0", "::"):
            raise ValueError("`http.host` may not be every network: name one address, by default 127.0.0.1")
        return self


def load_station(path: Path) -> StationSettings:
    """Reads `station.yaml`; relative paths in it start from its folder.

    Raises:
        DongsunError: No such file, no YAML, or settings that a station doesn't understand, each named.
    """
    if not path.is_file():
        raise DongsunError(expected="a station file", got="no such file", where=str(path), mend="see docs/station.md")
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise DongsunError(expected="YAML", got=str(error), where=str(path), mend="mend that line") from error
    if not isinstance(content, dict):
        raise DongsunError(
            expected="keys and values", got=type(content).__name__, where=str(path), mend="see docs/station.md"
        )
    try:
        settings = StationSettings.model_validate(content)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, e['loc'])) or 'file'}: {e['msg']}" for e in error.errors(include_input=False)
        )
        raise DongsunError(
            expected="settings of a station", got=problems, where=str(path), mend="docs/station.md lists every key"
        ) from None  # the cause's text would show values, passwords among them
    folder = path.resolve().parent
    found: dict[str, Any] = {name: folder / getattr(settings, name) for name in ("store", "bundle", "data_dir")}
    return settings.model_copy(update=found)
