"""The compiled projection against the camera's own, for every kind of lens."""

import numpy as np
import pytest

from dongsun.contract.store import LensConfig
from dongsun.twin.camera.store_camera import StoreCamera
from dongsun.twin.fast.eye import eye_of, project

LENSES = {
    "plain": (1.3, LensConfig()),
    "barrel": (1.6, LensConfig(hfov_deg=91.0, k1=-0.12, k2=0.01)),
    "fisheye": (3.0, LensConfig(model="fisheye", hfov_deg=171.0, k1=0.02)),
}


@pytest.mark.parametrize("lens", LENSES)
def test_points_fall_where_the_camera_says(lens: str) -> None:
    hfov, distortion = LENSES[lens]
    camera = StoreCamera((1.0, -2.0, 3.0), 0.7, 0.6, hfov, 640, 360, distortion)
    points = np.random.default_rng(3).uniform([-6, -6, 0], [6, 6, 2], (300, 3))
    expected, mapped = camera.project(points)
    eye = eye_of(camera)
    ours = [project(eye, *point) for point in points]
    assert [bool(ok) for _, _, ok in ours] == mapped.tolist()
    assert mapped.sum() > 20
    assert np.allclose(np.array([p[:2] for p in ours])[mapped], expected[mapped], atol=1e-6)
