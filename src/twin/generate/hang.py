"""Cameras aimed at the doors and the shelves, each with a line or a zone that it sees."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from shapely.geometry import LineString, Point, Polygon, box

from dongsun.contract.store import LensConfig
from dongsun.twin.generate.furnish import Furniture
from dongsun.twin.generate.hall import Opening
from dongsun.twin.plan.frozen import FloorPoint
from dongsun.twin.plan.twin_camera import TwinCamera

WIDTH_PX, HEIGHT_PX = 640, 360
TRIES = 40
BODY_M = 0.9
"""Height of what must be seen above a line or a zone: a person's middle."""


@dataclass(frozen=True)
class Hung:
    """A camera as the store file writes it: its twin's settings and its lens."""

    twin: dict[str, Any]
    lens: dict[str, Any]


def door_camera(furniture: Furniture, opening: Opening, rng: np.random.Generator) -> Hung | None:
    """A camera that faces a door, with a counting line before it; None where none was found."""
    ux, uy = opening.inward
    mx, my = opening.middle
    off, half = float(rng.uniform(1.1, 1.5)), opening.line.length / 2
    for _ in range(TRIES):
        reach, aside = float(rng.uniform(4.2, 7.8)), float(rng.uniform(-1.5, 1.5))
        place = (mx + ux * reach - uy * aside, my + uy * reach + ux * aside)
        hung = _hang(furniture, place, (mx + ux * off, my + uy * off), rng)
        if hung is None:
            continue
        widest = half + float(rng.uniform(0.8, 1.6))
        ends = [_within(furniture, hung, (mx + ux * off, my + uy * off), (-uy * s, ux * s), widest) for s in (-1, 1)]
        if min(ends) < half + 0.2:
            continue
        start, end = (
            (_cm(mx + ux * off - uy * s * e), _cm(my + uy * off + ux * s * e))
            for s, e in zip((-1, 1), ends, strict=True)
        )
        inside = (_cm(mx + ux * (off + 0.9)), _cm(my + uy * (off + 0.9)))
        if _sees(furniture, hung, [inside], 0.0):
            hung.twin["lines"] = {"door": {"start": list(start), "end": list(end), "inside": list(inside)}}
            return hung
    return None


def shelf_camera(furniture: Furniture, rng: np.random.Generator) -> Hung | None:
    """A camera near a corner that looks at the floor before a shelf, which is its zone; None where none was found."""
    zones = [z for k in range(len(furniture.shelves)) for z in _fronts(furniture, k)]
    if not zones:
        return None
    corners = furniture.hall.corners
    for _ in range(TRIES):
        zone = zones[int(rng.integers(len(zones)))]
        x, y = corners[int(rng.integers(len(corners)))]
        place = (x + float(rng.uniform(-1.0, 1.0)), y + float(rng.uniform(-1.0, 1.0)))
        centre = zone.centroid
        if not 3.0 <= math.dist(place, (centre.x, centre.y)) <= 9.0:
            continue
        hung = _hang(furniture, place, (centre.x, centre.y), rng)
        outline = [(_cm(a), _cm(b)) for a, b in zone.exterior.coords[:-1]]
        if hung is not None and _sees(furniture, hung, outline, 0.0) and _sees(furniture, hung, outline, BODY_M):
            hung.twin["zones"] = {"shelf": [list(corner) for corner in outline]}
            return hung
    return None


