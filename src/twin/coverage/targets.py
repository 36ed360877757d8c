"""The places that cameras should see: the walkable floor, the strip inside every door, every zone."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import Polygon

from dongsun.contract.errors import DongsunError
from dongsun.contract.store import StoreConfig
from dongsun.twin.crowd.floor import outward, walkable_floor
from dongsun.twin.plan.layout import Door
from dongsun.twin.plan.twin_plan import TwinPlan

Floats = npt.NDArray[np.float64]
DOOR_STRIP_M = (0.3, 1.0)
"""Nearest and farthest place, inside a door, at which people who come in must be seen."""


@dataclass(frozen=True)
class Targets:
    """Where people can be, as points of a square grid.

    Attributes:
        grid_m: Side of a cell.
        walkable: The floor inside the walls on which one can stand.
        floor_m: (n, 2) centres of its cells.
        doors_m: Door → (k, 2) places just inside it.
        zones_m: (camera, zone) → (k, 2) places in it, none where the zone is off the floor.
    """

    grid_m: float
    walkable: Polygon
    floor_m: Floats
    doors_m: dict[str, Floats]
    zones_m: dict[tuple[str, str], Floats]

    @classmethod
    def of(cls, store: StoreConfig, plan: TwinPlan, grid_m: float) -> "Targets":
        """The places of a store.

        Raises:
            DongsunError: The grid is too coarse for the shop.
        """
        walkable = walkable_floor(plan).intersection(plan.floor_polygon)
        floor = grid_in(walkable, grid_m)
        if len(floor) < 20:
            raise DongsunError(
                expected="at least 20 cells of floor",
                got=f"{len(floor)} of {grid_m} m",
                where="grid_m",
                mend="choose a finer grid, e.g. grid_m=0.25",
            )
        doors = {name: _door_strip(plan, door, walkable, grid_m) for name, door in plan.doors.items()}
        zones = {}
        for camera_id, camera in store.cameras.items():
            geometry = plan.camera(camera_id)
            scale = np.array([geometry.width_px, geometry.height_px])
            for zone_id, zone in camera.zones.items():
                corners = geometry.to_floor(np.array(zone.polygon) * scale)
                on_floor = not np.isnan(corners).any()
                area = Polygon(corners).buffer(0).intersection(walkable) if on_floor else Polygon()
                zones[camera_id, zone_id] = grid_in(area, grid_m)
        return cls(grid_m, walkable, floor, doors, zones)


def grid_in(area: Polygon, grid_m: float) -> Floats:
    """Centres (n, 2) of the cells of a square grid that lie in `area`."""
    if area.is_empty:
        return np.zeros((0, 2))
    x0, y0, x1, y1 = area.bounds
    first = math.floor(x0 / grid_m), math.floor(y0 / grid_m)
    x, y = np.meshgrid(
        (np.arange(first[0], math.ceil(x1 / grid_m)) + 0.5) * grid_m,
        (np.arange(first[1], math.ceil(y1 / grid_m)) + 0.5) * grid_m,
    )
    inside = shapely.contains_xy(area, x.ravel(), y.ravel())
    return np.asarray(np.column_stack([x.ravel(), y.ravel()])[inside], np.float64)


def parallel(plan: TwinPlan, door: Door, offset_m: float, beyond_m: float = 0.0) -> tuple[Floats, Floats]:
    """The two ends (2,) of the line parallel to a door, `offset_m` inside it, longer by `beyond_m` at either end."""
    start, end = np.array(door.start), np.array(door.end)
    along = (end - start) / float(np.hypot(*(end - start)))
    inward = -np.array(outward(plan, door))
    return start - beyond_m * along + offset_m * inward, end + beyond_m * along + offset_m * inward


def _door_strip(plan: TwinPlan, door: Door, walkable: Polygon, grid_m: float) -> Floats:
    step = min(grid_m, 0.25)
    rows = []
    for offset in np.arange(DOOR_STRIP_M[0], DOOR_STRIP_M[1] + 1e-9, step):
        start, end = parallel(plan, door, float(offset), -0.15)
        count = max(2, round(float(np.hypot(*(end - start))) / step) + 1)
        rows.append(start + np.linspace(0, 1, count)[:, None] * (end - start))
    places = np.concatenate(rows)
    return np.asarray(places[shapely.contains_xy(walkable, places[:, 0], places[:, 1])], np.float64)
