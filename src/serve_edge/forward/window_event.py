"""A window as it leaves the station: counts and seconds, nobody's path, and no small number where that is asked for."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from dongsun.contract.observations import Window
from dongsun.serve_edge.forward.cloud_event import CloudEvent, source_of
from dongsun.serve_edge.ledger.batch import Message

WINDOW_TYPE = "io.dongsun.window.v1"
KIND = "window"


class WindowData(BaseModel):
    """`data` of `io.dongsun.window.v1`. A number that is null is suppressed or unknown, never zero."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    store_id: str
    station_id: str
    camera_id: str
    bundle_version: str
    starts_at_utc: datetime
    window_s: float
    observed_s: float = Field(description="seconds really seen; less than window_s means that the rest is unknown")
    crossings_in: dict[str, int | None] = Field(description="line → people toward the inside")
    crossings_out: dict[str, int | None]
    occupancy_mean: float | None
    occupancy_max: int | None
    dwell_p50_s: dict[str, float | None] = Field(description="zone → median stay of those who left in the window")
    dwell_p90_s: dict[str, float | None]
    suppressed_below: int = Field(ge=1, description="counts from 1 to below this were taken out; 1 takes none out")


def window_message(window: Window, station_id: str, suppress_below: int = 1) -> Message:
    """A window as a message for the outbox.

    Where nothing was seen, a zero would be a guess, and is sent as null. Small counts in a quiet shop point at single
    people: with `suppress_below` k > 1, a count of 1 … k − 1 is sent as null, and so is what would betray it: the mean
    of such an occupancy, and dwell, whose number of stays isn't sent.

    Args:
        window: A closed window.
        station_id: Who sends.
        suppress_below: k.
    """
    seen = window.observed_s > 0
    occupancy_max = _kept(window.occupancy_max, suppress_below, seen)
    data = WindowData(
        store_id=window.store_id,
        station_id=station_id,
        camera_id=window.camera_id,
        bundle_version=window.bundle_version,
        starts_at_utc=window.starts_at_utc,
        window_s=window.window_s,
        observed_s=round(window.observed_s, 3),
        crossings_in={line: _kept(count, suppress_below, seen) for line, count in window.crossings_in.items()},
        crossings_out={line: _kept(count, suppress_below, seen) for line, count in window.crossings_out.items()},
        occupancy_mean=None if occupancy_max is None else round(window.occupancy_mean, 3),
        occupancy_max=occupancy_max,
        dwell_p50_s=window.dwell_p50_s if suppress_below <= 1 else dict.fromkeys(window.dwell_p50_s),
        dwell_p90_s=window.dwell_p90_s if suppress_below <= 1 else dict.fromkeys(window.dwell_p90_s),
        suppressed_below=suppress_below,
    )
    event = CloudEvent(
        id=window.idempotency_key,
        source=source_of(window.store_id, station_id),
        type=WINDOW_TYPE,
        subject=window.camera_id,
        time=window.starts_at_utc,
        data=data.model_dump(mode="json"),
    )
    return Message(window.idempotency_key, KIND, event.model_dump_json())


def _kept(count: int, suppress_below: int, seen: bool) -> int | None:
    """Nobody counted where nothing was seen is unknown; somebody counted there is what a killed run had kept."""
    return None if 0 < count < suppress_below or not (count or seen) else count
