"""The pipeline of one camera, from a frame's detections to crossings, stays and windows. Pure: no file, no model."""

import collections
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from dongsun.contract.observations import Direction
from dongsun.contract.store import CameraConfig
from dongsun.serve_edge.pipeline.constants import CountingConstants
from dongsun.serve_edge.pipeline.floor_view import FloorView
from dongsun.serve_edge.pipeline.line_counter import LineCounter, LineCrossing, PixelLine
from dongsun.serve_edge.pipeline.looks import FrameSize
from dongsun.serve_edge.pipeline.people import IdentifiedSighting
from dongsun.serve_edge.pipeline.windows import WindowAggregator, WindowFigures
from dongsun.serve_edge.pipeline.zone_meter import PixelZone, Stay, ZoneMeter


@dataclass(frozen=True)
class CountedCrossing:
    """A crossing of a named line."""

    line_id: str
    crossing: LineCrossing


@dataclass(frozen=True)
class CountedStay:
    """A stay in a named zone."""

    zone_id: str
    stay: Stay


class Counter:
    """Counts the people of one camera over its lines and zones.

    Args:
        camera: Lines and zones.
        size: Of the picture.
        started_at_utc: When the first frame was taken.
        constants: Bands and times.
        view: Of the floor, where the camera has one.
    """

    def __init__(
        self,
        camera: CameraConfig,
        size: FrameSize,
        started_at_utc: datetime,
        constants: CountingConstants,
        view: FloorView | None = None,
    ) -> None:
        lines = {name: PixelLine.of(line, size) for name, line in camera.lines.items()}
        self._lines = {name: LineCounter(line, constants, view) for name, line in lines.items()}
        self._zones = {name: ZoneMeter(PixelZone.of(zone, size), constants) for name, zone in camera.zones.items()}
        self._windows = WindowAggregator(started_at_utc, tuple(self._lines), tuple(self._zones))
        self._totals: collections.Counter[tuple[str, Direction]] = collections.Counter()
        self._crossings: list[CountedCrossing] = []
        self._stays: list[CountedStay] = []

    def count(self, sightings: list[IdentifiedSighting]) -> None:
        """Takes sightings, each track's in order of time."""
        for item in sightings:
            for line_id, line in self._lines.items():
                self._crossed(line_id, line.observe(item.track_id, item.sighting))
            for zone_id, zone in self._zones.items():
                self._stayed(zone_id, zone.observe(item.track_id, item.sighting))

    def end(self, track_id: int) -> None:
        """Ends a track."""
        for line_id, line in self._lines.items():
            self._crossed(line_id, line.end(track_id))
        for zone_id, zone in self._zones.items():
            self._stayed(zone_id, zone.forget(track_id))

    def observed(self, from_s: float, to_s: float, occupancy: int) -> None:
        """Notes that the camera was watched from `from_s` until `to_s`, with so many people in view."""
        self._windows.observed(from_s, to_s, occupancy)

    def open_stays(self, zone_ids: Collection[str]) -> list[CountedStay]:
        """Stays under way in some of the zones, until the last sighting inside."""
        zones = {zone_id: zone for zone_id, zone in self._zones.items() if zone_id in zone_ids}
        return [CountedStay(zone_id, stay) for zone_id, zone in zones.items() for stay in zone.open_stays()]

    def drain(self) -> tuple[list[CountedCrossing], list[CountedStay]]:
        """Takes away what was counted since the last call."""
        counted = self._crossings, self._stays
        self._crossings, self._stays = [], []
        return counted

    def windows(self) -> list[WindowFigures]:
        """The windows so far, but for those already taken away."""
        return self._windows.windows()

    def closed_windows(self, before_s: float) -> list[WindowFigures]:
        """Takes away the windows that ended before then, in stream time."""
        return self._windows.closed(before_s)

    def total(self, line_id: str, direction: Direction) -> int:
        """Crossings of a line so far."""
        return self._totals[line_id, direction]

    def walked_round(self, line_id: str) -> int:
        """How often somebody so far has changed sides just beyond one of the line's ends, uncounted."""
        return self._lines[line_id].walked_round

    def _crossed(self, line_id: str, crossing: LineCrossing | None) -> None:
        if crossing is not None:
            self._crossings.append(CountedCrossing(line_id, crossing))
            self._totals[line_id, crossing.direction] += 1
            self._windows.crossed(line_id, crossing.direction, crossing.stream_time_s)

    def _stayed(self, zone_id: str, stay: Stay | None) -> None:
        if stay is not None:
            self._stays.append(CountedStay(zone_id, stay))
            self._windows.stayed(zone_id, stay.exit_s, stay.exit_s - stay.enter_s)
