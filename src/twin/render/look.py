"""What the camera makes of the light: blur, colour, vignette, noise, tone."""

import cv2
import numpy as np
import numpy.typing as npt

from dongsun.twin.camera.look import CameraLook

F32 = npt.NDArray[np.float32]


class Look:
    """Turns the ideal supersampled picture into what the camera delivers."""

    def __init__(self, look: CameraLook, width_px: int, height_px: int) -> None:
        self._look = look
        self._size = (width_px, height_px)
        rng = np.random.default_rng(7)
        grain = rng.normal(0, 1.0, (height_px, width_px, 3)).astype(np.float32)
        luminance = rng.normal(0, 0.6, (height_px, width_px, 1)).astype(np.float32)
        self._grain = (cv2.GaussianBlur(grain, (0, 0), 0.7) * 1.6 + luminance) * look.noise
        x, y = np.meshgrid(np.linspace(-1, 1, width_px), np.linspace(-1, 1, height_px))
        falloff = (1 - look.vignette * (x**2 + y**2) / 2)[..., None]
        self._gain = (falloff * np.array(look.white_balance_bgr) * look.exposure).astype(np.float32)
        tone = np.linspace(0, 1, 256) ** (1 / look.gamma) * 255
        self._tone = np.clip(tone, 0, 255).astype(np.uint8)

    def develop(self, image: F32, noise_seed: int) -> npt.NDArray[np.uint8]:
        """(2h, 2w, 3) float BGR to the camera's (h, w, 3) uint8."""
        picture = cv2.resize(image, self._size, interpolation=cv2.INTER_AREA)
        picture = cv2.GaussianBlur(picture, (0, 0), self._look.blur_px)
        if self._look.saturation != 1.0:
            grey = picture.mean(axis=2, keepdims=True)
            picture = grey + (picture - grey) * np.float32(self._look.saturation)
        rng = np.random.default_rng(noise_seed)
        shift = (int(rng.integers(self._size[1])), int(rng.integers(self._size[0])))
        picture = picture * self._gain + np.roll(self._grain, shift, axis=(0, 1))
        return np.asarray(cv2.LUT(np.clip(picture, 0, 255).astype(np.uint8), self._tone), np.uint8)
