"""Scattered people before cameras that hang anywhere: many, varied pictures for pre-training."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
from shapely.geometry import Point, Polygon

from dongsun.twin.camera.look import CameraLook
from dongsun.twin.camera.store_camera import StoreCamera
from dongsun.twin.crowd.simulate import walkable_floor
from dongsun.twin.film.casting import dolls
from dongsun.twin.film.split import TwinSplit
from dongsun.twin.people.gait import Pose
from dongsun.twin.people.wardrobe import dress
from dongsun.twin.plan.layout import Shelf
from dongsun.twin.plan.traffic import Wardrobe
from dongsun.twin.plan.twin_plan import TwinPlan
from dongsun.twin.render.renderer import Renderer, Sighting, Standing
from dongsun.twin.scene.scene import build_scene

APART_M = 0.45


@dataclass(frozen=True)
class View:
    """An order for the stills of one camera position."""

    plan: TwinPlan
    split: TwinSplit
    camera_index: int
    first_frame: int
    frames: int


@dataclass(frozen=True)
class Still:
    """A JPEG picture and its truth; `frame_index` counts from 0."""

    frame_index: int
    jpeg: bytes
    sightings: tuple[Sighting, ...]


def views(plan: TwinPlan, split: TwinSplit, camera_index: int) -> Iterator[View]:
    """Cuts a camera's stills into views."""
    for first in range(0, split.frames, split.frames_per_view):
        yield View(plan, split, camera_index, first, min(split.frames_per_view, split.frames - first))


def shoot(view: View) -> list[Still]:
    """Renders one view: random furniture, light, camera and people."""
    rng = np.random.default_rng([view.split.seed, view.camera_index, view.first_frame])
    plan = _refurnished(view.plan, rng)
    floor = walkable_floor(plan)
    camera = _hung_anywhere(plan, floor, rng)
    scene = build_scene(plan, seed=int(rng.integers(1 << 30)), light=float(rng.uniform(0.6, 1.15)))
    renderer = Renderer(scene, camera, _any_look(rng), dolls(plan))
    stills = []
    for offset in range(view.frames):
        people = _scattered(view.split.person_ids, plan.wardrobe, camera, floor, rng)
        frame = renderer.frame(people, noise_seed=int(rng.integers(1 << 30)))
        quality = int(rng.integers(55, 93))
        coded = cv2.imencode(".jpg", frame.image_bgr, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        stills.append(Still(view.first_frame + offset, coded.tobytes(), frame.sightings))
    return stills


def _refurnished(plan: TwinPlan, rng: np.random.Generator) -> TwinPlan:
    shelves = tuple(
        Shelf(x0_m=s.x0_m, y0_m=s.y0_m, x1_m=s.x1_m, y1_m=s.y1_m, height_m=s.height_m * float(rng.uniform(0.75, 1.1)))
        for s in plan.shelves
        if rng.random() < 0.8
    )
    return plan.model_copy(update={"shelves": shelves})


def _hung_anywhere(plan: TwinPlan, floor: Polygon, rng: np.random.Generator) -> StoreCamera:
    """Under the ceiling, looking at some free floor 3 to 8 m away."""
    x0, y0, x1, y1 = plan.bounds_m
    position = (
        float(rng.uniform(x0 + 0.3, x1 - 0.3)),
        float(rng.uniform(y0 + 0.3, y1 - 0.3)),
        float(rng.uniform(2.3, 3.1)),
    )
    target = ((x0 + x1) / 2, (y0 + y1) / 2)
    for _ in range(50):
        target = (float(rng.uniform(x0, x1)), float(rng.uniform(y0 + 0.5, y1)))
        if 3.0 < math.dist(target, position[:2]) < 8.0 and floor.contains(Point(target)):
            break
    yaw = math.atan2(target[1] - position[1], target[0] - position[0])
    pitch, hfov = math.radians(float(rng.uniform(17, 42))), math.radians(float(rng.uniform(58, 92)))
    return StoreCamera(position, yaw, pitch, hfov, plan.width_px, plan.height_px)


def _any_look(rng: np.random.Generator) -> CameraLook:
    blue, green, red = (float(v) for v in np.exp(rng.normal(0, (0.08, 0.03, 0.08))))
    return CameraLook(
        exposure=float(rng.uniform(0.6, 1.2)),
        gamma=float(rng.uniform(0.8, 1.3)),
        saturation=float(rng.uniform(0.5, 1.15)),
        white_balance_bgr=(blue, green, red),
        blur_px=float(rng.uniform(0.4, 1.1)),
        noise=float(rng.uniform(1.5, 7.0)),
        vignette=float(rng.uniform(0.0, 0.35)),
    )


def _scattered(
    person_ids: tuple[int, ...], wardrobe: Wardrobe, camera: StoreCamera, floor: Polygon, rng: np.random.Generator
) -> tuple[Standing, ...]:
    count = min(len(person_ids), int(rng.integers(2, 13)))
    chosen = rng.choice(len(person_ids), size=count, replace=False)
    places: list[tuple[float, float]] = []
    people = []
    for k in chosen:
        place = _free_place(camera, floor, places, rng)
        if place is None:
            continue
        places.append(place)
        walks = bool(rng.random() < 0.6)
        reach = float(rng.uniform(0.3, 1)) if not walks and rng.random() < 0.3 else 0.0
        stride = float(rng.uniform(0.6, 1)) if walks else 0.0
        pose = Pose(float(rng.random()), stride, reach, float(rng.uniform(-0.5, 0.5)))
        people.append(
            Standing(dress(person_ids[int(k)], wardrobe), *place, float(rng.uniform(-math.pi, math.pi)), pose)
        )
    return tuple(people)


def _free_place(
    camera: StoreCamera, floor: Polygon, taken: list[tuple[float, float]], rng: np.random.Generator
) -> tuple[float, float] | None:
    """Somewhere on the free floor whose feet fall into, or a little below, the picture; `None` after 60 tries."""
    pixels = np.column_stack(
        [rng.uniform(-0.03, 1.03, 60) * camera.width_px, rng.uniform(0.1, 1.25, 60) * camera.height_px]
    )
    spots: npt.NDArray[np.float64] = camera.to_floor(pixels)
    for x, y in spots[np.isfinite(spots).all(axis=1)].tolist():
        if math.dist((x, y), camera.position_m[:2]) > 13 or not floor.contains(Point(x, y)):
            continue
        if all(math.dist((x, y), other) > APART_M for other in taken) and floor.exterior.distance(Point(x, y)) > 0.25:
            return x, y
    return None
