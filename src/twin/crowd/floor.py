"""Where people can walk, stand, browse, and where they come from on the pavement."""

import math
from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry import LineString, Point, Polygon, box

from dongsun.contract.errors import DongsunError
from dongsun.twin.plan.frozen import FloorPoint
from dongsun.twin.plan.layout import Door
from dongsun.twin.plan.twin_plan import TwinPlan

AGENT_RADIUS_M = 0.22
SPOT_OFF_SHELF_M = 0.55
STREET_DEPTH_M = 3.2
STREET_ALONG_M = 4.4
"""The pavement goes this far to both sides of a door's middle."""
KERB_ALONG_M = (2.6, 3.9)
KERB_DEPTH_M = (1.4, 2.8)
"""People appear and vanish this far along the pavement and away from the door."""


@dataclass(frozen=True)
class Spot:
    """A place to stand and look. `index` counts a store's spots; −1 is a place of the moment."""

    x_m: float
    y_m: float
    facing_rad: float
    index: int = -1

    @property
    def at(self) -> FloorPoint:
        """Its place."""
        return self.x_m, self.y_m


def walkable_floor(plan: TwinPlan) -> Polygon:
    """Shop and pavement joined by the doors, less walls, furniture and mannequins, in metres.

    Raises:
        DongsunError: Most of the shop, or one of its doors, cannot be reached.
    """
    shop = plan.floor_polygon.buffer(-0.05, join_style="mitre")
    pieces = [shop]
    for door in plan.doors.values():
        pieces += [pavement(plan, door), _doorway(door)]
    floor = shapely.union_all(pieces)
    for item in plan.furniture:
        floor = floor.difference(box(item.x0_m, item.y0_m, item.x1_m, item.y1_m))
    for wall in plan.walls:
        floor = floor.difference(LineString([wall.start, wall.end]).buffer(wall.thickness_m / 2, cap_style="square"))
    for doll in plan.disturbances.mannequins:
        floor = floor.difference(Point(doll.at).buffer(0.25, quad_segs=2))
    parts = list(floor.geoms) if hasattr(floor, "geoms") else [floor]
    outside = [pavement(plan, door).representative_point() for door in plan.doors.values()]
    reachable = [part for part in parts if part.contains(outside[0])]
    if (
        not reachable
        or reachable[0].intersection(shop).area < 0.3 * shop.area
        or not all(reachable[0].contains(p) for p in outside)
    ):
        raise DongsunError(
            expected="a shop that can be entered from the street by every door",
            got="furniture that blocks the way",
            where="twin.shelves, twin.walls, twin.counters",
            mend="leave at least a metre between shelves, walls and the doors",
        )
    return reachable[0]


def outward(plan: TwinPlan, door: Door) -> tuple[float, float]:
    """Unit vector from a door to the street."""
    (x0, y0), (x1, y1) = door.start, door.end
    length = math.dist(door.start, door.end)
    normal = ((y1 - y0) / length, (x0 - x1) / length)
    inside = Point((x0 + x1) / 2 + 0.05 * normal[0], (y0 + y1) / 2 + 0.05 * normal[1])
    return (-normal[0], -normal[1]) if plan.floor_polygon.contains(inside) else normal


def beside_door(plan: TwinPlan, door: Door, along_m: float, out_m: float) -> FloorPoint:
    """The point so far along the wall from the door's middle, and so far out of the shop (negative: inside)."""
    nx, ny = outward(plan, door)
    x, y = (door.start[0] + door.end[0]) / 2, (door.start[1] + door.end[1]) / 2
    return x - along_m * ny + out_m * nx, y + along_m * nx + out_m * ny


def pavement(plan: TwinPlan, door: Door) -> Polygon:
    """The stretch of pavement before a door, less what of it would lie in the shop."""
    along, near, far = STREET_ALONG_M, 0.1, STREET_DEPTH_M
    corners = ((-along, near), (along, near), (along, far), (-along, far))
    strip = Polygon([beside_door(plan, door, a, b) for a, b in corners])
    free = strip.difference(plan.floor_polygon.buffer(0.09, join_style="mitre"))
    parts = list(free.geoms) if hasattr(free, "geoms") else [free]
    threshold = Point(beside_door(plan, door, 0.0, 0.3))
    return min(parts, key=lambda part: part.distance(threshold))


