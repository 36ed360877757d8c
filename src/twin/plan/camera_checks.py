"""What cameras, lines and zones must obey: a camera hangs in the air, a line can count, a zone can be seen."""

from typing import TYPE_CHECKING

import numpy as np
from shapely import unary_union
from shapely.geometry import LineString, Point, Polygon, box

from dongsun.contract.errors import DongsunError
from dongsun.contract.store import StoreConfig
from dongsun.twin.plan.frozen import FloorPoint
from dongsun.twin.plan.twin_camera import TwinCamera
from dongsun.twin.plan.yaml_lines import Keys, YamlFile

if TYPE_CHECKING:
    from dongsun.twin.plan.twin_plan import TwinPlan

SLACK_M = 0.02
OFF_WALL_M = 0.05
DRAWN_SLACK_M = 0.3
"""How far off the floor a line or zone drawn in the picture may reach: hands and surveys err."""
LEAST_GAP_M = 0.4
"""Nobody squeezes through less."""


def check_cameras(plan: "TwinPlan", store: StoreConfig, file: YamlFile) -> None:
    """Looks at every camera, its lines and zones on the floor, and those in the picture.

    Raises:
        DongsunError: The first thing that is wrong, its line and the mend.
    """
    for camera_id, camera in plan.cameras.items():
        _check_place(plan, camera, ("twin", "cameras", camera_id), file)
        _check_lens(plan, camera_id, file)
    for camera_id, camera in plan.cameras.items():
        _check_floor_lines(plan, camera_id, camera, file)
        _check_floor_zones(plan, camera_id, camera, file)
    for camera_id in plan.cameras:
        _check_drawn(plan, store, camera_id, file)


def _check_place(plan: "TwinPlan", camera: TwinCamera, keys: Keys, file: YamlFile) -> None:
    x, y, z = camera.position_m
    at, keys = Point(x, y), (*keys, "position_m")
    got, expected = f"({x:g}, {y:g}, {z:g})", "a camera that hangs free inside the shop"
    if not 0 < z < plan.height_m:
        file.refuse(
            keys,
            expected=f"a camera between the floor and the ceiling ({plan.height_m} m)",
            got=f"a height of {z:g} m",
            mend="change the third number, or twin.height_m",
        )
    if not plan.floor_polygon.contains(at):
        file.refuse(keys, expected=expected, got=f"{got}, outside twin.floor", mend="move it inside the outer walls")
    if plan.floor_polygon.exterior.distance(at) < OFF_WALL_M:
        file.refuse(keys, expected=expected, got=f"{got}, in an outer wall", mend=f"move it {OFF_WALL_M} m off it")
    for index, wall in enumerate(plan.walls):
        near = LineString([wall.start, wall.end]).distance(at) < wall.thickness_m / 2 + SLACK_M
        if near and z < (wall.height_m or plan.height_m) + SLACK_M:
            file.refuse(keys, expected=expected, got=f"{got}, in twin.walls.{index}", mend="move it off the wall")
    for item in plan.furniture:
        if box(item.x0_m, item.y0_m, item.x1_m, item.y1_m).distance(at) < SLACK_M and z < item.height_m + SLACK_M:
            file.refuse(
                keys,
                expected=expected,
                got=f"{got}, in furniture {item.height_m:g} m high",
                mend="hang it higher or elsewhere",
            )


def _check_lens(plan: "TwinPlan", camera_id: str, file: YamlFile) -> None:
    try:
        plan.camera(camera_id)
    except DongsunError as error:
        file.refuse(("cameras", camera_id, "lens"), expected=error.expected, got=error.got, mend=error.mend)


def _check_floor_lines(plan: "TwinPlan", camera_id: str, camera: TwinCamera, file: YamlFile) -> None:
    floor = plan.floor_polygon.buffer(SLACK_M)
    solid = _solid(plan)
    for name, line in camera.lines.items():
        keys = ("twin", "cameras", camera_id, "lines", name)
        drawn = LineString([line.start, line.end])
        for key, point in (("start", line.start), ("end", line.end), ("inside", line.inside)):
            if not floor.covers(Point(point)):
                file.refuse(
                    (*keys, key),
                    expected="a counting line on the floor",
                    got=f"({point[0]:g}, {point[1]:g}), outside twin.floor",
                    mend="move the point within the outer walls",
                )
        if not floor.covers(drawn):
            file.refuse(
                keys,
                expected="a counting line on the floor",
                got="one that leaves twin.floor on its way",
                mend="draw it within one room",
            )
        if _longest(drawn.difference(solid)) < LEAST_GAP_M:
            file.refuse(
                keys,
                expected=f"a counting line that people can cross: at least {LEAST_GAP_M} m of it free",
                got="one that lies in furniture or walls",
                mend="draw it across the way beside them",
            )
        if not _seen(plan, camera_id, drawn):
            file.refuse(
                keys,
                expected=f"a counting line that {camera_id} sees",
                got="one that is out of its picture",
                mend="turn the camera, or give the line to another camera",
            )


