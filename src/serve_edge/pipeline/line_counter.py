"""Counting people across a line."""

import math
from collections import deque
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from dongsun.contract.geometry import Point, position_along, signed_distance
from dongsun.contract.observations import Direction
from dongsun.contract.store import Anchor, LineConfig
from dongsun.serve_edge.pipeline.constants import CountingConstants
from dongsun.serve_edge.pipeline.floor_view import FloorView
from dongsun.serve_edge.pipeline.looks import FrameSize
from dongsun.serve_edge.pipeline.sighting import Sighting

_EDGE = 0.01
"""A line end this near the picture's border is meant to go on beyond it."""
_PACE_S = 0.6
"""The sightings of so long tell whence somebody comes and whither they go: a step lasts half a second."""
_LEAST_STRIDE = 3
_ROUND_HEIGHTS = 0.6
"""Who passes a line's end within a metre walks round it: a longer line would count them."""
_UNSEEN_S = 0.2
"""Who walks straight is believed to have come from, or to go on, so far out of sight: two frames of a 10 fps camera."""
_FASTEST_M_S, _JITTER_M = 3.0, 0.3
"""A run, and by how much places waver. Whoever jumps farther was placed wrong a moment ago."""


@dataclass(frozen=True)
class PixelLine:
    """A counting line in a picture's pixels; distances are positive on the inner side.

    Attributes:
        line_from: One end.
        line_to: The other.
        inside: A point of the inner side.
        open_from: The line goes on beyond `line_from`, since that lies on the picture's border and feet just outside
            the picture must not slip past.
        open_to: Likewise.
        anchor: The point of a person that must cross.
    """

    line_from: Point
    line_to: Point
    inside: Point
    open_from: bool
    open_to: bool
    anchor: Anchor

    @staticmethod
    def of(config: LineConfig, size: FrameSize) -> "PixelLine":
        """The line of a store file in a picture of this size."""

        def pixels(point: Point) -> Point:
            return point[0] * size.width_px, point[1] * size.height_px

        return PixelLine(
            pixels(config.line_from),
            pixels(config.line_to),
            pixels(config.inside),
            _on_border(config.line_from),
            _on_border(config.line_to),
            config.anchor,
        )

    def distance_inside(self, point: Point) -> float:
        """Distance from the line in pixels, positive inside."""
        distance = signed_distance(point, self.line_from, self.line_to)
        return distance if signed_distance(self.inside, self.line_from, self.line_to) > 0 else -distance

    def spans(self, point: Point) -> bool:
        """True if the point projects onto the segment, or beyond an end on the picture's border."""
        along = position_along(point, self.line_from, self.line_to)
        return (self.open_from or along >= 0.0) and (self.open_to or along <= 1.0)

    def beyond_px(self, point: Point) -> float:
        """How far from the nearer end a point lies, in pixels."""
        return min(math.dist(point, self.line_from), math.dist(point, self.line_to))


@dataclass(frozen=True)
class LineCrossing:
    """One person crossed one line, once.

    Attributes:
        direction: `in` toward the inner side.
        stream_time_s: The instant at which the anchor crossed the line, interpolated between frames.
        frame_index: The frame nearest that instant.
    """

    track_id: int
    direction: Direction
    stream_time_s: float
    frame_index: int


@dataclass
class _Run:
    """Sightings in a row on one side; 0 is within a band."""

    side: int = 0
    since_s: float = 0.0

    def held(self, side: int, time_s: float, settle_s: float) -> int:
        """The side, if the sightings until this one have been there for `settle_s`; else 0."""
        if side != self.side:
            self.side, self.since_s = side, time_s
        return side if time_s - self.since_s >= settle_s else 0


@dataclass
class _Walk:
    """What is remembered of one track: bounded, whatever its length."""

    settled_side: int = 0
    clear: _Run = field(default_factory=_Run)
    """Beyond the band."""
    near: _Run = field(default_factory=_Run)
    """Beyond the jitter of somebody who stands: what the end of a track is judged by."""
    last: Sighting | None = None
    last_distance: float = 0.0
    crossed_s: float = 0.0
    crossed_frame: int = 0
    crossed_within: bool = False
    crossed_round: bool = False
    near_side: int = 0
    emerging: list[Sighting] = field(default_factory=list)
    """The first sightings, until it is settled on a side."""
    latest: deque[Sighting] = field(default_factory=deque)
    """The last ones."""


