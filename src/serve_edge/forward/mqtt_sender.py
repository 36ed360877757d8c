"""Messages over MQTT 5, acknowledged by the broker (QoS 1)."""

import ssl
import threading
from collections.abc import Sequence
from pathlib import Path

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from dongsun.serve_edge.forward.cloud_event import CONTENT_TYPE
from dongsun.serve_edge.forward.sender import SendError
from dongsun.serve_edge.ledger.batch import OutboxItem


class MqttSettings(BaseModel):
    """Where and how to publish."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = Field(min_length=1, description="name or address of the broker")
    port: int = Field(default=8883, gt=0, lt=65_536, description="8883 with TLS, 1883 without, as a rule")
    tls: bool = Field(default=True, description="false only inside a network that is trusted")
    ca_file: Path | None = Field(default=None, description="PEM; null trusts the system's authorities")
    client_certificate: Path | None = Field(default=None, description="PEM, for brokers that ask for one")
    client_key: Path | None = Field(default=None, description="PEM, of that certificate")
    username: str | None = Field(default=None, description="null logs nobody in")
    password: SecretStr | None = Field(default=None, description="better kept in `upstream.password`")
    topic_prefix: str = Field(default="dongsun", pattern=r"^[^#+]+$", description="topics: <prefix>/<store>/<kind>")
    keepalive_s: int = Field(default=30, ge=5, description="a sign of life this often, so that a dead line is noticed")
    timeout_s: float = Field(default=20.0, gt=0, description="of connecting, and of acknowledging one batch")


class MqttSender:
    """Publishes to `<prefix>/<store>/<kind>` with QoS 1 and waits for the broker's acknowledgements.

    The outbox is the memory: after a failure this side forgets what it had in flight, so that nothing is kept twice.

    Args:
        settings: Of the broker.
        store_id: Of the topics.
        client_id: Always the same, so that the broker knows a station that comes back.
    """

    def __init__(self, settings: MqttSettings, store_id: str, client_id: str) -> None:
        self._settings, self._store_id, self._client_id = settings, store_id, client_id
        self._client: mqtt.Client | None = None
        self._connected = threading.Event()
        self._refused: list[str] = []

    def send(self, items: Sequence[OutboxItem]) -> None:
        """See `Sender.send`."""
        client = self._connection()
        self._refused.clear()
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho leaves it untyped
        properties.ContentType = CONTENT_TYPE
        try:
            waiting = [
                client.publish(
                    f"{self._settings.topic_prefix}/{self._store_id}/{item.message.kind}",
                    item.message.body,
                    qos=1,
                    properties=properties,
                )
                for item in items
            ]
            for publication in waiting:
                publication.wait_for_publish(self._settings.timeout_s)
                if not publication.is_published():
                    raise SendError(f"no acknowledgement within {self._settings.timeout_s:g} s")
        except (RuntimeError, ValueError, SendError) as error:  # paho's words for a lost connection and a full queue
            self.close()
            raise SendError(str(error)) from error
        if self._refused:
            self.close()
            raise SendError(f"the broker refused: {self._refused[0]}")

    def close(self) -> None:
        """Ends the connection and forgets what was in flight."""
        client, self._client = self._client, None
        self._connected.clear()
        if client is not None:
            client.disconnect()
            client.loop_stop()

    def _connection(self) -> mqtt.Client:
        if self._client is not None and self._connected.is_set():
            return self._client
        self.close()
        try:
            client = self._client = self._new_client()
            status = client.connect(
                self._settings.host,
                self._settings.port,
                keepalive=self._settings.keepalive_s,
                clean_start=True,
            )
        except (
            OSError,
            ValueError,
        ) as error:  # no route, no broker, no name, a certificate that isn't there or doesn't fit
            self._client = None
            raise SendError(f"{self._settings.host}:{self._settings.port}: {error}") from error
        client.loop_start()
        if status != MQTTErrorCode.MQTT_ERR_SUCCESS or not self._connected.wait(self._settings.timeout_s):
            refused = f": {self._refused[0]}" if self._refused else ""
            self.close()
            raise SendError(f"{self._settings.host}:{self._settings.port} took no connection{refused}")
        return client

    def _new_client(self) -> mqtt.Client:
        settings = self._settings
        client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=self._client_id, protocol=mqtt.MQTTv5)
        client.connect_timeout = settings.timeout_s
        if settings.tls:
            context = ssl.create_default_context(cafile=str(settings.ca_file) if settings.ca_file else None)
            if settings.client_certificate:
                context.load_cert_chain(settings.client_certificate, settings.client_key)
            client.tls_set_context(context)
        if settings.username is not None:
            client.username_pw_set(
                settings.username, settings.password.get_secret_value() if settings.password else None
            )
        client.on_connect = self._on_connect
        client.on_disconnect = lambda *_: self._connected.clear()
        client.on_publish = self._on_publish
        return client

    def _on_connect(
        self, client: mqtt.Client, userdata: object, flags: object, reason: ReasonCode, properties: object
    ) -> None:
        if reason.is_failure:
            self._refused.append(str(reason))
        else:
            self._connected.set()

    def _on_publish(
        self, client: mqtt.Client, userdata: object, message_id: int, reason: ReasonCode, properties: object
    ) -> None:
        if reason.is_failure:
            self._refused.append(str(reason))
