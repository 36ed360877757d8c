"""Light over time: lamps and daylight by the hour, flicker, and the reflection that wanders over the floor."""

import math
from dataclasses import dataclass

import numpy as np

from dongsun.twin.plan.disturbances import Flicker, Reflection
from dongsun.twin.plan.layout import Lighting
from dongsun.twin.plan.twin_plan import TwinPlan

DAY_S = 86_400
REFLECTION_WALK_M = 2.5
"""How far a reflection wanders while it lasts."""
REFLECTION_RADIUS_M = 0.9


@dataclass(frozen=True)
class Patch:
    """A soft bright spot on the floor; `strength` 1 doubles the light in its middle."""

    x_m: float
    y_m: float
    radius_m: float
    strength: float


@dataclass(frozen=True)
class Moment:
    """The light at one instant; the default leaves every pixel as the scene is built.

    Attributes:
        lamps: Level of the lamps, flicker included.
        daylight: Level of what comes from the street.
        patch: The reflection, while there is one.
    """

    lamps: float = 1.0
    daylight: float = 1.0
    patch: Patch | None = None


NEUTRAL = Moment()


def moment_at(plan: TwinPlan, starts_at: str, time_s: float) -> Moment:
    """The light `time_s` after the clip began at `starts_at` (HH:MM). It follows from the plan alone."""
    lamps, daylight = light_at(plan.lighting, starts_at, time_s)
    disturbances, patch = plan.disturbances, None
    if disturbances.flicker is not None:
        lamps *= flicker_at(disturbances.flicker, time_s)
    if disturbances.reflection is not None:
        patch = reflection_at(plan, disturbances.reflection, time_s)
    return Moment(lamps, daylight, patch)


def light_at(lighting: Lighting, starts_at: str, time_s: float) -> tuple[float, float]:
    """Levels of lamps (steps) and daylight (straight lines, round midnight) `time_s` after `starts_at`."""
    now = (seconds_of(starts_at) + time_s) % DAY_S
    steps = sorted((seconds_of(at), level) for at, level in lighting.lamps)
    lamps = next((level for at, level in reversed(steps) if at <= now), steps[-1][1]) if steps else 1.0
    curve = sorted((seconds_of(at), level) for at, level in lighting.daylight)
    times, levels = [at for at, _ in curve], [level for _, level in curve]
    daylight = float(np.interp(now, times, levels, period=DAY_S)) if curve else 1.0
    return lamps, daylight


def flicker_at(flicker: Flicker, time_s: float) -> float:
    """The factor on the lamps' light."""
    return 1.0 + flicker.depth * math.sin(2 * math.pi * flicker.frequency_hz * time_s)


def reflection_at(plan: TwinPlan, reflection: Reflection, time_s: float) -> Patch | None:
    """The patch, once every `every_s` for `lasts_s`: it drifts inward from a door, swelling and fading."""
    turn = int(time_s // reflection.every_s)
    rng = np.random.default_rng([plan.decoration_seed, 9, turn])
    lasts = min(reflection.lasts_s, reflection.every_s)
    begins = turn * reflection.every_s + float(rng.random()) * (reflection.every_s - lasts)
    share = (time_s - begins) / lasts
    if not 0 <= share <= 1:
        return None
    doors = list(plan.doors.values())
    door = doors[int(rng.integers(len(doors)))]
    x, y = (door.start[0] + door.end[0]) / 2, (door.start[1] + door.end[1]) / 2
    middle = plan.floor_polygon.representative_point()
    angle = math.atan2(middle.y - y, middle.x - x) + float(rng.uniform(-0.7, 0.7))
    reach = 0.8 + REFLECTION_WALK_M * share
    strength = reflection.strength * math.sin(math.pi * share)
    return Patch(x + reach * math.cos(angle), y + reach * math.sin(angle), REFLECTION_RADIUS_M, strength)


def seconds_of(time_of_day: str) -> int:
    """Of HH:MM since midnight."""
    hours, minutes = time_of_day.split(":")
    return int(hours) * 3600 + int(minutes) * 60
