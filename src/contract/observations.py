"""What a station says it saw. No picture, no embedding, no identifier that outlives the business day."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Direction = Literal["in", "out"]


class _Observation(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    store_id: str
    camera_id: str
    bundle_version: str


class Crossing(_Observation):
    """One visitor crossed one line, once."""

    idempotency_key: str
    line_id: str
    direction: Direction
    crossed_at_utc: datetime
    stream_time_s: float = Field(description="seconds since the first frame of the source")
    frame_index: int = Field(description="0-based, in decode order")
    track_id: int
    visitor_id: int | None = Field(description="day-scoped; None while the visitor is not identified")
    staff: bool = Field(default=False, description="taken for staff: by uniform, or by the zones and times of staff")


class ZoneVisit(_Observation):
    """One visitor's stay in one zone."""

    idempotency_key: str
    zone_id: str
    entered_at_utc: datetime
    exited_at_utc: datetime
    enter_s: float
    exit_s: float
    dwell_s: float = Field(ge=0)
    track_id: int
    visitor_id: int | None
    staff: bool = Field(default=False, description="taken for staff: by uniform, or by the zones and times of staff")


class Window(_Observation):
    """A 15-second, UTC-aligned aggregate. `observed_s` below 15 says that data are missing, which is not zero."""

    idempotency_key: str
    starts_at_utc: datetime
    window_s: float = 15.0
    observed_s: float = Field(ge=0)
    crossings_in: dict[str, int] = Field(description="line → crossings toward the inside")
    crossings_out: dict[str, int]
    occupancy_mean: float = Field(ge=0, description="confirmed people in the picture, mean over observed time")
    occupancy_max: int = Field(ge=0)
    dwell_p50_s: dict[str, float | None] = Field(description="zone → median dwell of visits that ended in the window")
    dwell_p90_s: dict[str, float | None]
