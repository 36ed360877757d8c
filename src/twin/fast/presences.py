"""Walks laid end to end in flat arrays, as compiled code wants them; posters and dolls stand among them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dongsun.twin.crowd.trajectories import Trajectories
from dongsun.twin.fast.figure import figure
from dongsun.twin.plan.twin_plan import TwinPlan

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
FIRST_DECOY = -2
"""Posters and mannequins are this and lower numbers; −1 is nobody at all."""
DOLL_M = (1.75, 0.25)
"""Height and half width of a mannequin."""
POSTER_HALF_WIDTH_SHARE = 0.15
"""Of the poster's height: the body in the picture."""


@dataclass(frozen=True)
class Presences:
    """Unbroken presences, by person, then time.

    Attributes:
        starts: int64 (n + 1,): samples `starts[k]` up to `starts[k + 1]` are presence k's.
        first_frames: int64 (n,), frame of each one's first sample.
        person_ids: int64 (n,); `FIRST_DECOY` and below where nobody is.
        bodies_m: float64 (n, 3): height, half width, height of the foot above the floor.
        x_m: float64, all samples.
        y_m: float64, all samples.
    """

    starts: I64
    first_frames: I64
    person_ids: I64
    bodies_m: F64
    x_m: F64
    y_m: F64

    @staticmethod
    def of(
        plan: TwinPlan, trajectories: Trajectories, camera_id: str, heights_m: Mapping[int, float] | None
    ) -> "Presences":
        """Those of a crowd, and the decoys that show their face to a camera."""
        walks = sorted(trajectories.walks, key=lambda walk: (walk.person_id, walk.first_frame))
        ids, firsts, bodies = [], [], []
        x: list[npt.NDArray[np.floating]] = [np.zeros(0)]
        y: list[npt.NDArray[np.floating]] = [np.zeros(0)]
        for number, (at, body) in enumerate(_decoys(plan, camera_id)):
            ids.append(FIRST_DECOY - number)
            firsts.append(0)
            bodies.append(body)
            x.append(np.full(trajectories.frames, at[0]))
            y.append(np.full(trajectories.frames, at[1]))
        for walk in walks:
            one = figure(walk.person_id, trajectories.members[walk.person_id].child)
            ids.append(walk.person_id)
            firsts.append(walk.first_frame)
            bodies.append((heights_m[walk.person_id] if heights_m else one.height_m, one.half_width_m, 0.0))
            x.append(walk.x_m)
            y.append(walk.y_m)
        return Presences(
            np.cumsum([len(part) for part in x]).astype(np.int64),
            np.array(firsts, np.int64),
            np.array(ids, np.int64),
            np.array(bodies, np.float64).reshape(-1, 3),
            np.concatenate(x).astype(np.float64),
            np.concatenate(y).astype(np.float64),
        )


def _decoys(plan: TwinPlan, camera_id: str) -> list[tuple[tuple[float, float], tuple[float, float, float]]]:
    """Where they stand, and their bodies as in `Presences.bodies_m`; posters seen from behind are left out."""
    eye_x, eye_y, _ = plan.cameras[camera_id].position_m
    found = [(doll.at, (*DOLL_M, 0.0)) for doll in plan.disturbances.mannequins]
    for poster in plan.disturbances.posters:
        facing = np.deg2rad(poster.facing_deg)
        if (eye_x - poster.at[0]) * np.cos(facing) + (eye_y - poster.at[1]) * np.sin(facing) > 0:
            body = (poster.height_m, POSTER_HALF_WIDTH_SHARE * poster.height_m, poster.bottom_m)
            found.append((poster.at, body))
    return found
