"""`station.yaml`: everything that one station needs to know, and its store file for the cameras, lines and zones."""

from pathlib import Path
from typing import Annotated, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from dongsun.contract.bundle import Precision
from dongsun.contract.errors import DongsunError
from dongsun.serve_edge.forward.kafka_sender import KafkaSettings
from dongsun.serve_edge.forward.mqtt_sender import MqttSettings
from dongsun.serve_edge.pipeline.motion_gate import CHANGED_SHARE, LOOK_ANYWAY_S
from dongsun.serve_edge.station.secret_source import SecretSource

Model = TypeVar("Model", bound=BaseModel)
_PASSWORD = "the password, from the environment or a file; in place of one written into this file"


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class StreamSettings(_Settings):
    """How cameras are read; see `FeedSettings`. Times in seconds."""

    analysis_fps: float = Field(default=5.0, gt=0, le=30, description="pictures a second that are looked at")
    open_timeout_s: float = Field(default=10.0, gt=0, description="a camera that takes longer to answer is tried anew")
    read_timeout_s: float = Field(default=5.0, gt=0, description="no data for so long ends the connection")
    stall_s: float = Field(default=3.0, gt=0, description="without a picture for so long, nothing was seen")
    frozen_s: float = Field(default=30.0, gt=0, description="a picture that stands still so long shows nothing")
    backoff_first_s: float = Field(default=1.0, gt=0, description="wait before the second try, doubled each time …")
    backoff_most_s: float = Field(default=60.0, gt=0, description="… up to this")
    loop: bool = Field(default=False, description="files begin again at their end; for rehearsals")


class MqttUpstream(_Settings):
    """Windows go to an MQTT 5 broker."""

    kind: Literal["mqtt"] = Field(default="mqtt", description="which way upstream")
    mqtt: MqttSettings = Field(description="the broker")
    password: SecretSource | None = Field(default=None, description=_PASSWORD)

    def settings(self) -> MqttSettings:
        """The broker's settings with the password read from where it is kept.

        Raises:
            DongsunError: The password can't be read.
        """
        return self.mqtt.model_copy(update=_with_password(self.password))

    @model_validator(mode="after")
    def _one_password(self) -> "MqttUpstream":
        _refuse_two(self.password, self.mqtt.password)
        return self


class KafkaUpstream(_Settings):
    """Windows go to Kafka or Azure Event Hubs."""

    kind: Literal["kafka"] = Field(default="kafka", description="which way upstream")
    kafka: KafkaSettings = Field(description="the cluster")
    password: SecretSource | None = Field(default=None, description=_PASSWORD)

    def settings(self) -> KafkaSettings:
        """The cluster's settings with the password read from where it is kept.

        Raises:
            DongsunError: The password can't be read.
        """
        return self.kafka.model_copy(update=_with_password(self.password))

    @model_validator(mode="after")
    def _one_password(self) -> "KafkaUpstream":
        _refuse_two(self.password, self.kafka.password)
        return self


class RetentionSettings(_Settings):
    """How long what is kept, in days. What identifies a visitor never outlives the business day."""

    events_days: int = Field(default=90, ge=1, description="single crossings and stays, without any identifier")
    windows_days: int = Field(default=400, ge=1, description="windows of 15 seconds, day totals and heat maps")
    sent_days: int = Field(default=7, ge=0, description="messages already sent, for a receiver that lost its own")


class HttpSettings(_Settings):
    """The status page and the metrics; loopback unless somebody says otherwise."""

    host: str = Field(default="127.0.0.1", min_length=1, description="the one address that is listened on")
    port: int = Field(default=8600, ge=0, lt=65_536, description="0 takes a free one")

    @model_validator(mode="after")
    def _one_network(self) -> "HttpSettings":
        if self.host in ("0.0.0.0", "::", "*"):
            raise ValueError("`host` may not be every network: name one address, by default 127.0.0.1")
        return self


