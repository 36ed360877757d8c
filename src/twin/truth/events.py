"""What really happened, from the simulated floor positions and never from pixels: crossings, zone visits, occupancy."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dongsun.contract.errors import DongsunError
from dongsun.contract.geometry import Point, point_in_polygon, position_along, signed_distance
from dongsun.contract.store import CameraConfig
from dongsun.twin.camera.pinhole import PinholeCamera
from dongsun.twin.crowd.trajectories import Trajectories

CONFIRMED_M = 0.15
"""How far beyond a line somebody must come before the crossing counts: whoever turns back on it has not crossed."""
BRIDGED_GAP_S = 1.0
"""Leaving a zone for less than this does not end a visit."""
SHORTEST_VISIT_S = 1.0


@dataclass(frozen=True)
class TrueCrossing:
    """One person's crossing of one line. `frame_index` (0-based) is the first frame beyond the line."""

    camera_id: str
    line_id: str
    person_id: int
    direction: str
    frame_index: int
    time_s: float


@dataclass(frozen=True)
class TrueVisit:
    """One person's stay in a zone; `truncated` when the clip began or ended during it."""

    camera_id: str
    zone_id: str
    person_id: int
    enter_s: float
    exit_s: float
    truncated: bool

    @property
    def dwell_s(self) -> float:
        """How long they stayed."""
        return self.exit_s - self.enter_s


@dataclass(frozen=True)
class FloorLineOf:
    """A store line brought to the floor, in metres, with the sign of its inner side."""

    start: Point
    end: Point
    inner_sign: float


def floor_line(camera: PinholeCamera, config: CameraConfig, line_id: str, where: str) -> FloorLineOf:
    """Brings a normalised picture line to the floor.

    Raises:
        DongsunError: The line is not on the floor that the camera sees, or is not anchored at the feet.
    """
    line = config.lines[line_id]
    if line.anchor != "foot":
        raise _off_floor(where, f"anchor {line.anchor}", "use anchor: foot; the twin knows the feet only")
    points = _to_floor(camera, (line.line_from, line.line_to, line.inside), where)
    return FloorLineOf(points[0], points[1], float(np.sign(signed_distance(points[2], points[0], points[1]))))


def floor_zone(camera: PinholeCamera, config: CameraConfig, zone_id: str, where: str) -> tuple[Point, ...]:
    """Brings a normalised picture polygon to the floor, in metres.

    Raises:
        DongsunError: As `floor_line`.
    """
    zone = config.zones[zone_id]
    if zone.anchor != "foot":
        raise _off_floor(where, f"anchor {zone.anchor}", "use anchor: foot; the twin knows the feet only")
    return _to_floor(camera, zone.polygon, where)


def true_crossings(
    trajectories: Trajectories, camera: PinholeCamera, camera_id: str, config: CameraConfig
) -> list[TrueCrossing]:
    """Net crossings of the camera's lines, in order of time.

    A crossing is a change from one confirmed side to the other (`CONFIRMED_M` off the line), whose last passage over
    the line lies within its segment.
    """
    found = []
    for line_id in config.lines:
        line = floor_line(camera, config, line_id, f"cameras.{camera_id}.lines.{line_id}")
        for walk in trajectories.walks:
            for offset, inward in _passages(walk.path_m, line):
                frame = walk.first_frame + offset
                direction = "in" if inward else "out"
                found.append(
                    TrueCrossing(camera_id, line_id, walk.person_id, direction, frame, frame / trajectories.fps)
                )
    return sorted(found, key=lambda c: (c.frame_index, c.line_id, c.person_id))


def _passages(path_m: npt.NDArray[np.float64], line: FloorLineOf) -> list[tuple[int, bool]]:
    """(index of the first point beyond the line, whether inward) of each net passage of one path (n, 2)."""
    passages = []
    confirmed, sign, changed = 0.0, 0.0, 0
    for k, (x, y) in enumerate(path_m.tolist()):
        distance = signed_distance((x, y), line.start, line.end) * line.inner_sign
        now = 1.0 if distance > 0 else -1.0
        if now != sign:
            sign, changed = now, k
        if abs(distance) < CONFIRMED_M or now == confirmed:
            continue
        if confirmed != 0.0 and changed > 0:
            middle = path_m[changed - 1 : changed + 1].mean(axis=0)
            along = position_along((float(middle[0]), float(middle[1])), line.start, line.end)
            if 0.0 <= along <= 1.0:
                passages.append((changed, now > 0))
        confirmed = now
    return passages


def true_visits(
    trajectories: Trajectories, camera: PinholeCamera, camera_id: str, config: CameraConfig
) -> list[TrueVisit]:
    """Stays of at least `SHORTEST_VISIT_S` in the camera's zones, in order of entering."""
    visits = []
    fps, frames = trajectories.fps, trajectories.frames
    for zone_id in config.zones:
        polygon = floor_zone(camera, config, zone_id, f"cameras.{camera_id}.zones.{zone_id}")
        for person_id in trajectories.members:
            inside = np.zeros(frames, bool)
            for walk in trajectories.of(person_id):
                for k, foot in enumerate(walk.path_m.tolist()):
                    inside[walk.first_frame + k] = point_in_polygon((foot[0], foot[1]), polygon)
            for first, last in _bridged(_spans(inside), round(BRIDGED_GAP_S * fps)):
                if (last - first) / fps >= SHORTEST_VISIT_S:
                    truncated = first == 0 or last == frames
                    visits.append(TrueVisit(camera_id, zone_id, int(person_id), first / fps, last / fps, truncated))
    return sorted(visits, key=lambda v: (v.enter_s, v.zone_id, v.person_id))


def occupancy(trajectories: Trajectories, line: FloorLineOf) -> npt.NDArray[np.int64]:
    """(frames,) how many people are on the inner side of the (endless) line."""
    dx, dy = line.end[0] - line.start[0], line.end[1] - line.start[1]
    inside = np.zeros(trajectories.frames, np.int64)
    for walk in trajectories.walks:
        side = (dx * (walk.y_m - line.start[1]) - dy * (walk.x_m - line.start[0])) * line.inner_sign
        inside[walk.first_frame : walk.end_frame] += side > 0
    return inside


def _spans(flags: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(np.int8)))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _bridged(spans: list[tuple[int, int]], gap: int) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for first, last in spans:
        if joined and first - joined[-1][1] < gap:
            joined[-1] = (joined[-1][0], last)
        else:
            joined.append((first, last))
    return joined


def _to_floor(camera: PinholeCamera, normalised: tuple[Point, ...], where: str) -> tuple[Point, ...]:
    size = np.array([camera.width_px, camera.height_px], np.float64)
    floor = camera.to_floor(np.array(normalised, np.float64) * size)
    if not np.isfinite(floor).all():
        raise _off_floor(where, "a point at or above the horizon", "draw it on the floor that the camera sees")
    return tuple((float(x), float(y)) for x, y in floor)


def _off_floor(where: str, got: str, mend: str) -> DongsunError:
    return DongsunError(expected="lines and zones on the floor", got=got, where=where, mend=mend)
