"""What a floor plan must obey beyond its format: everything stands on the floor, and nothing in the way of anything."""

import math
from pathlib import Path
from typing import TYPE_CHECKING

from shapely.geometry import LineString, Point, Polygon, box
from shapely.validation import explain_validity

from dongsun.contract.store import StoreConfig
from dongsun.twin.plan.camera_checks import check_cameras
from dongsun.twin.plan.frozen import FloorPoint
from dongsun.twin.plan.layout import Box, Door, Wall
from dongsun.twin.plan.yaml_lines import Keys, YamlFile

if TYPE_CHECKING:
    from dongsun.twin.plan.twin_plan import TwinPlan

SLACK_M = 0.02
LEAST_FLOOR_M2 = 4.0
LEAST_DOOR_M = 0.7
DOOR_CLEAR_M = 0.9
STANDING_ROOM_M = 0.2


def check_plan(plan: "TwinPlan", store: StoreConfig, where: Path | str) -> None:
    """Looks for what no shop can be.

    Args:
        plan: The twin section, with the store's lenses.
        store: The store it belongs to.
        where: The store file; the message names its line.

    Raises:
        DongsunError: The first thing that is wrong, its line and the mend.
    """
    file = YamlFile(where)
    _check_floor(plan, file)
    _check_doors(plan, file)
    _check_walls(plan, file)
    _check_furniture(plan, file)
    _check_standing(plan, file)
    check_cameras(plan, store, file)


def _check_floor(plan: "TwinPlan", file: YamlFile) -> None:
    keys = ("twin", "floor")
    corners = list(plan.floor)
    for index, corner in enumerate(corners):
        if math.dist(corner, corners[index - 1]) < SLACK_M:
            file.refuse(
                (*keys, index),
                expected="floor corners that are apart",
                got=f"{_said(corner)} twice in a row",
                mend="name each corner once; the last joins the first by itself",
            )
    floor = plan.floor_polygon
    if not floor.is_valid:
        file.refuse(
            keys,
            expected="outer walls that don't cross each other",
            got=explain_validity(floor),
            mend="list the corners in the order in which one walks round the shop",
        )
    if floor.area < LEAST_FLOOR_M2:
        file.refuse(
            keys,
            expected=f"a floor of at least {LEAST_FLOOR_M2:g} m²",
            got=f"{floor.area:.2f} m²",
            mend="give the corners in metres, in order, and not all on one line",
        )


def _check_doors(plan: "TwinPlan", file: YamlFile) -> None:
    ring = list(plan.floor)
    edges = [LineString([a, b]) for a, b in zip(ring, ring[1:] + ring[:1], strict=True)]
    seen: dict[str, LineString] = {}
    for name, door in plan.doors.items():
        keys = ("twin", "doors", name)
        line = LineString([door.start, door.end])
        jambs = (Point(door.start), Point(door.end))
        if not any(all(edge.distance(jamb) < SLACK_M for jamb in jambs) for edge in edges):
            file.refuse(
                keys,
                expected="a door both of whose jambs are on one edge of twin.floor",
                got=f"{_said(door.start)} to {_said(door.end)}",
                mend="move `from` and `to` onto the wall between two corners of the floor",
            )
        if line.length < LEAST_DOOR_M:
            file.refuse(
                keys,
                expected=f"a door at least {LEAST_DOOR_M} m wide",
                got=f"{line.length:.2f} m",
                mend="move `from` and `to` apart",
            )
        for other, taken in seen.items():
            if line.buffer(SLACK_M).intersection(taken).length > 2 * SLACK_M:
                file.refuse(
                    keys,
                    expected="doors beside each other",
                    got=f"{name} overlaps {other}",
                    mend="move one of them along the wall, or make them one door",
                )
        seen[name] = line


def _check_walls(plan: "TwinPlan", file: YamlFile) -> None:
    floor = plan.floor_polygon.buffer(SLACK_M)
    for index, wall in enumerate(plan.walls):
        keys = ("twin", "walls", index)
        line = LineString([wall.start, wall.end])
        if line.length < SLACK_M or not floor.covers(line):
            file.refuse(
                keys,
                expected="an inner wall on the floor",
                got=f"{_said(wall.start)} to {_said(wall.end)}",
                mend="end it at the outer wall, or before it",
            )
        _keep_doors_clear(plan, _body(wall), keys, "a wall", file)


