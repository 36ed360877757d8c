"""One frame of one camera: the people drawn into the empty shop, and where each of them is in the picture."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from dongsun.twin.camera.look import CameraLook
from dongsun.twin.camera.store_camera import StoreCamera
from dongsun.twin.people.bodies import load_bodies
from dongsun.twin.people.gait import Pose, bone_transforms
from dongsun.twin.people.person import Person
from dongsun.twin.render.look import Look
from dongsun.twin.render.raster import draw_depth, project_vertices, shade_person, skin_vertices
from dongsun.twin.render.relight import Relight
from dongsun.twin.scene.backdrop import render_backdrop
from dongsun.twin.scene.daylight import NEUTRAL, Moment
from dongsun.twin.scene.scene import Scene

SUPERSAMPLING = 2
AMBIENT_ON_PEOPLE = 0.56
LONGEST_SHADOW_M = 1.2
F32 = npt.NDArray[np.float32]
Box = tuple[float, float, float, float]
"""x0, y0, x1, y1 in picture pixels."""


@dataclass(frozen=True)
class Standing:
    """A person at a place and in a pose."""

    person: Person
    x_m: float
    y_m: float
    yaw_rad: float
    pose: Pose


@dataclass(frozen=True)
class Sighting:
    """Where a person is in a frame.

    Attributes:
        person_id: Who.
        amodal_xyxy_px: The whole body's box, hidden parts and parts outside the picture included.
        visible_xyxy_px: Box of the pixels that can be seen.
        visibility: Seen pixels over all the body's pixels (those outside the picture estimated by the boxes), 0…1.
        head_xyxy_px: The whole head's box.
        head_visibility: Seen share of the head, by the area of the ellipse in its box, 0…1.
    """

    person_id: int
    amodal_xyxy_px: Box
    visible_xyxy_px: Box
    visibility: float
    head_xyxy_px: Box
    head_visibility: float


@dataclass(frozen=True)
class Frame:
    """A rendered picture and its truth.

    Attributes:
        image_bgr: (h, w, 3) uint8.
        sightings: Those of whom at least one pixel is seen.
        id_mask: (2h, 2w) int16 at the supersampled resolution: index into the drawn people, −1 for none.
    """

    image_bgr: npt.NDArray[np.uint8]
    sightings: tuple[Sighting, ...]
    id_mask: npt.NDArray[np.int16]


@dataclass(frozen=True)
class _Posed:
    screen: F32
    world: F32
    normals: F32
    covered: int


class Renderer:
    """Draws frames of one camera. The empty shop is ray-cast once, here; `decor` (dolls) is drawn into it for good."""

    def __init__(self, scene: Scene, camera: StoreCamera, look: CameraLook, decor: tuple[Standing, ...] = ()) -> None:
        self._camera = camera.scaled(SUPERSAMPLING)
        lens = self._camera.lens
        self._lens_kind = 0 if lens.is_plain else 1 + lens.is_fisheye
        self._backdrop = render_backdrop(scene, self._camera)
        self._look = Look(look, camera.width_px, camera.height_px)
        shape = (self._camera.height_px, self._camera.width_px)
        self._image = np.empty((*shape, 3), np.float32)
        self._nearness = np.empty(shape, np.float32)
        self._triangle = np.empty(shape, np.int32)
        self._person = np.empty(shape, np.int16)
        self._stamp = np.empty(shape, np.int16)
        self._relight = Relight(scene, self._camera, self._backdrop)
        self._moment, self._lights = NEUTRAL, scene.lights
        if decor:
            self._draw(decor)
            np.copyto(self._backdrop.image, self._image)
            np.copyto(self._backdrop.nearness, self._nearness)
            self._backdrop.is_floor[self._person >= 0] = 0
            self._relight.add_decor(self._person >= 0)

    def frame(
        self,
        people: tuple[Standing, ...],
        noise_seed: int,
        *,
        props: tuple[Standing, ...] = (),
        moment: Moment = NEUTRAL,
    ) -> Frame:
        """Draws `people`; the same arguments give the same pixels.

        Args:
            people: Those of whom truth is wanted.
            noise_seed: Of the sensor's noise.
            props: What moves and hides people, but is nobody: trolleys.
            moment: The light.
        """
        self._moment, self._lights = moment, self._relight.lights(moment)
        sightings = self._draw((*people, *props))[: len(people)]
        mask = np.where(self._person < len(people), self._person, np.int16(-1))
        seen = tuple(sighting for sighting in sightings if sighting is not None)
        return Frame(self._look.develop(self._image, noise_seed), seen, mask)

    def _draw(self, standings: tuple[Standing, ...]) -> list[Sighting | None]:
        np.copyto(self._image, self._relight.backdrop(self._moment))
        np.copyto(self._nearness, self._backdrop.nearness)
        self._person.fill(-1)
        self._stamp.fill(-1)
        if self._moment.patch is not None:
            self._relight.paint(self._image, self._moment.patch)
        posed = [self._place(index, standing) for index, standing in enumerate(standings)]
        self._shadows(posed)
        return [
            self._shade(index, standing.person, body)
            for index, (standing, body) in enumerate(zip(standings, posed, strict=True))
        ]

    def _place(self, index: int, standing: Standing) -> _Posed:
        person, camera = standing.person, self._camera
        bones = bone_transforms(person, load_bodies(), standing.pose)
        world, normals = skin_vertices(
            person.vertices_m,
            person.normals,
            person.bone_indices,
            person.bone_weights,
            bones,
            standing.yaw_rad,
            standing.x_m,
            standing.y_m,
        )
        screen = project_vertices(
            world,
            np.array(camera.position_m, np.float32),
            camera.rotation.astype(np.float32),
            self._lens_kind,
            np.array(camera.lens.coefficients, np.float32),
            camera.lens.limit,
            camera.focal_px,
            camera.width_px / 2,
            camera.height_px / 2,
        )
        mapped = screen[:, 2] > 0
        # A body that reaches behind a plain pinhole is not drawn at all; elsewhere only what the lens does not map.
        if not (mapped.all() if camera.lens.is_plain else mapped.any()):
            return _Posed(screen, world, normals, 0)
        covered = draw_depth(screen, person.triangles, index, self._nearness, self._triangle, self._person, self._stamp)
        return _Posed(screen, world, normals, covered)

    def _shadows(self, posed: list[_Posed]) -> None:
        """Soft shadows on the floor: of the whole body away from the two nearest lamps, and where the feet touch."""
        camera = self._camera
        small = 4
        mask = np.zeros((camera.height_px // small, camera.width_px // small), np.float32)
        for body in posed:
            if not (body.screen[:, 2] > 0).any():
                continue
            self._cast_shadows(mask, body.world, small)
            feet = body.world[body.world[:, 2] < 0.12]
            middle = np.median(feet[:, 0])
            for foot in (feet[feet[:, 0] <= middle], feet[feet[:, 0] > middle]):
                if len(foot):
                    x, y = foot[:, :2].mean(axis=0)
                    self._blob(mask, _circle(float(x), float(y), 0.16), 0.45, small)
            x, y = body.world[:, :2].mean(axis=0)
            self._blob(mask, _circle(float(x), float(y), 0.34), 0.25, small)
        rows = np.flatnonzero((mask > 0.01).any(axis=1))
        if not len(rows):
            return
        mask = cv2.GaussianBlur(mask, (0, 0), camera.height_px / 240)
        first, last = max(0, int(rows[0]) - 8) * small, min(camera.height_px, (int(rows[-1]) + 9) * small)
        full = cv2.resize(mask, (camera.width_px, camera.height_px))[first:last]
        self._image[first:last] *= (1 - full * self._backdrop.is_floor[first:last])[..., None]

    def _cast_shadows(self, mask: F32, world: F32, small: int) -> None:
        centre = world.mean(axis=0)
        nearest = np.argsort(((self._lights[:, :2] - centre[:2]) ** 2).sum(axis=1))[:2]
        some = world[::23]
        for lamp in self._lights[nearest]:
            reach = lamp[2] / np.maximum(lamp[2] - some[:, 2], 0.35)
            shift = (some[:, :2] - lamp[:2]) * (reach[:, None] - 1)
            # Far from the lamp the real shadow is too thin to see: it is kept short.
            shift *= np.minimum(1.0, LONGEST_SHADOW_M / np.maximum(np.linalg.norm(shift, axis=1, keepdims=True), 1e-6))
            shadow = some[:, :2] + shift
            self._blob(mask, cv2.convexHull(shadow.astype(np.float32))[:, 0].astype(np.float64), 0.13, small)

    def _blob(self, mask: F32, floor_m: npt.NDArray[np.float64], strength: float, small: int) -> None:
        pixels, front = self._camera.project(np.column_stack([floor_m, np.zeros(len(floor_m))]))
        if not front.all() or np.abs(pixels).max() > 1e5:
            return
        corners = np.round(pixels / small).astype(np.int32)
        if not self._camera.lens.is_plain:  # which may bend a convex patch of floor inwards
            corners = cv2.convexHull(corners)[:, 0]
        x0, y0 = np.maximum(corners.min(axis=0), 0)
        x1, y1 = np.minimum(corners.max(axis=0) + 1, (mask.shape[1], mask.shape[0]))
        if x0 >= x1 or y0 >= y1:
            return
        patch = np.zeros((y1 - y0, x1 - x0), np.float32)
        cv2.fillConvexPoly(patch, corners - (x0, y0), strength)
        window = mask[y0:y1, x0:x1]
        window += patch * (1 - window)

    def _shade(self, index: int, person: Person, body: _Posed) -> Sighting | None:
        width, height = self._camera.width_px, self._camera.height_px
        if body.covered == 0:
            return None
        mapped = body.screen[:, 2] > 0
        x0, y0, x1, y1 = _extent(body.screen[mapped])
        bounds = np.array([max(0, x0 - 1), max(0, y0 - 1), min(width, x1 + 2), min(height, y1 + 2)], np.int32)
        near = np.argsort(((self._lights[:, :2] - body.world[:, :2].mean(axis=0)) ** 2).sum(axis=1))[:4]
        seen = shade_person(
            self._image,
            self._triangle,
            self._person,
            index,
            bounds,
            body.screen,
            person.rest_m,
            body.normals,
            body.world,
            person.triangles,
            person.triangle_material,
            person.triangle_is_head,
            person.materials,
            np.ascontiguousarray(self._lights[near]),
            np.array(self._camera.position_m, np.float32),
            AMBIENT_ON_PEOPLE * self._relight.ambient(self._moment, *(float(v) for v in body.world[0, :2])),
        )
        if seen[0] == 0:
            return None
        inside = (min(x1, width) - max(x0, 0)) * (min(y1, height) - max(y0, 0)) / max((x1 - x0) * (y1 - y0), 1e-6)
        hx0, hy0, hx1, hy1 = _extent(body.screen[person.is_head_vertex & mapped])
        ellipse = max(1.0, math.pi / 4 * (hx1 - hx0) * (hy1 - hy0))
        return Sighting(
            person_id=person.person_id,
            amodal_xyxy_px=_halved(x0, y0, x1, y1),
            visible_xyxy_px=_halved(*(float(v) for v in seen[1:5])),
            visibility=min(1.0, float(seen[0]) / body.covered * inside),
            head_xyxy_px=_halved(hx0, hy0, hx1, hy1),
            head_visibility=min(1.0, float(seen[5]) / ellipse),
        )


def _halved(x0: float, y0: float, x1: float, y1: float) -> Box:
    return x0 / SUPERSAMPLING, y0 / SUPERSAMPLING, x1 / SUPERSAMPLING, y1 / SUPERSAMPLING


def _extent(screen: F32) -> Box:
    """Box round projected vertices (n, 3); empty at the picture's origin if there are none."""
    if not len(screen):
        return 0.0, 0.0, 0.0, 0.0
    (x0, y0), (x1, y1) = screen[:, :2].min(axis=0), screen[:, :2].max(axis=0)
    return float(x0), float(y0), float(x1), float(y1)


def _circle(x_m: float, y_m: float, radius_m: float) -> npt.NDArray[np.float64]:
    theta = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    return np.column_stack([x_m + radius_m * np.cos(theta), y_m + radius_m * np.sin(theta)])
