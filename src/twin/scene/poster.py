"""A life-size picture of a person on a wall."""

import math
from functools import lru_cache

import cv2
import numpy as np

from dongsun.twin.people.bodies import load_bodies
from dongsun.twin.people.gait import Pose, bone_transforms
from dongsun.twin.people.wardrobe import dress
from dongsun.twin.plan.disturbances import Poster
from dongsun.twin.plan.traffic import Wardrobe
from dongsun.twin.render.raster import draw_depth, shade_person, skin_vertices
from dongsun.twin.scene.surface import Surface
from dongsun.twin.scene.textures import Texture

WIDTH_SHARE = 0.5
BODY_SHARE = 0.94
"""Of the poster's height, from sole to crown."""
PIXELS_HIGH = 480
AWAY_M = 4.0
OFF_WALL_M = 0.02
STUDIO_LIGHTS = np.array([(-1.5, -2.0, 2.6, 2.2), (1.5, -2.0, 2.6, 1.8)], np.float32)


def poster_surface(poster: Poster, wardrobe: Wardrobe) -> Surface:
    """The poster as it hangs, its face toward `facing_deg`."""
    angle = math.radians(poster.facing_deg)
    fx, fy = math.cos(angle), math.sin(angle)
    width, top = poster.height_m * WIDTH_SHARE, poster.bottom_m + poster.height_m
    x, y = poster.at[0] + fx * OFF_WALL_M, poster.at[1] + fy * OFF_WALL_M
    across = (-fy * width, fx * width, 0.0)
    corner = (x - across[0] / 2, y - across[1] / 2, top)
    return Surface(corner, across, (0.0, 0.0, -poster.height_m), portrait(poster.person, wardrobe))


@lru_cache(maxsize=16)
def portrait(person_id: int, wardrobe: Wardrobe) -> Texture:
    """(480, 240, 3) uint8 BGR: the person from the front, by parallel projection, before a plain ground."""
    person = dress(person_id, wardrobe)
    bones = bone_transforms(person, load_bodies(), Pose(0.1, 0.25))
    facing_us = -math.pi / 2
    world, normals = skin_vertices(
        person.vertices_m, person.normals, person.bone_indices, person.bone_weights, bones, facing_us, 0.0, 0.0
    )
    scale = 2
    height, width = PIXELS_HIGH * scale, int(PIXELS_HIGH * WIDTH_SHARE) * scale
    pixels_per_metre = height * BODY_SHARE / float(world[:, 2].max())
    foot = height * (1 + BODY_SHARE) / 2
    screen = np.column_stack(
        [width / 2 + world[:, 0] * pixels_per_metre, foot - world[:, 2] * pixels_per_metre, 1 / (AWAY_M + world[:, 1])]
    ).astype(np.float32)
    ground = np.random.default_rng([7003, person_id]).uniform(120, 235, 3)
    image = np.tile(ground.astype(np.float32), (height, width, 1))
    depth, triangle = np.zeros((height, width), np.float32), np.zeros((height, width), np.int32)
    drawn, stamp = np.full((height, width), -1, np.int16), np.full((height, width), -1, np.int16)
    draw_depth(screen, person.triangles, 0, depth, triangle, drawn, stamp)
    shade_person(
        image,
        triangle,
        drawn,
        0,
        np.array([0, 0, width, height], np.int32),
        screen,
        person.rest_m,
        normals,
        world,
        person.triangles,
        person.triangle_material,
        person.triangle_is_head,
        person.materials,
        STUDIO_LIGHTS,
        np.array([0.0, -AWAY_M, 1.2], np.float32),
        0.7,
    )
    small = cv2.resize(image, (width // scale, height // scale), interpolation=cv2.INTER_AREA)
    # Printed matter is duller than people.
    return np.asarray(np.clip(small, 0, 255) * 0.9 + 14, np.uint8)