def _check_furniture(plan: "TwinPlan", file: YamlFile) -> None:
    floor = plan.floor_polygon.buffer(SLACK_M)
    placed: list[tuple[str, Polygon]] = []
    for keys, item in _furniture(plan):
        name, footprint = ".".join(str(k) for k in keys[1:]), _footprint(item)
        if not floor.covers(footprint):
            file.refuse(
                keys,
                expected="furniture inside the floor",
                got=f"{_said((item.x0_m, item.y0_m))} to {_said((item.x1_m, item.y1_m))}",
                mend="move it within twin.floor",
            )
        for other, taken in placed:
            if footprint.intersection(taken).area > SLACK_M**2:
                file.refuse(
                    keys,
                    expected="furniture side by side",
                    got=f"{name} stands in {other}",
                    mend="move or shorten one of them",
                )
        for index, wall in enumerate(plan.walls):
            if LineString([wall.start, wall.end]).intersection(footprint).length > SLACK_M:
                file.refuse(
                    keys,
                    expected="furniture beside the inner walls",
                    got=f"twin.walls.{index} runs through it",
                    mend="move the furniture or the wall",
                )
        _keep_doors_clear(plan, footprint, keys, "furniture", file)
        placed.append((name, footprint))


def _check_standing(plan: "TwinPlan", file: YamlFile) -> None:
    places: list[tuple[Keys, FloorPoint, float]] = []
    for name, counter in plan.counters.items():
        till = ("twin", "counters", name)
        places += [((*till, "queue", k), at, STANDING_ROOM_M) for k, at in enumerate(counter.queue or ())]
        places += [((*till, "staff_spots", k), at, STANDING_ROOM_M) for k, at in enumerate(counter.staff_spots)]
    disturbances = ("twin", "disturbances")
    places += [((*disturbances, "mannequins", k), doll.at, 0.0) for k, doll in enumerate(plan.disturbances.mannequins)]
    for keys, at, room_m in places:
        if not plan.floor_polygon.contains(Point(at)):
            file.refuse(keys, expected="a place on the floor", got=_said(at), mend="move it within twin.floor")
        for other, item in _furniture(plan):
            if _footprint(item).distance(Point(at)) < max(room_m, 1e-9):
                file.refuse(
                    keys,
                    expected="a place where somebody can stand",
                    got=f"{_said(at)}, in or against {'.'.join(str(k) for k in other[1:])}",
                    mend=f"move it at least {max(room_m, 0.1)} m off the furniture",
                )
        for index, wall in enumerate(plan.walls):
            if _body(wall).distance(Point(at)) < max(room_m, 1e-9):
                file.refuse(
                    keys,
                    expected="a place where somebody can stand",
                    got=f"{_said(at)}, in or against twin.walls.{index}",
                    mend=f"move it at least {max(room_m, 0.1)} m off the wall",
                )
    for index, poster in enumerate(plan.disturbances.posters):
        foot = (*disturbances, "posters", index)
        if not plan.floor_polygon.buffer(SLACK_M).contains(Point(poster.at)):
            file.refuse(foot, expected="a poster in the shop", got=_said(poster.at), mend="move it within twin.floor")
        if poster.bottom_m + poster.height_m > plan.height_m:
            file.refuse(
                foot,
                expected=f"a poster below the ceiling ({plan.height_m} m)",
                got=f"its top at {poster.bottom_m + poster.height_m:.2f} m",
                mend="lower it or make it smaller",
            )


def _keep_doors_clear(plan: "TwinPlan", body: Polygon, keys: Keys, what: str, file: YamlFile) -> None:
    for name, door in plan.doors.items():
        if body.intersection(_threshold(plan, door)).area > SLACK_M**2:
            file.refuse(
                keys,
                expected=f"{DOOR_CLEAR_M} m of free floor behind the door {name}",
                got=f"{what} in the way",
                mend="move it off the door, or move the door",
            )


def _threshold(plan: "TwinPlan", door: Door) -> Polygon:
    """The floor right behind a door."""
    way = LineString([door.start, door.end]).buffer(DOOR_CLEAR_M, cap_style="flat")
    return way.intersection(plan.floor_polygon)


def _furniture(plan: "TwinPlan") -> list[tuple[Keys, Box]]:
    shelves: list[tuple[Keys, Box]] = [(("twin", "shelves", k), shelf) for k, shelf in enumerate(plan.shelves)]
    return shelves + [(("twin", "counters", name), counter) for name, counter in plan.counters.items()]


def _footprint(item: Box) -> Polygon:
    return box(item.x0_m, item.y0_m, item.x1_m, item.y1_m)


def _body(wall: Wall) -> Polygon:
    return LineString([wall.start, wall.end]).buffer(wall.thickness_m / 2, cap_style="flat")


def _said(point: FloorPoint) -> str:
    return f"({point[0]:g}, {point[1]:g})"
