"""Body direction, gait and gestures from bare positions."""

import math
from array import array
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from dongsun.twin.crowd.trajectories import Walk
from dongsun.twin.people.person import Manner

TURN_RATE_RAD_S = 4.0
WALKING, STANDING, LOOKING = 0, 1, 2
Values = npt.NDArray[np.float64]


@dataclass
class Presence:
    """Samples of one person from appearing to vanishing, one a frame: position, and what they are doing there.

    Attributes:
        person_id: Who.
        number: How many presences of the person came before.
        first_frame: Frame of the first sample, of the simulation.
        x_m: Positions.
        y_m: Positions.
        facing_rad: Where they want to face, while not walking.
        doing: WALKING, STANDING or LOOKING.
    """

    person_id: int
    number: int
    first_frame: int
    x_m: "array[float]" = field(default_factory=lambda: array("d"))
    y_m: "array[float]" = field(default_factory=lambda: array("d"))
    facing_rad: "array[float]" = field(default_factory=lambda: array("f"))
    doing: "array[int]" = field(default_factory=lambda: array("b"))

    def note(self, position: tuple[float, float], facing_rad: float, doing: int) -> None:
        """Adds the next frame's sample."""
        self.x_m.append(position[0])
        self.y_m.append(position[1])
        self.facing_rad.append(facing_rad)
        self.doing.append(doing)


def walk_of(presence: Presence, manner: Manner, *, fps: int, first_frame: int, seed: int) -> Walk | None:
    """The presence as a walk, less what lies before `first_frame` (which becomes frame 0); None if nothing is left."""
    skipped = max(0, first_frame - presence.first_frame)
    if skipped >= len(presence.x_m):
        return None
    rng = np.random.default_rng([seed, 6, presence.person_id, presence.number])
    glance, reacher = rng.uniform(0, 2 * math.pi, 2), bool(rng.random() < 0.5)
    x, y = _smoothed(np.array(presence.x_m)), _smoothed(np.array(presence.y_m))
    doing, facing = np.array(presence.doing), np.array(presence.facing_rad, np.float64)
    still = doing != WALKING
    vx, vy = _velocity(x), _velocity(y)
    speed = np.hypot(vx, vy) * fps
    wanted = np.where(still, facing, np.arctan2(vy, vx))
    yaw = _turned(wanted, still | (speed > 0.15), TURN_RATE_RAD_S / fps)
    amount = np.clip(_smoothed(np.clip(speed / manner.walking_speed_m_s, 0, 1.1)), 0, 1.1)
    amount = np.where(amount < 0.05, 0.0, amount)
    step = np.hypot(vx, vy) / (manner.stride_m * (0.45 + 0.55 * np.minimum(amount, 1)))
    phase = (float(rng.random()) + np.cumsum(step)) % 1.0
    seconds = np.arange(len(x)) / fps
    reach = _smoothed(((doing == LOOKING) & reacher & (np.sin(seconds * 0.9 + glance[0]) > 0.3)).astype(float))
    head = 0.35 * np.sin(seconds * 0.55 + glance[0]) * np.sin(seconds * 0.23 + glance[1])
    columns = (x, y, yaw, phase, np.sqrt(amount), reach, head)
    return Walk(
        presence.person_id,
        max(0, presence.first_frame - first_frame),
        *(c[skipped:].astype(np.float32) for c in columns),
    )


def _velocity(place: Values) -> Values:
    return _smoothed(np.asarray(np.gradient(place), np.float64) if len(place) > 1 else 0 * place)


def _smoothed(values: Values) -> Values:
    """A five-frame weighted mean that keeps the ends."""
    padded = np.pad(values, 2, mode="edge")
    return np.asarray(np.convolve(padded, np.array([1, 2, 3, 2, 1]) / 9, mode="valid"), np.float64)


def _turned(wanted: Values, certain: npt.NDArray[np.bool_], most_rad: float) -> Values:
    """Follows the wanted direction at a bounded rate; where it is not certain (hardly moving) the body stays."""
    known = np.flatnonzero(certain)
    current = float(wanted[known[0]]) if len(known) else 0.0
    result = []
    for angle, sure in zip(wanted.tolist(), certain.tolist(), strict=True):
        if sure:
            gap = (angle - current + math.pi) % (2 * math.pi) - math.pi
            current += min(max(gap, -most_rad), most_rad)
        result.append(current)
    return np.array(result)
