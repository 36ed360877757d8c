"""Messages over Kafka's protocol; the same serves Azure Event Hubs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from confluent_kafka import KafkaError, KafkaException, Producer
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from dongsun.serve_edge.forward.cloud_event import CONTENT_TYPE
from dongsun.serve_edge.forward.sender import SendError
from dongsun.serve_edge.ledger.batch import OutboxItem


class KafkaSettings(BaseModel):
    """Where and how to produce."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    bootstrap_servers: str = Field(description="host:port, several with commas")
    topic_prefix: str = Field(default="dongsun", pattern=r"^[A-Za-z0-9._-]+$", description="topics: <prefix>.<kind>")
    security: Literal["PLAINTEXT", "SSL", "SASL_SSL"] = Field(
        default="SASL_SSL", description="PLAINTEXT only inside a network that is trusted"
    )
    ca_file: Path | None = Field(default=None, description="PEM; null trusts the system's authorities")
    username: str | None = Field(default=None, description="Azure Event Hubs: $ConnectionString")
    password: SecretStr | None = Field(default=None, description="Azure Event Hubs: the connection string")
    timeout_s: float = Field(default=20.0, gt=0, description="of acknowledging one batch")


class KafkaSender:
    """Produces to `<prefix>.<kind>`, keyed by store, acknowledged by all replicas, idempotent and in order.

    Args:
        settings: Of the cluster.
        store_id: The key: one store's messages stay in order in one partition.
        client_id: Named in the cluster's logs.
    """

    def __init__(self, settings: KafkaSettings, store_id: str, client_id: str) -> None:
        self._settings, self._store_id, self._client_id = settings, store_id, client_id
        self._producer: Producer | None = None
        self._refused: list[str] = []
        self._trouble = ""

    def send(self, items: Sequence[OutboxItem]) -> None:
        """See `Sender.send`."""
        self._refused.clear()
        self._trouble = ""
        producer = self._producer = self._producer or self._new_producer()
        try:
            for item in items:
                producer.produce(
                    f"{self._settings.topic_prefix}.{item.message.kind}",
                    key=self._store_id,
                    value=item.message.body,
                    headers={"content-type": CONTENT_TYPE},
                    on_delivery=self._on_delivery,
                )
            left = producer.flush(self._settings.timeout_s)
        except (BufferError, KafkaException) as error:
            self.close()
            raise SendError(str(error)) from error
        if left or self._refused:
            # A connection's trouble says more than the time-out that it ends in.
            why = (
                self._trouble
                or next(iter(self._refused), "")
                or f"no acknowledgement in {self._settings.timeout_s:g} s"
            )
            self.close()  # also forgets the producer's number: a broker that lost its memory takes none but a new one
            raise SendError(f"{self._settings.bootstrap_servers}: {why}")

    def close(self) -> None:
        """Forgets what was in flight and ends the connection."""
        producer, self._producer = self._producer, None
        if producer is not None:
            producer.purge()
            producer.flush(1.0)

    def _on_delivery(self, error: KafkaError | None, message: object) -> None:
        if error is not None:
            self._refused.append(str(error))

    def _on_trouble(self, error: KafkaError) -> None:
        self._trouble = error.str()

    def _new_producer(self) -> Producer:
        settings = self._settings
        config: dict[str, object] = {
            "bootstrap.servers": settings.bootstrap_servers,
            "client.id": self._client_id,
            "security.protocol": settings.security,
            "acks": "all",
            "enable.idempotence": True,
            "delivery.timeout.ms": round(settings.timeout_s * 1000),
            "socket.keepalive.enable": True,
            "error_cb": self._on_trouble,
            "log_level": 0,  # librdkafka writes a line to stderr at every try; what matters is in `SendError`
        }
        if settings.ca_file is not None:
            config["ssl.ca.location"] = str(settings.ca_file)
        if settings.security == "SASL_SSL":
            password = settings.password.get_secret_value() if settings.password else ""
            config |= {
                "sasl.mechanism": "PLAIN",
                "sasl.username": settings.username or "",
                "sasl.password": password,
            }
        return Producer(config)
