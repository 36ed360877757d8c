"""A camera's projection as compiled code, a point at a time; `StoreCamera.project` is the reference."""

import numpy as np
import numpy.typing as npt

from dongsun.twin.camera.store_camera import NEAR_M, StoreCamera
from dongsun.twin.compiled import compiled

F64 = npt.NDArray[np.float64]
FARTHEST = 1e9
"""Stands for an unlimited tangent off the axis: compiled code knows no infinity."""


def eye_of(camera: StoreCamera) -> F64:
    """(22,): position, rotation by rows, focal length, picture's middle, is fisheye, k1…k4, limit, nearest depth."""
    lens = camera.lens
    return np.array(
        [
            *camera.position_m, *camera.rotation.ravel(), camera.focal_px, camera.width_px / 2, camera.height_px / 2,
            float(lens.is_fisheye), *lens.coefficients, min(lens.limit, FARTHEST), NEAR_M,
        ],
        np.float64,
    )  # fmt: skip


@compiled
def project(eye: F64, x_m: float, y_m: float, z_m: float) -> tuple[float, float, bool]:
    """Pixel of a point of the world, and whether the lens maps it (else the pixel means nothing)."""
    dx, dy, dz = x_m - eye[0], y_m - eye[1], z_m - eye[2]
    right = eye[3] * dx + eye[4] * dy + eye[5] * dz
    down = eye[6] * dx + eye[7] * dy + eye[8] * dz
    ahead = eye[9] * dx + eye[10] * dy + eye[11] * dz
    across = np.hypot(right, down)
    if eye[15] > 0:
        r = np.arctan2(across, ahead)
        mapped = r <= eye[20] and np.hypot(across, ahead) > eye[21]
    else:
        if ahead <= eye[21]:
            return 0.0, 0.0, False
        r = across / ahead
        mapped = r <= eye[20]
    s = r * r
    bent = r * (1.0 + s * (eye[16] + s * (eye[17] + s * (eye[18] + s * eye[19]))))
    scale = bent / across if across > 0 else 0.0
    return eye[13] + eye[12] * right * scale, eye[14] + eye[12] * down * scale, mapped
