"""How long people stay in a zone."""

from dataclasses import dataclass

from dongsun.contract.geometry import Point, point_in_polygon
from dongsun.contract.store import Anchor, ZoneConfig
from dongsun.serve_edge.pipeline.constants import CountingConstants
from dongsun.serve_edge.pipeline.looks import FrameSize
from dongsun.serve_edge.pipeline.sighting import Sighting


@dataclass(frozen=True)
class PixelZone:
    """A zone in a picture's pixels."""

    polygon: tuple[Point, ...]
    anchor: Anchor

    @staticmethod
    def of(config: ZoneConfig, size: FrameSize) -> "PixelZone":
        """The zone of a store file in a picture of this size."""
        corners = tuple((x * size.width_px, y * size.height_px) for x, y in config.polygon)
        return PixelZone(corners, config.anchor)


@dataclass(frozen=True)
class Stay:
    """One person's stay in one zone, seconds of stream time."""

    track_id: int
    enter_s: float
    exit_s: float


@dataclass
class _Presence:
    inside: bool = False
    inside_since_s: float | None = None
    last_inside_s: float = 0.0


class ZoneMeter:
    """Measures stays in one zone, with hysteresis in time.

    A person has entered after staying inside for a moment, dated back to the first sighting inside; and has left after
    being outside for a moment, dated back to the last sighting inside. Shorter excursions, and gaps in which the person
    wasn't seen, are bridged. A track that ends inside leaves when it was last seen inside.

    Args:
        zone: Where to measure.
        constants: The moments.
    """

    def __init__(self, zone: PixelZone, constants: CountingConstants) -> None:
        self._zone = zone
        self._c = constants
        self._presences: dict[int, _Presence] = {}

    def observe(self, track_id: int, sighting: Sighting) -> Stay | None:
        """Takes the next sighting of a track, in order of time; a stay if this one ends it."""
        presence = self._presences.setdefault(track_id, _Presence())
        now_s = sighting.stream_time_s
        if point_in_polygon(sighting.anchor_px(self._zone.anchor), self._zone.polygon):
            if presence.inside_since_s is None:
                presence.inside_since_s = now_s
            presence.last_inside_s = now_s
            presence.inside |= now_s - presence.inside_since_s >= self._c.zone_enter_s
            return None
        if presence.inside_since_s is None:
            return None
        if presence.inside and now_s - presence.last_inside_s < self._c.zone_exit_s:
            return None
        return self._close(track_id, presence)

    def open_stays(self) -> list[Stay]:
        """Stays under way, until the last sighting inside."""
        return [
            Stay(track_id, presence.inside_since_s, presence.last_inside_s)
            for track_id, presence in self._presences.items()
            if presence.inside and presence.inside_since_s is not None
        ]

    def forget(self, track_id: int) -> Stay | None:
        """Ends a track; the stay that it was in, if any."""
        presence = self._presences.pop(track_id, None)
        return self._close(track_id, presence) if presence else None

    def _close(self, track_id: int, presence: _Presence) -> Stay | None:
        since, was_inside = presence.inside_since_s, presence.inside
        presence.inside, presence.inside_since_s = False, None
        return Stay(track_id, since, presence.last_inside_s) if was_inside and since is not None else None