@dataclass(frozen=True)
class _Stride:
    """A straight walk fitted to sightings, and where it meets the line.

    Attributes:
        first: The first of the sightings.
        speed_px_s: Across the line, positive inward.
        meets_s: When the line is met, after the first sighting.
        within: It is met within the line's ends.
    """

    first: Sighting
    speed_px_s: float
    meets_s: float
    within: bool


class LineCounter:
    """Counts tracks across one line, with hysteresis.

    A track is *settled* on a side once its anchor stays beyond a band about the line for a moment. Settling on the
    other side is a crossing, dated back to the last time that the anchor passed the line itself, and counted if that
    was within the segment. So jitter on the line, standing on it and turning back on it count nothing; walking through
    and back counts both ways; and a gap in the track matters not, since only sides are compared.
    Where the camera's floor tells places, the band is wider, in metres, so that who stands on the line or turns back
    within a step counts nothing; a track that ends within it counts on the side it was on. And somebody may emerge
    within the band, from behind others or there as the film begins, and vanish within it: if their first or last
    sightings walk straight across the line, that is a crossing.
    So a path reversed gives the same crossings with `in` and `out` exchanged.

    Args:
        line: Where to count.
        constants: Bands and time.
        view: Of the floor, where the camera has one.

    Attributes:
        walked_round: How often somebody changed sides just beyond one of the line's ends; that isn't counted.
    """

    def __init__(self, line: PixelLine, constants: CountingConstants, view: FloorView | None = None) -> None:
        self.walked_round = 0
        on_floor = view if line.anchor == "foot" else None
        ends_m = [on_floor.place_m(end) for end in (line.line_from, line.line_to)] if on_floor else []
        self._ends_m = [end for end in ends_m if end is not None]
        self._line = line
        self._c = constants
        self._walks: dict[int, _Walk] = {}

    def observe(self, track_id: int, sighting: Sighting) -> LineCrossing | None:
        """Takes the next sighting of a track, in order of time; a crossing if this one settles it."""
        walk = self._walks.setdefault(track_id, _Walk())
        distance = self._line.distance_inside(sighting.anchor_px(self._line.anchor))
        self._note_passage(walk, sighting, distance)
        self._note_stride(walk, sighting)
        walk.last, walk.last_distance = sighting, distance
        side = 1 if distance > 0 else -1
        time_s = sighting.stream_time_s
        walk.near_side = walk.near.held(side * self._is_near_clear(sighting, distance), time_s, self._c.settle_s)
        clear_side = walk.clear.held(side * self._is_clear(sighting, distance), time_s, self._c.settle_s)
        return self._settled(track_id, walk, clear_side if walk.settled_side else walk.near_side)

    def end(self, track_id: int) -> LineCrossing | None:
        """Drops what is remembered of a track that ended; a crossing if it ended beyond the line, or walking across."""
        walk = self._walks.pop(track_id, None)
        if walk is None:
            return None
        return self._settled(track_id, walk, walk.near_side) or self._vanished(track_id, walk)

    def _settled(self, track_id: int, walk: _Walk, side: int) -> LineCrossing | None:
        """Settles a walk on a side (0: on none yet); a crossing if it was settled on the other."""
        if side == 0:
            return None
        before, walk.settled_side = walk.settled_side, side
        if before == 0 and (emerged := self._emerged(track_id, walk.emerging, side)):
            return emerged
        if before in (0, side):
            return None
        if not walk.crossed_within:
            self.walked_round += walk.crossed_round
            return None
        return LineCrossing(track_id, "in" if side > 0 else "out", walk.crossed_s, walk.crossed_frame)

    def _is_clear(self, sighting: Sighting, distance: float) -> bool:
        """Whether somebody is farther from the line than the band reaches."""
        if sighting.place_m is None or len(self._ends_m) < 2:
            return self._is_near_clear(sighting, distance)
        band_m = self._c.band_m if sighting.score >= self._c.sure_score else self._c.doubtful_band_m
        return abs(signed_distance(sighting.place_m, self._ends_m[0], self._ends_m[1])) > band_m

    def _is_near_clear(self, sighting: Sighting, distance: float) -> bool:
        sure = sighting.score >= self._c.sure_score or sighting.place_m is None
        heights = self._c.band_heights if sure else self._c.doubtful_band_heights
        return abs(distance) > heights * sighting.height_px

    def _emerged(self, track_id: int, first: list[Sighting], side: int) -> LineCrossing | None:
        """The crossing in the first sightings, if they walk straight across the line."""
        stride = self._stride(first)
        if stride is None or stride.speed_px_s * side <= 0 or not stride.within:
            return None
        if not -_UNSEEN_S <= stride.meets_s <= _PACE_S:
            return None
        at_s = stride.first.stream_time_s + stride.meets_s
        return LineCrossing(track_id, "in" if side > 0 else "out", at_s, stride.first.frame_index)

    def _vanished(self, track_id: int, walk: _Walk) -> LineCrossing | None:
        """The crossing in the last sightings, if they walk straight across the line, away from the settled side."""
        stride = self._stride(list(walk.latest))
        if stride is None or not walk.settled_side or stride.speed_px_s * walk.settled_side >= 0 or not stride.within:
            return None
        last = walk.latest[-1]
        since_s = last.stream_time_s - stride.first.stream_time_s - stride.meets_s
        if not -_UNSEEN_S <= since_s <= _PACE_S:
            return None
        return LineCrossing(
            track_id, "out" if walk.settled_side > 0 else "in", last.stream_time_s - since_s, last.frame_index
        )

    def _stride(self, walked: list[Sighting]) -> _Stride | None:
        """The straight walk through three sightings or more, if it leads anywhere and nobody jumps."""
        times_s = np.array([sighting.stream_time_s for sighting in walked])
        if len(walked) < _LEAST_STRIDE or _jumps(walked, times_s):
            return None
        times_s -= times_s[0]
        places = np.array([sighting.anchor_px(self._line.anchor) for sighting in walked])
        (vx, vy), (x, y) = np.polyfit(times_s, places, 1)
        distance = self._line.distance_inside((float(x), float(y)))
        speed = self._line.distance_inside((float(x + vx), float(y + vy))) - distance
        if speed == 0.0:
            return None
        meets_s = -distance / speed
        within = self._line.spans((float(x + vx * meets_s), float(y + vy * meets_s)))
        return _Stride(walked[0], speed, meets_s, within)

    def _note_stride(self, walk: _Walk, now: Sighting) -> None:
        if now.place_m is None:
            return
        if not walk.settled_side:
            walk.emerging.append(now)
            if now.stream_time_s - walk.emerging[0].stream_time_s > _PACE_S:
                walk.emerging.pop()
        walk.latest.append(now)
        while now.stream_time_s - walk.latest[0].stream_time_s > _PACE_S:
            walk.latest.popleft()

    def _note_passage(self, walk: _Walk, now: Sighting, distance: float) -> None:
        before = walk.last
        if before is None or (walk.last_distance > 0) == (distance > 0):
            return
        share = walk.last_distance / (walk.last_distance - distance)
        (x0, y0), (x1, y1) = before.anchor_px(self._line.anchor), now.anchor_px(self._line.anchor)
        at = x0 + share * (x1 - x0), y0 + share * (y1 - y0)
        walk.crossed_within = self._line.spans(at)
        walk.crossed_round = not walk.crossed_within and self._line.beyond_px(at) <= _ROUND_HEIGHTS * now.height_px
        walk.crossed_s = before.stream_time_s + share * (now.stream_time_s - before.stream_time_s)
        walk.crossed_frame = before.frame_index + round(share * (now.frame_index - before.frame_index))


def _jumps(walked: list[Sighting], times_s: npt.NDArray[np.float64]) -> bool:
    places_m = np.array([sighting.place_m for sighting in walked], np.float64)
    steps_m = np.linalg.norm(np.diff(places_m, axis=0), axis=1)
    return bool((steps_m > _FASTEST_M_S * np.diff(times_s) + _JITTER_M).any())


def _on_border(point: Point) -> bool:
    return min(point) <= _EDGE or max(point) >= 1 - _EDGE
