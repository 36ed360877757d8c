"""How the station is doing: one snapshot, from which the status page, the metrics and the health message are made."""

from dataclasses import dataclass
from datetime import datetime

from dongsun.serve_edge.forward.forwarder import ForwarderHealth
from dongsun.serve_edge.ledger.ledger_writer import WriterHealth
from dongsun.serve_edge.ledger.line_balance import LineBalance
from dongsun.serve_edge.stream.camera_feed import FeedCounters, FeedState


@dataclass(frozen=True)
class CameraHealth:
    """One camera.

    Attributes:
        camera_id: Of the store file.
        state: Of its feed.
        last_error: Why its last connection ended, without secrets; empty if none has.
        counters: Of its feed.
        last_frame_age_s: Since the last picture that could be trusted was taken; None before the first.
        analysed: Pictures that the detector looked at.
        gated: Pictures that the motion gate spared it.
        occupancy: People in view now.
        latency_p50_s: From capture to counted, over the last minutes; None before the first.
        latency_p95_s: Likewise.
        gap_s: Seconds of gaps since the start.
    """

    camera_id: str
    state: FeedState
    last_error: str
    counters: FeedCounters
    last_frame_age_s: float | None
    analysed: int
    gated: int
    occupancy: int
    latency_p50_s: float | None
    latency_p95_s: float | None
    gap_s: float


@dataclass(frozen=True)
class StationHealth:
    """The station.

    Attributes:
        store_id: Of the store file.
        station_id: Of `station.yaml`.
        bundle_version: In use.
        started_at_utc: Of this process's station.
        now_utc: When the snapshot was taken.
        uptime_s: By the monotonic clock.
        cameras: In the store file's order.
        writer: Of the ledger.
        forwarder: None without an upstream.
        waiting: Messages in the outbox.
        restarts: Parts that the supervisor started again.
        clock_jumps: Times that the wall clock was set.
        drift: By how much each line's occupancy was wrong when the business day before ended.
        ledgers_begun: Times that the ledger was found damaged and begun anew.
        salvaged_rows: Rows copied from damaged ledgers.
    """

    store_id: str
    station_id: str
    bundle_version: str
    started_at_utc: datetime
    now_utc: datetime
    uptime_s: float
    cameras: tuple[CameraHealth, ...]
    writer: WriterHealth
    forwarder: ForwarderHealth | None
    waiting: int
    restarts: int
    clock_jumps: int
    drift: tuple[LineBalance, ...] = ()
    ledgers_begun: int = 0
    salvaged_rows: int = 0

    @property
    def ready(self) -> bool:
        """Whether at least one camera is counted and the ledger takes what it counts."""
        return any(camera.state is FeedState.LIVE for camera in self.cameras) and not self.writer.full
