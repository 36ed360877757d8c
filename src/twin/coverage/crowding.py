"""How often one person hides another: a model of a crowd that stands anywhere with the same chance."""

import numpy as np
import numpy.typing as npt

BODY_RADIUS_M = 0.25
BODY_HEIGHT_M = 1.7

FORMULA = "p = 1 - exp(-2 r D max(0, s - 2 r)), s = d (h - z) / (H - z)"
"""r body radius, D people per m², h their height, d ground distance, H the camera's height, z the looked-at height."""


def hidden_by_people(
    distance_m: npt.NDArray[np.float64], camera_height_m: float, looked_at_m: float, people_per_m2: float
) -> npt.NDArray[np.float64]:
    """Chance that somebody stands in the way of a ray from a camera to a person.

    People are a Poisson process of even density D. Only over the last stretch s of ground before the person is the
    ray lower than others' heads; whoever stands within r of that stretch hides the person, less the first 2 r, where
    nobody else fits. Hence the formula `FORMULA`.

    Args:
        distance_m: Distances on the floor between camera and person.
        camera_height_m: Height of the camera, H.
        looked_at_m: Height of the point looked at, z: 0 for the feet.
        people_per_m2: Density of other people, D.
    """
    if looked_at_m >= BODY_HEIGHT_M:
        return np.zeros_like(distance_m)
    rise = camera_height_m - looked_at_m
    share = 1.0 if rise <= BODY_HEIGHT_M - looked_at_m else (BODY_HEIGHT_M - looked_at_m) / rise
    stretch = np.maximum(0.0, distance_m * share - 2 * BODY_RADIUS_M)
    return np.asarray(1 - np.exp(-2 * BODY_RADIUS_M * people_per_m2 * stretch), np.float64)