class MotionGateSettings(_Settings):
    """Whether still pictures skip the detector; `docs/station.md` says what its misses cost."""

    enabled: bool = Field(default=True, description="false runs the detector on every picture looked at")
    changed_share: float = Field(
        default=CHANGED_SHARE, gt=0, lt=1, description="share of the picture that must have changed"
    )
    look_anyway_s: float = Field(default=LOOK_ANYWAY_S, gt=0, description="the detector runs at least this often")


class StationSettings(_Settings):
    """One station. Paths are relative to the file."""

    station_id: str = Field(pattern=r"^[A-Za-z0-9._-]+$", description="names this machine in messages and logs")
    store: Path = Field(description="the store file: cameras, lines, zones, staff")
    bundle: Path = Field(description="the bundle's directory")
    data_dir: Path = Field(description="where the station keeps its ledger; created if absent")
    cameras: dict[str, SecretSource] = Field(
        default={}, description="camera → its address, in place of the store file's `source`; passwords belong here"
    )
    database_key: SecretSource | None = Field(default=None, description="encrypts the ledger at rest")
    database_most_mb: int | None = Field(default=20_000, ge=1, description="the ledger's limit in MB; null: the disk's")
    precision: Precision | None = Field(default=None, description="of both models; null: what the bundle ships")
    threads: int | None = Field(default=None, ge=1, description="CPU threads of the models; null: all cores")
    streams: StreamSettings = Field(default=StreamSettings(), description="how cameras are read")
    motion_gate: MotionGateSettings = Field(default=MotionGateSettings(), description="sparing still pictures")
    upstream: Annotated[MqttUpstream | KafkaUpstream, Field(discriminator="kind")] | None = Field(
        default=None, description="where windows are sent; null: they stay here"
    )
    suppress_below: int = Field(default=1, ge=1, description="counts from 1 to below this don't leave the station")
    retention: RetentionSettings = Field(default=RetentionSettings(), description="how long what is kept")
    http: HttpSettings = Field(default=HttpSettings(), description="status and metrics")
    health_every_s: float = Field(default=60.0, gt=0, description="how often a health message is sent")

    @property
    def ledger_path(self) -> Path:
        """The ledger's file."""
        return self.data_dir / "ledger.db"


def load_station(path: Path) -> StationSettings:
    """Reads `station.yaml`; every relative path in it starts from its folder, also those of secrets and certificates.

    Raises:
        DongsunError: No such file, no YAML, or settings that a station doesn't understand, each named.
    """
    if not path.is_file():
        raise DongsunError(expected="a station file", got="no such file", where=str(path), mend="see docs/station.md")
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)  # the error's own text would show the line, a password perhaps
        got = f"no YAML at line {mark.line + 1}, column {mark.column + 1}" if mark else "no YAML"
        raise DongsunError(expected="YAML", got=got, where=str(path), mend="mend that line") from None
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
    cameras = {camera_id: _located(source, folder) for camera_id, source in settings.cameras.items()}
    return _from_folder(settings.model_copy(update={"cameras": cameras}), folder)


def _from_folder(model: Model, folder: Path) -> Model:
    """A copy whose every path is absolute, also in the models within."""
    moved: dict[str, object] = {}
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, Path):
            moved[name] = folder / value
        elif isinstance(value, BaseModel):
            moved[name] = _from_folder(value, folder)
        elif isinstance(value, dict):
            moved[name] = {k: _from_folder(v, folder) if isinstance(v, BaseModel) else v for k, v in value.items()}
    return model.model_copy(update=moved)


def _located(source: SecretSource, folder: Path) -> SecretSource:
    """A recording named in place of a camera starts from the folder too."""
    if source.value is None or "://" in source.value.get_secret_value():
        return source
    return source.model_copy(update={"value": SecretStr(str(folder / source.value.get_secret_value()))})


def _with_password(source: SecretSource | None) -> dict[str, SecretStr]:
    return {} if source is None else {"password": source.read("upstream.password")}


def _refuse_two(source: SecretSource | None, written: SecretStr | None) -> None:
    if source is not None and written is not None:
        raise ValueError("two passwords: leave out the one that is written into the file")
