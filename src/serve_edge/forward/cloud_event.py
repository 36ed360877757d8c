"""The envelope: CloudEvents 1.0 in JSON (https://github.com/cloudevents/spec, structured mode)."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_serializer

from dongsun.contract.clock import iso_utc

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"


class CloudEvent(BaseModel):
    """One message; `docs/events.md` describes the kinds of `data`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    specversion: Literal["1.0"] = "1.0"
    id: str = Field(description="the idempotency key: a receiver keeps one of each")
    source: str = Field(description="/stores/<store id>/stations/<station id>")
    type: str = Field(description="io.dongsun.<kind>.v<version of the schema>")
    subject: str = Field(description="the camera, or `station`")
    time: datetime
    datacontenttype: Literal["application/json"] = "application/json"
    data: dict[str, Any]

    @field_serializer("time")
    def _zulu(self, time: datetime) -> str:
        return iso_utc(time)


def source_of(store_id: str, station_id: str) -> str:
    """Who sends."""
    return f"/stores/{store_id}/stations/{station_id}"
