"""A station's health, ledger and files, made up for the tests."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from dongsun.contract.business_day import BusinessCalendar
from dongsun.contract.observations import Crossing, Window
from dongsun.serve_edge.forward.forwarder import ForwarderHealth
from dongsun.serve_edge.ledger.batch import DayVisitors, LedgerBatch
from dongsun.serve_edge.ledger.ledger import Ledger
from dongsun.serve_edge.ledger.ledger_writer import WriterHealth
from dongsun.serve_edge.station.health import CameraHealth, StationHealth
from dongsun.serve_edge.stream.camera_feed import FeedCounters, FeedState
from dongsun.serve_edge.stream.captured_frame import GapReason

NOON = datetime(2026, 11, 20, 3, tzinfo=UTC)
SEOUL = BusinessCalendar("Asia/Seoul", time(6))
STORE = """\
id: shop
timezone: Asia/Seoul
cameras:
  door:
    source: rtsp://192.0.2.1/door
    lines:
      door: {from: [0.1, 0.6], to: [0.9, 0.6], inside: [0.5, 0.9]}
  aisle:
    lines:
      aisle: {from: [0.1, 0.5], to: [0.9, 0.5], inside: [0.5, 0.9]}
    zones:
      fridge: {polygon: [[0.2, 0.6], [0.8, 0.6], [0.8, 0.9], [0.2, 0.9]]}
"""


def camera(camera_id: str, state: FeedState = FeedState.LIVE) -> CameraHealth:
    counters = FeedCounters(1000, 333, 4, {GapReason.BLACK: 7}, 3, 2, 1)
    return CameraHealth(camera_id, state, "", counters, 0.21, 300, 29, 5, 0.12, 0.31, 61.5)


HEALTH = StationHealth(
    store_id="shop",
    station_id="box-1",
    bundle_version="7",
    started_at_utc=NOON - timedelta(hours=1),
    now_utc=NOON,
    uptime_s=3600.25,
    cameras=(camera("door"), camera("aisle", FeedState.BACKING_OFF)),
    writer=WriterHealth(False, 0, 0, 12),
    forwarder=ForwarderHealth(40, 2, NOON, ""),
    waiting=17,
    restarts=1,
    clock_jumps=2,
)


def unready(health: StationHealth) -> StationHealth:
    """The same station with every camera gone."""
    gone = tuple(replace(each, state=FeedState.BACKING_OFF, last_error="Connection refused") for each in health.cameras)
    return replace(health, cameras=gone)


def window(number: int, camera_id: str = "door", observed_s: float = 15.0, at: datetime = NOON) -> Window:
    return Window(
        store_id="shop",
        camera_id=camera_id,
        bundle_version="7",
        idempotency_key=f"{camera_id}-w{number}",
        starts_at_utc=at + number * timedelta(seconds=15),
        observed_s=observed_s,
        crossings_in={"door": 1},
        crossings_out={"door": 0},
        occupancy_mean=0.5,
        occupancy_max=1,
        dwell_p50_s={},
        dwell_p90_s={},
    )


def crossing(number: int, direction: str = "in", staff: bool = False) -> Crossing:
    return Crossing.model_validate(
        {"store_id": "shop", "camera_id": "door", "bundle_version": "7", "idempotency_key": f"c{number}"}
        | {"line_id": "door", "direction": direction, "staff": staff, "crossed_at_utc": NOON}
        | {"stream_time_s": 1.0, "frame_index": 5, "track_id": 4711, "visitor_id": 815}
    )


def a_day() -> LedgerBatch:
    """An hour of the door's windows, of which two minutes weren't seen; two visitors in, one out, a member of staff."""
    windows = tuple(window(n, observed_s=0.0 if n < 8 else 15.0) for n in range(240))
    crossings = (crossing(1), crossing(2), crossing(3, "out"), crossing(4, staff=True))
    return LedgerBatch(crossings, (), windows, visitors=(("2026-11-20", DayVisitors(2, 0, 1)),))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(tmp_path / "ledger.db", SEOUL) as opened:
        opened.append(a_day(), NOON)
        yield opened


@pytest.fixture
def station_file(tmp_path: Path) -> Callable[..., Path]:
    """Writes a store and a station of it; `more` is added to the station's file."""

    def write(more: str = "", store: str = STORE) -> Path:
        folder = tmp_path / "station"
        (folder / "data").mkdir(parents=True, exist_ok=True)
        (folder / "data").chmod(0o700)
        (folder / "store.yaml").write_text(store, encoding="utf-8")
        path = folder / "station.yaml"
        path.write_text(
            f"station_id: box-1\nstore: store.yaml\nbundle: bundle\ndata_dir: data\n{more}", encoding="utf-8"
        )
        return path

    return write
