"""What a camera's feed hands on: pictures worth looking at, and the times when there were none."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from dongsun.contract.preprocess import FrameBgr
from dongsun.serve_edge.stream.picture import Picture


class GapReason(StrEnum):
    """Why nothing trustworthy was seen."""

    CONNECTING = "connecting"
    DISCONNECTED = "disconnected"
    STALLED = "stalled"
    BLACK = "black"
    BLANK = "blank"
    FROZEN = "frozen"
    CORRUPT = "corrupt"


@dataclass(frozen=True)
class CapturedFrame:
    """One picture and when it was taken, by the station's clocks; a camera's own clock is never trusted.

    Attributes:
        camera_id: Of the store file.
        index: 0-based, of the pictures decoded since the feed began, also of those not handed on.
        stream_time_s: Seconds since the feed began on the station's monotonic clock; ascending, through reconnects too.
        captured_at_utc: The station's wall clock at that moment; it may jump.
        picture: The pixels, not all converted yet.
        decode_s: What it took to decode.
    """

    camera_id: str
    index: int
    stream_time_s: float
    captured_at_utc: datetime
    picture: Picture
    decode_s: float

    @property
    def picture_bgr(self) -> FrameBgr:
        """All pixels, converted now if they weren't."""
        return self.picture.bgr()


@dataclass(frozen=True)
class Gap:
    """A time in which nothing trustworthy was seen: no reason to think that nobody was there.

    Attributes:
        camera_id: Of the store file.
        from_s: On the feed's `stream_time_s`.
        to_s: Likewise; a gap that goes on is reported piece by piece.
        reason: The latest one.
        until_utc: `to_s` on the station's wall clock; it may jump.
    """

    camera_id: str
    from_s: float
    to_s: float
    reason: GapReason
    until_utc: datetime
