"""Where to draw a counting line at a door: parallel to it, inside, where a camera counts best."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from dongsun.twin.coverage.counting_line import FloorSegment, LineSight, line_sight
from dongsun.twin.coverage.obstacles import Obstacles
from dongsun.twin.coverage.sight import Eye, in_picture
from dongsun.twin.coverage.targets import parallel
from dongsun.twin.plan.twin_plan import TwinPlan

Floats = npt.NDArray[np.float64]
OFFSETS_M = tuple(round(0.6 + 0.1 * k, 1) for k in range(15))
SPREAD = 0.65
"""How far a line reaches beyond the jambs, for each metre that it lies inside: people fan out after a door."""
_EDGE = 0.02


@dataclass(frozen=True)
class Suggestion:
    """A line for a door in a camera's picture.

    Attributes:
        door_id: The door.
        camera_id: The camera.
        offset_m: Distance of the line from the door.
        floor: The line in metres.
        picture: The line as the store file writes it: `from`, `to`, `inside`, normalised.
        sight: How well the camera counts there.
        fan_share: Share of the way across, where people fan out after the door, that the line spans.
        score: 0 to 1: the sight's score, times `fan_share` squared (who walks past the line's end is lost), times a
            preference for a line clear of the jam in the doorway, `min(1, offset / 1.2 m)`.
    """

    door_id: str
    camera_id: str
    offset_m: float
    floor: FloorSegment
    picture: dict[str, list[float]]
    sight: LineSight
    fan_share: float
    score: float


def suggestions(
    plan: TwinPlan, cameras: dict[str, Eye], obstacles: Obstacles, ground: shapely.Polygon, people_per_m2: float
) -> dict[str, list[Suggestion]]:
    """For every door, the best line of every camera that can count there, best first."""
    found: dict[str, list[Suggestion]] = {}
    for door_id in plan.doors:
        best = []
        for camera_id, camera in cameras.items():
            tried = [
                _try(plan, door_id, camera_id, camera, obstacles, ground, offset, people_per_m2) for offset in OFFSETS_M
            ]
            usable = [s for s in tried if s is not None and s.sight.verdict != "never"]
            if usable:
                best.append(max(usable, key=lambda s: s.score))
        found[door_id] = sorted(best, key=lambda s: -s.score)
    return found


def _try(
    plan: TwinPlan,
    door_id: str,
    camera_id: str,
    camera: Eye,
    obstacles: Obstacles,
    ground: shapely.Polygon,
    offset_m: float,
    people_per_m2: float,
) -> Suggestion | None:
    door = plan.doors[door_id]
    start, end = parallel(plan, door, offset_m, SPREAD * offset_m)
    count = max(3, round(float(np.hypot(*(end - start))) / 0.05) + 1)
    places = start + np.linspace(0, 1, count)[:, None] * (end - start)
    walkable = np.asarray(shapely.contains_xy(ground, places[:, 0], places[:, 1]), np.bool_)
    kept = _around_middle(walkable & _well_inside(camera, places))
    if kept is None or kept[1] - kept[0] < 8:
        return None
    fan = _around_middle(walkable)
    share = (kept[1] - kept[0]) / (fan[1] - fan[0]) if fan else 0.0
    ends = places[kept[0]], places[kept[1]]
    inner = (parallel(plan, door, offset_m + 0.8)[0] + parallel(plan, door, offset_m + 0.8)[1]) / 2
    floor = FloorSegment(_pair(ends[0]), _pair(ends[1]), _pair(inner))
    points = _normalised(camera, np.stack([*ends, inner]))
    if points is None or not ((points >= 0) & (points <= 1)).all():
        return None
    picture = {
        key: [round(float(v), 4) for v in point] for key, point in zip(("from", "to", "inside"), points, strict=True)
    }
    sight = line_sight(camera, obstacles, ground, floor, people_per_m2)
    score = sight.score * share**2 * min(1.0, offset_m / 1.2)
    return Suggestion(door_id, camera_id, offset_m, floor, picture, sight, share, score)


def _around_middle(fits: npt.NDArray[np.bool_]) -> tuple[int, int] | None:
    """First and last of the unbroken run of places that fit, around the middle one."""
    middle = len(fits) // 2
    if not fits[middle]:
        return None
    first = last = middle
    while first > 0 and fits[first - 1]:
        first -= 1
    while last < len(fits) - 1 and fits[last + 1]:
        last += 1
    return first, last


def _well_inside(camera: Eye, places: Floats) -> npt.NDArray[np.bool_]:
    feet = np.column_stack([places, np.zeros(len(places))])
    pixels = camera.project(feet)[0] / np.array([camera.width_px, camera.height_px])
    with np.errstate(invalid="ignore"):
        inside = ((pixels >= _EDGE) & (pixels <= 1 - _EDGE)).all(axis=1)
    return np.asarray(inside & in_picture(camera, feet), np.bool_)


def _normalised(camera: Eye, places: Floats) -> Floats | None:
    pixels, front = camera.project(np.column_stack([places, np.zeros(len(places))]))
    return pixels / np.array([camera.width_px, camera.height_px]) if front.all() else None


def _pair(point: Floats) -> tuple[float, float]:
    return round(float(point[0]), 3), round(float(point[1]), 3)
