"""What was counted, in the words of the contract."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from dongsun.contract.clock import iso_utc
from dongsun.contract.observations import Crossing, Window, ZoneVisit
from dongsun.serve_edge.pipeline.counter import CountedCrossing, CountedStay
from dongsun.serve_edge.pipeline.windows import WindowFigures


@dataclass(frozen=True)
class Observer:
    """Whose observations they are: the part that all have in common.

    An idempotency key names what happened, where and when, so that counting the same recording again gives the same
    keys, and a receiver that keeps one of each key never counts twice.
    """

    store_id: str
    camera_id: str
    bundle_version: str
    started_at_utc: datetime

    def crossing(self, counted: CountedCrossing, visitor_id: int | None, *, staff: bool = False) -> Crossing:
        """One crossing."""
        c = counted.crossing
        at = self._at(c.stream_time_s)
        return Crossing(
            **self._common(),
            idempotency_key=self._key("crossing", counted.line_id, at, str(c.track_id), c.direction),
            line_id=counted.line_id,
            direction=c.direction,
            crossed_at_utc=at,
            stream_time_s=c.stream_time_s,
            frame_index=c.frame_index,
            track_id=c.track_id,
            visitor_id=visitor_id,
            staff=staff,
        )

    def visit(self, counted: CountedStay, visitor_id: int | None, *, staff: bool = False) -> ZoneVisit:
        """One stay in a zone."""
        stay = counted.stay
        entered = self._at(stay.enter_s)
        return ZoneVisit(
            **self._common(),
            idempotency_key=self._key("visit", counted.zone_id, entered, str(stay.track_id)),
            zone_id=counted.zone_id,
            entered_at_utc=entered,
            exited_at_utc=self._at(stay.exit_s),
            enter_s=stay.enter_s,
            exit_s=stay.exit_s,
            dwell_s=stay.exit_s - stay.enter_s,
            track_id=stay.track_id,
            visitor_id=visitor_id,
            staff=staff,
        )

    def window(self, figures: WindowFigures) -> Window:
        """One window."""
        return Window(
            **self._common(),
            idempotency_key=self._key("window", "all", figures.starts_at_utc),
            starts_at_utc=figures.starts_at_utc,
            observed_s=figures.observed_s,
            crossings_in=figures.crossings_in,
            crossings_out=figures.crossings_out,
            occupancy_mean=figures.occupancy_mean,
            occupancy_max=figures.occupancy_max,
            dwell_p50_s=figures.dwell_p50_s,
            dwell_p90_s=figures.dwell_p90_s,
        )

    def _at(self, stream_time_s: float) -> datetime:
        return self.started_at_utc + timedelta(milliseconds=round(stream_time_s * 1000))

    def _common(self) -> dict[str, str]:
        return {"store_id": self.store_id, "camera_id": self.camera_id, "bundle_version": self.bundle_version}

    def _key(self, kind: str, name: str, at: datetime, *more: str) -> str:
        return "/".join((self.store_id, self.camera_id, kind, name, iso_utc(at), *more))
