"""A station's health as it leaves the station: states, counters and seconds, nothing about visitors."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from dongsun.contract.clock import iso_utc
from dongsun.serve_edge.forward.cloud_event import CloudEvent, source_of
from dongsun.serve_edge.ledger.batch import Message
from dongsun.serve_edge.station.health import CameraHealth, StationHealth
from dongsun.serve_edge.stream.camera_feed import FeedState
from dongsun.serve_edge.stream.captured_frame import GapReason

HEALTH_TYPE = "io.dongsun.health.v1"
KIND = "health"


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CameraHealthData(_Data):
    """One camera. Counters begin at zero when the station does."""

    camera_id: str
    state: FeedState
    last_frame_age_s: float | None = Field(description="since the last picture that could be trusted; null: none yet")
    analysed: int = Field(description="pictures that the detector looked at")
    gated: int = Field(description="pictures that the motion gate spared it")
    dropped: int = Field(description="pictures that analysis was too slow for")
    faulty: dict[GapReason, int] = Field(description="pictures withheld, by reason")
    connections: int
    failures: int = Field(description="connections that failed or broke")
    gap_s: float = Field(description="seconds in which nothing trustworthy was seen")
    latency_p50_s: float | None = Field(description="from capture to counted")
    latency_p95_s: float | None


class LineDriftData(_Data):
    """By how much a line's occupancy was wrong when the business day before ended."""

    line_id: str
    left_uncounted: int = Field(description="still inside by the count, although the day was over")
    came_in_uncounted: int = Field(description="went out without ever having come in")


class HealthData(_Data):
    """`data` of `io.dongsun.health.v1`. No picture, no count of people in the shop, no address, no free text."""

    store_id: str
    station_id: str
    bundle_version: str
    ready: bool = Field(description="at least one camera is counted and the ledger takes what it counts")
    started_at_utc: datetime
    uptime_s: float = Field(description="by the monotonic clock, also when the wall clock was set")
    cameras: tuple[CameraHealthData, ...]
    ledger_full: bool
    ledger_waiting: int = Field(description="batches that wait in memory for room")
    ledger_lost: int = Field(description="batches given up for want of room")
    ledger_made_room: int = Field(description="old rows given up for newer ones")
    outbox_waiting: int = Field(description="messages not yet acknowledged, this one not included")
    restarts: int = Field(description="parts that the supervisor started again")
    clock_jumps: int = Field(description="times that the wall clock was set")
    drift_yesterday: tuple[LineDriftData, ...] = Field(description="lines that were crossed on the day before")


def health_message(health: StationHealth) -> Message:
    """A snapshot as a message for the outbox.

    Its id is made of the start and the uptime: a wall clock that is set back never makes the same id twice. The number
    of people in view stays here: it would go round the suppression of small counts.
    """
    data = HealthData(
        store_id=health.store_id,
        station_id=health.station_id,
        bundle_version=health.bundle_version,
        ready=health.ready,
        started_at_utc=health.started_at_utc,
        uptime_s=round(health.uptime_s, 3),
        cameras=tuple(_camera(camera) for camera in health.cameras),
        ledger_full=health.writer.full,
        ledger_waiting=health.writer.waiting,
        ledger_lost=health.writer.lost,
        ledger_made_room=health.writer.made_room,
        outbox_waiting=health.waiting,
        restarts=health.restarts,
        clock_jumps=health.clock_jumps,
        drift_yesterday=tuple(
            LineDriftData(line_id=line.line_id, left_uncounted=line.inside, came_in_uncounted=line.never_came_in)
            for line in health.drift
        ),
    )
    key = f"{health.store_id}/{health.station_id}/health/{iso_utc(health.started_at_utc)}/{health.uptime_s:.3f}"
    event = CloudEvent(
        id=key,
        source=source_of(health.store_id, health.station_id),
        type=HEALTH_TYPE,
        subject="station",
        time=health.now_utc,
        data=data.model_dump(mode="json"),
    )
    return Message(key, KIND, event.model_dump_json())


def _camera(camera: CameraHealth) -> CameraHealthData:
    return CameraHealthData(
        camera_id=camera.camera_id,
        state=camera.state,
        last_frame_age_s=_rounded(camera.last_frame_age_s),
        analysed=camera.analysed,
        gated=camera.gated,
        dropped=camera.counters.dropped,
        faulty=camera.counters.faulty,
        connections=camera.counters.connections,
        failures=camera.counters.failures,
        gap_s=round(camera.gap_s, 3),
        latency_p50_s=_rounded(camera.latency_p50_s),
        latency_p95_s=_rounded(camera.latency_p95_s),
    )


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 3)