def _hang(furniture: Furniture, place: FloorPoint, aim: FloorPoint, rng: np.random.Generator) -> Hung | None:
    floor = furniture.hall.floor
    at = Point(place)
    if not floor.contains(at) or floor.exterior.distance(at) < 0.25:
        return None
    height = _cm(rng.uniform(2.6, 3.0))
    pitch = math.degrees(math.atan2(height - 0.5, math.dist(place, aim)))
    yaw = math.degrees(math.atan2(aim[1] - place[1], aim[0] - place[0])) + float(rng.uniform(-6, 6))
    hfov = round(float(rng.uniform(72.0, 88.0)), 1)
    lens: dict[str, Any] = {"model": "pinhole"}
    if rng.random() < 0.25:
        lens |= {"k1": round(float(rng.uniform(-0.22, -0.1)), 3), "k2": 0.03, "hfov_deg": hfov}
    return Hung(
        {
            "position_m": [_cm(place[0]), _cm(place[1]), height],
            "yaw_deg": round(yaw, 1),
            "pitch_deg": round(min(max(pitch, 22.0), 35.0), 1),
            "hfov_deg": hfov,
            "exposure": _cm(rng.uniform(0.88, 1.15)),
            "gamma": _cm(rng.uniform(0.92, 1.08)),
            "saturation": _cm(rng.uniform(0.8, 1.05)),
            "white_balance_bgr": [_cm(v) for v in rng.uniform(0.92, 1.08, 3)],
            "noise": round(float(rng.uniform(2.5, 5.5)), 1),
        },
        lens,
    )


def _sees(furniture: Furniture, hung: Hung, points: list[FloorPoint], height_m: float) -> bool:
    """Whether all points at a height are in the picture, and (above the floor) no furniture hides them."""
    camera = TwinCamera.model_validate(hung.twin).geometry(WIDTH_PX, HEIGHT_PX, LensConfig(**hung.lens))
    pixels, front = camera.project(np.array([[x, y, height_m] for x, y in points]))
    size = np.array([WIDTH_PX, HEIGHT_PX])
    with np.errstate(invalid="ignore"):
        if not (front & (pixels > 0.01 * size).all(axis=1) & (pixels < 0.99 * size).all(axis=1)).all():
            return False
    return height_m == 0 or not any(_hidden(furniture, hung, point, height_m) for point in points)


def _hidden(furniture: Furniture, hung: Hung, point: FloorPoint, height_m: float) -> bool:
    cx, cy, cz = hung.twin["position_m"]
    ray = LineString([(cx, cy), point])
    if not furniture.hall.floor.buffer(0.05).covers(ray):
        return True  # round the corner of an L
    for piece in furniture.pieces:
        shared = ray.intersection(piece.footprint)
        if shared.is_empty:
            continue
        share = max(ray.project(Point(p)) for p in getattr(shared, "coords", ())) / ray.length
        if cz + (height_m - cz) * share < piece.height_m:
            return True
    return False


def _within(furniture: Furniture, hung: Hung, centre: FloorPoint, along: FloorPoint, widest: float) -> float:
    """How far one may go from `centre` along a direction, on free floor that the camera sees."""
    best = 0.0
    for reach in np.arange(0.2, widest + 1e-9, 0.1):
        point = (centre[0] + along[0] * float(reach), centre[1] + along[1] * float(reach))
        free = all(piece.footprint.distance(Point(point)) > 0.05 for piece in furniture.pieces)
        if not (free and furniture.hall.floor.contains(Point(point)) and _sees(furniture, hung, [point], 0.0)
                and not _hidden(furniture, hung, point, BODY_M)):  # fmt: skip
            break
        best = float(reach)
    return best


def _fronts(furniture: Furniture, index: int) -> list[Polygon]:
    """The free strips of floor along a shelf's long sides."""
    x0, y0, x1, y1 = furniture.shelves[index].bounds
    if x1 - x0 >= y1 - y0:
        strips = [box(x0, y1 + 0.1, x1, y1 + 1.0), box(x0, y0 - 1.0, x1, y0 - 0.1)]
    else:
        strips = [box(x1 + 0.1, y0, x1 + 1.0, y1), box(x0 - 1.0, y0, x0 - 0.1, y1)]
    free = [piece.footprint for piece in furniture.pieces]
    return [s for s in strips if furniture.hall.floor.covers(s) and not any(s.intersects(f) for f in free)]


def _cm(value: float) -> float:
    return round(float(value), 2)
