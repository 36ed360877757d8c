"""The empty shop: its surfaces and lights."""

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from shapely.geometry import Point

from dongsun.twin.people.materials import Colour
from dongsun.twin.plan.frozen import FloorPoint
from dongsun.twin.plan.twin_plan import TwinPlan
from dongsun.twin.scene import textures
from dongsun.twin.scene.fittings import counter_surfaces, shelf_surfaces, wall_surfaces
from dongsun.twin.scene.ground import floor_surfaces
from dongsun.twin.scene.poster import poster_surface
from dongsun.twin.scene.street import street_lights, street_surfaces
from dongsun.twin.scene.surface import Surface
from dongsun.twin.scene.textures import Texture

DOOR_HEIGHT_M = 2.35


@dataclass(frozen=True)
class Scene:
    """The shop without people.

    Attributes:
        surfaces: Everything that is drawn.
        lights: (n, 4) float32: x, y, z in metres and strength.
        is_daylight: (n,) bool: lights that are the day outside, not lamps.
        shelves: (m, 4) float32 rectangles x0, y0, x1, y1, to darken the floor beside them.
        floor: Corners of the outer walls.
    """

    surfaces: tuple[Surface, ...]
    lights: npt.NDArray[np.float32]
    is_daylight: npt.NDArray[np.bool_]
    shelves: npt.NDArray[np.float32]
    floor: tuple[FloorPoint, ...]

    def by_daylight(self) -> "Scene":
        """The same shop with all lamps out."""
        surfaces = tuple(replace(surface, ambient=surface.ambient * surface.day_share) for surface in self.surfaces)
        return replace(self, surfaces=surfaces, lights=self.lights * self.is_daylight[:, None])


def build_scene(plan: TwinPlan, *, seed: int | None = None, light: float = 1.0) -> Scene:
    """Furnishes the shop; `seed` (the plan's own by default) chooses products and paint, `light` scales all lamps."""
    chosen = plan.decoration_seed if seed is None else seed
    rng, fittings = np.random.default_rng([chosen, 3]), np.random.default_rng([chosen, 5])
    wall = textures.plaster(rng, _paint(rng, 190.0, 200.0, 205.0, 0.85))
    tiles = textures.floor_tiles(rng, _paint(rng, 160.0, 174.0, 182.0, 0.8))
    paving = textures.floor_tiles(rng, (150.0, 152.0, 154.0), tiles=2)
    surfaces = floor_surfaces(plan, tiles) + street_surfaces(plan, paving, textures.street(rng))
    for start, end in zip(plan.floor, plan.floor[1:] + plan.floor[:1], strict=True):
        surfaces += _outer_wall(plan, start, end, wall)
    for shelf in plan.shelves:
        surfaces += shelf_surfaces(shelf, rng)
    for counter in plan.counters.values():
        surfaces += counter_surfaces(counter, fittings)
    for inner in plan.walls:
        surfaces += wall_surfaces(inner, plan.height_m, wall)
    surfaces += [poster_surface(poster, plan.wardrobe) for poster in plan.disturbances.posters]
    lamps, daylight = _lamps(plan, light), street_lights(plan)
    rectangles = [(s.x0_m, s.y0_m, s.x1_m, s.y1_m) for s in plan.furniture]
    return Scene(
        tuple(surfaces),
        np.array(lamps + daylight, np.float32).reshape(-1, 4),
        np.arange(len(lamps) + len(daylight)) >= len(lamps),
        np.array(rectangles, np.float32).reshape(-1, 4),
        plan.floor,
    )


def _paint(rng: np.random.Generator, blue: float, green: float, red: float, darkest: float) -> Colour:
    shade = rng.uniform(darkest, 1.05)
    return blue * shade, green * shade, red * shade


def _lamps(plan: TwinPlan, light: float) -> list[tuple[float, float, float, float]]:
    """A grid of lamps under the ceiling, where there is floor below."""
    x0, y0, x1, y1 = plan.bounds_m
    spacing, strength = plan.lighting.lamp_spacing_m, plan.lighting.lamp_strength * light
    floor = plan.floor_polygon
    return [
        (x, y, plan.height_m - 0.25, strength)
        for x in np.arange(x0 + 1.6, x1, spacing)
        for y in np.arange(y0 + 1.2, y1, spacing)
        if floor.contains(Point(x, y))
    ]


def _outer_wall(plan: TwinPlan, start: tuple[float, float], end: tuple[float, float], wall: Texture) -> list[Surface]:
    """One edge of the floor, with its doors left open below the lintel."""
    length, height = math.dist(start, end), plan.height_m
    ux, uy = (end[0] - start[0]) / length, (end[1] - start[1]) / length
    gaps = []
    for door in plan.doors.values():
        at = sorted((p[0] - start[0]) * ux + (p[1] - start[1]) * uy for p in (door.start, door.end))
        off = abs((door.start[0] - start[0]) * uy - (door.start[1] - start[1]) * ux)
        if off < 0.05 and at[0] > -0.05 and at[1] < length + 0.05:
            gaps.append((at[0], at[1]))

    def piece(a: float, b: float, top: float, texture: Texture) -> Surface:
        corner = (start[0] + a * ux, start[1] + a * uy, height)
        return Surface(corner, ((b - a) * ux, (b - a) * uy, 0), (0, 0, top - height), texture)

    pieces, begun = [], 0.0
    for a, b in sorted(gaps):
        pieces.append(piece(begun, a, 0.0, wall))
        pieces.append(piece(a, b, DOOR_HEIGHT_M, textures.plain(150)))
        begun = b
    return [*pieces, piece(begun, length, 0.0, wall)]
