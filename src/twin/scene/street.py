"""What is seen through the doors: pavement, the house over the road, and its light."""

import math

import numpy as np

from dongsun.twin.crowd.floor import outward
from dongsun.twin.plan.layout import Door
from dongsun.twin.plan.twin_plan import TwinPlan
from dongsun.twin.scene.surface import PAVEMENT, Surface
from dongsun.twin.scene.textures import Texture

STREET_DEPTH_M = 4.5
Light = tuple[float, float, float, float]


def street_surfaces(plan: TwinPlan, paving: Texture, facade: Texture) -> list[Surface]:
    """Pavement all round, and a facade over the road on each side that has a door."""
    x0, y0, x1, y1 = plan.bounds_m
    far, height = STREET_DEPTH_M, plan.height_m
    across, down = (x1 - x0 + 2 * far, 0.0, 0.0), (0.0, y1 - y0 + 2 * far, 0.0)
    surfaces = [
        Surface(
            (x0 - far, y0 - far, -0.01), across, down, paving, tile_m=2.0, ambient=0.75, kind=PAVEMENT, day_share=1.0
        )
    ]
    floor = np.array(plan.floor)
    for nx, ny in dict.fromkeys(_facing(plan, door) for door in plan.doors.values()):
        along = floor @ (-ny, nx)
        low, beyond = float(along.min()) - far, float((floor @ (nx, ny)).max()) + far
        width = float(along.max()) + far - low
        corner = (-ny * low + nx * beyond, nx * low + ny * beyond, height)
        surfaces.append(
            Surface(corner, (-ny * width, nx * width, 0.0), (0.0, 0.0, -height), facade, ambient=0.95, day_share=1.0)
        )
    return surfaces


def street_lights(plan: TwinPlan) -> list[Light]:
    """Daylight before each door: x, y, z and strength."""
    lights = []
    for door in plan.doors.values():
        nx, ny = _facing(plan, door)
        x, y = (door.start[0] + door.end[0]) / 2, (door.start[1] + door.end[1]) / 2
        lights += [(x - ny * side + nx * 2.0, y + nx * side + ny * 2.0, 3.4, 1.7) for side in (-2.5, 2.5)]
    return lights


def _facing(plan: TwinPlan, door: Door) -> tuple[float, float]:
    """Where a door looks. Directions are rounded, so that doors of one wall share a facade."""
    nx, ny = (round(v, 2) for v in outward(plan, door))
    scale = math.hypot(nx, ny)
    return nx / scale, ny / scale
