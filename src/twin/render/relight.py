"""The empty shop at other levels of light than those it was ray-cast at.

The backdrop stays one picture: each pixel knows which share of its light is daylight (a second cast with all lamps out,
made when it is first needed), and is scaled by the levels. Where the full picture is already white, that share is
a little off.
"""

import cv2
import numpy as np
import numpy.typing as npt

from dongsun.twin.camera.store_camera import StoreCamera
from dongsun.twin.scene.backdrop import Backdrop, render_backdrop
from dongsun.twin.scene.daylight import Moment, Patch
from dongsun.twin.scene.scene import Scene
from dongsun.twin.scene.surface import DAY_SHARE_INDOORS

DAY_SHARE_OUTDOORS = 1.0
SMALL = 4
"""Reflections are soft: they are painted at a quarter of the resolution."""
F32 = npt.NDArray[np.float32]


class Relight:
    """Light levels for backdrop and people of one camera."""

    def __init__(self, scene: Scene, camera: StoreCamera, backdrop: Backdrop) -> None:
        self._scene = scene
        self._camera = camera
        self._backdrop = backdrop
        self._outline = np.array(scene.floor, np.float32)
        self._is_decor = np.zeros(backdrop.nearness.shape, np.bool_)
        self._day_share: F32 | None = None
        self._levels = (1.0, 1.0)
        self._lit = backdrop.image

    def add_decor(self, where: npt.NDArray[np.bool_]) -> None:
        """Tells that things not of the scene have been drawn into the backdrop where (h, w) is true."""
        self._is_decor |= where

    def backdrop(self, moment: Moment) -> F32:
        """(h, w, 3) the empty shop at this moment, the patch left out. Not to be changed."""
        levels = (moment.lamps, moment.daylight)
        if levels == (1.0, 1.0):
            return self._backdrop.image
        if levels != self._levels:
            share = self._share()
            factor = np.float32(moment.lamps) * (1 - share) + np.float32(moment.daylight) * share
            self._lit = np.minimum(self._backdrop.image * factor[..., None], 255)
            self._levels = levels
        return self._lit

    def lights(self, moment: Moment) -> F32:
        """(n, 4) the scene's lights at this moment."""
        lights = self._scene.lights.copy()
        lights[:, 3] *= np.where(self._scene.is_daylight, np.float32(moment.daylight), np.float32(moment.lamps))
        return lights

    def ambient(self, moment: Moment, x_m: float, y_m: float) -> float:
        """Factor on the light from everywhere that falls on somebody at a place."""
        if moment.lamps == moment.daylight == 1.0:
            return 1.0
        inside = cv2.pointPolygonTest(self._outline, (x_m, y_m), measureDist=False) >= 0
        share = DAY_SHARE_INDOORS if inside else DAY_SHARE_OUTDOORS
        return moment.lamps * (1 - share) + moment.daylight * share

    def paint(self, image: F32, patch: Patch) -> None:
        """Brightens the floor, in place, where the patch lies."""
        camera = self._camera
        mask = np.zeros((camera.height_px // SMALL, camera.width_px // SMALL), np.float32)
        theta = np.linspace(0, 2 * np.pi, 24, endpoint=False)
        ring = np.column_stack([np.cos(theta), np.sin(theta), np.zeros(24)]) * patch.radius_m
        corners, front = camera.project(ring + np.array([patch.x_m, patch.y_m, 0.0]))
        if not front.all() or np.abs(corners).max() > 1e5:
            return
        cv2.fillConvexPoly(mask, np.round(corners / SMALL).astype(np.int32), 1.0)
        softness = max(1.0, float(np.ptp(corners / SMALL, axis=0).min()) / 6)
        mask = cv2.GaussianBlur(mask, (0, 0), softness) * np.float32(patch.strength)
        full = cv2.resize(mask, (camera.width_px, camera.height_px)) * self._backdrop.is_floor
        image += (image * 0.6 + 100) * full[..., None]
        np.minimum(image, 255, out=image)

    def _share(self) -> F32:
        if self._day_share is None:
            day = render_backdrop(self._scene.by_daylight(), self._camera).image.sum(axis=2)
            full = np.maximum(self._backdrop.image.sum(axis=2), 1)
            nothing = self._backdrop.nearness <= 0
            share = np.where(nothing, np.float32(DAY_SHARE_OUTDOORS), np.clip(day / full, 0, 1))
            share[self._is_decor] = DAY_SHARE_INDOORS
            self._day_share = share.astype(np.float32)
        return self._day_share