def kerb(plan: TwinPlan, door: Door, side: int, floor: Polygon) -> list[FloorPoint]:
    """Points of the pavement where people appear and vanish; `side` is −1 or 1, seen along the wall.

    Where a side has no pavement (a corner), the rest of it farthest from the door serves.
    """
    shop = plan.floor_polygon
    free = pavement(plan, door).intersection(floor).buffer(-AGENT_RADIUS_M - 0.05)
    grid = [
        beside_door(plan, door, a, b)
        for a in side * np.arange(*KERB_ALONG_M, 0.4)
        for b in np.arange(*KERB_DEPTH_M, 0.4)
    ]
    points = [(float(x), float(y)) for x, y in grid if free.contains(Point(x, y)) and shop.distance(Point(x, y)) > 0.5]
    if points:
        return points
    x0, y0, x1, y1 = free.bounds
    everywhere = [(float(x), float(y)) for x in np.arange(x0, x1, 0.4) for y in np.arange(y0, y1, 0.4)]
    middle = beside_door(plan, door, 0.0, 0.0)
    points = [p for p in everywhere if free.contains(Point(p)) and math.dist(p, middle) > 1.0]
    if not points:
        raise DongsunError(
            expected="a few square metres of pavement before every door",
            got=f"none at the door from {door.start} to {door.end}",
            where="twin.doors",
            mend="move the door out of the corner",
        )
    return sorted(points, key=lambda p: (-math.dist(p, middle), p))[:8]


def _doorway(door: Door) -> Polygon:
    (x0, y0), (x1, y1) = door.start, door.end
    length = math.dist(door.start, door.end)
    ux, uy = (x1 - x0) / length * 0.05, (y1 - y0) / length * 0.05
    return LineString([(x0 + ux, y0 + uy), (x1 - ux, y1 - uy)]).buffer(0.2, cap_style="flat")


def browsing_spots(plan: TwinPlan, floor: Polygon) -> list[Spot]:
    """Places along every shelf, an arm's length off, where a person fits and no door, queue or till is.

    Raises:
        DongsunError: There is none.
    """
    free = floor.buffer(-AGENT_RADIUS_M - 0.05)
    found: list[tuple[float, float, float]] = []
    for shelf in plan.shelves:
        x0, y0, x1, y1, off = shelf.x0_m, shelf.y0_m, shelf.x1_m, shelf.y1_m, SPOT_OFF_SHELF_M
        for x in _spread(x0, x1):
            found += [(x, y0 - off, math.pi / 2), (x, y1 + off, -math.pi / 2)]
        for y in _spread(y0, y1):
            found += [(x0 - off, y, 0.0), (x1 + off, y, math.pi)]
    taken = [LineString([door.start, door.end]).buffer(0.8) for door in plan.doors.values()]
    for counter in plan.counters.values():
        taken += [Point(p).buffer(0.5) for p in counter.staff_spots]
        taken += [LineString(counter.queue).buffer(0.45)] if counter.queue else []
    reserved, shop = shapely.union_all(taken), plan.floor_polygon
    places = [p for p in found if free.contains(at := Point(p[:2])) and shop.contains(at) and not reserved.contains(at)]
    if not places:
        raise DongsunError(
            expected="room to stand before the shelves",
            got="none",
            where="twin.shelves",
            mend="leave at least a metre of floor along some shelf",
        )
    return [Spot(*place, index) for index, place in enumerate(places)]


def _spread(low: float, high: float) -> list[float]:
    count = int((high - low) / 0.9)
    return [low + (k + 0.5) * (high - low) / count for k in range(count)]


def queue_places(way: tuple[FloorPoint, ...], apart_m: float = 0.8) -> list[Spot]:
    """Where people in a queue stand, the served one first; each faces the one ahead."""
    line = LineString(way)
    points = [line.interpolate(s) for s in np.arange(0.0, line.length + 1e-6, apart_m)]
    first, second = points[0], line.interpolate(min(0.3, line.length))
    ahead = [Point(2 * first.x - second.x, 2 * first.y - second.y), *points[:-1]]
    return [Spot(p.x, p.y, math.atan2(a.y - p.y, a.x - p.x)) for p, a in zip(points, ahead, strict=True)]