def _check_floor_zones(plan: "TwinPlan", camera_id: str, camera: TwinCamera, file: YamlFile) -> None:
    solid = _solid(plan)
    for name, corners in camera.zones.items():
        keys = ("twin", "cameras", camera_id, "zones", name)
        zone = Polygon(corners)
        if not zone.is_valid or zone.area < SLACK_M:
            file.refuse(
                keys,
                expected="a zone whose edges don't cross",
                got="a self-crossing or flat polygon",
                mend="list its corners in the order in which one walks round it",
            )
        if not plan.floor_polygon.buffer(SLACK_M).covers(zone):
            file.refuse(
                keys,
                expected="a zone on the floor",
                got="one that reaches outside twin.floor",
                mend="move its corners within the outer walls",
            )
        if zone.difference(solid).area < LEAST_GAP_M**2:
            file.refuse(
                keys,
                expected="a zone where people can stand",
                got="one that furniture covers",
                mend="move it beside the furniture",
            )
        if not any(_seen(plan, other, zone.exterior) for other in plan.cameras):
            file.refuse(
                keys,
                expected="a zone that some camera sees",
                got="one that is out of every picture",
                mend="turn a camera to it, or move the zone",
            )


def _check_drawn(plan: "TwinPlan", store: StoreConfig, camera_id: str, file: YamlFile) -> None:
    """Lines and zones in the picture, as a station reads them."""
    config = store.cameras[camera_id]
    for name, line in config.lines.items():
        for key, at in (("from", line.line_from), ("to", line.line_to)):
            if not _on_floor(plan, camera_id, at):
                file.refuse(
                    ("cameras", camera_id, "lines", name, key),
                    expected="a counting line on the shop's floor",
                    got=f"({at[0]:g}, {at[1]:g}) of the picture, where there is no floor",
                    mend="draw it anew, or paste what `python -m dongsun.twin.plan.survey` prints",
                )
    for name, zone in config.zones.items():
        for index, at in enumerate(zone.polygon):
            if not _on_floor(plan, camera_id, at):
                file.refuse(
                    ("cameras", camera_id, "zones", name, "polygon", index),
                    expected="a zone on the shop's floor",
                    got=f"({at[0]:g}, {at[1]:g}) of the picture, where there is no floor",
                    mend="draw it anew, or paste what `python -m dongsun.twin.plan.survey` prints",
                )


def _on_floor(plan: "TwinPlan", camera_id: str, at: tuple[float, float]) -> bool:
    camera = plan.camera(camera_id)
    x, y = camera.to_floor(np.array([[at[0] * camera.width_px, at[1] * camera.height_px]]))[0]
    return bool(np.isfinite([x, y]).all()) and plan.floor_polygon.distance(Point(x, y)) < DRAWN_SLACK_M


def _seen(plan: "TwinPlan", camera_id: str, drawn: LineString) -> bool:
    """Whether any point of a line on the floor falls into a camera's picture (walls and shelves don't matter)."""
    camera = plan.camera(camera_id)
    points: list[FloorPoint] = [
        (p.x, p.y) for p in (drawn.interpolate(s, normalized=True) for s in np.linspace(0, 1, 25))
    ]
    pixels, front = camera.project(np.column_stack([np.array(points), np.zeros(len(points))]))
    with np.errstate(invalid="ignore"):
        inside = (pixels >= 0).all(axis=1) & (pixels <= [camera.width_px, camera.height_px]).all(axis=1)
    return bool((inside & front).any())


def _solid(plan: "TwinPlan") -> Polygon:
    walls = [LineString([w.start, w.end]).buffer(w.thickness_m / 2) for w in plan.walls]
    return unary_union([box(f.x0_m, f.y0_m, f.x1_m, f.y1_m) for f in plan.furniture] + walls)


def _longest(free: LineString) -> float:
    return max((part.length for part in getattr(free, "geoms", [free])), default=0.0)
