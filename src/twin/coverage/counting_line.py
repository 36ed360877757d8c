"""Whether a line on the floor can count: what a camera sees of people on either side of it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import Polygon

from dongsun.twin.coverage.crowding import hidden_by_people
from dongsun.twin.coverage.obstacles import Obstacles
from dongsun.twin.coverage.sight import STANDING_M, Eye, in_picture

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
LEAST_PERSON_PX = 25.0
"""A detector finds hardly anyone smaller."""
LEAST_RUN_M = 0.5
"""Floor that must be seen on either side: a tracker needs a few pictures of a person before and after the line."""
LEAST_PARTING = 0.1
"""Least gap, in the picture, between people half a metre before and behind the line, in person heights: a box's foot
trembles by about a twentieth of its height."""
SHARE_NEVER, SHARE_GOOD = 0.05, 0.8
_STEP_M = 0.1


@dataclass(frozen=True)
class FloorSegment:
    """A counting line on the floor, metres; `inside` names its inner side."""

    start: tuple[float, float]
    end: tuple[float, float]
    inside: tuple[float, float]


@dataclass(frozen=True)
class LineSight:
    """How well a camera can count over a line.

    Attributes:
        countable: Share of the line at which a person who can walk there can be counted; 0 where nobody can.
        losses: Reason → share of the line that it spoils (a place has one reason, the first that applies).
        height_px: Median height of a standing person on the line, where the picture has one, else 0.
        parting: Median gap across the line in the picture, in person heights.
        hidden_by_people: Mean chance that the feet are hidden by somebody else.
        score: 0 to 1, to compare lines with.
    """

    countable: float
    losses: dict[str, float]
    height_px: float
    parting: float
    hidden_by_people: float
    score: float

    @property
    def verdict(self) -> str:
        """never, partly or good."""
        if self.countable < SHARE_NEVER:
            return "never"
        return "good" if self.countable >= SHARE_GOOD else "partly"

    @property
    def reason(self) -> str:
        """What spoils most of the line; empty when nothing does."""
        return max(self.losses, key=lambda k: self.losses[k]) if self.losses else ""


REASONS = ("no_floor", "out_of_picture", "hidden", "too_small", "flat")
"""In the order in which they are tried."""


def line_sight(
    camera: Eye, obstacles: Obstacles, ground: Polygon, line: FloorSegment, people_per_m2: float
) -> LineSight:
    """Looks along a line, at places 0.1 m apart, on both its sides.

    A place counts when for half a metre on either side the floor can be walked on (`ground`: shop and pavement), lies
    in the picture with nothing before the feet, people are at least 25 px tall, and the two sides are at least a
    tenth of a person apart in the picture (measured across the line's picture).
    """
    start, end = np.array(line.start), np.array(line.end)
    way = end - start
    length = float(np.hypot(*way))
    along = way / length
    normal = np.array([-along[1], along[0]])
    if float(normal @ (np.array(line.inside) - start)) < 0:
        normal = -normal
    places = start + np.linspace(0, 1, max(3, round(length / _STEP_M) + 1))[:, None] * way
    steps = np.arange(1, round(LEAST_RUN_M / _STEP_M) + 1) * _STEP_M
    runs = [places + side * step * normal for side in (-1.0, 1.0) for step in (0.02, *steps)]
    fails = _failures(camera, obstacles, ground, runs, places)
    height = _heights(camera, places)
    parting = _parting(camera, places, along, normal, height)
    fails["too_small"] = (height > 0) & (height < LEAST_PERSON_PX)
    fails["flat"] = ~(parting >= LEAST_PARTING)
    crossed = np.asarray(shapely.contains_xy(ground, places[:, 0], places[:, 1]), np.bool_)
    if not crossed.any():
        return LineSight(0.0, {"no_floor": 1.0}, 0.0, 0.0, 0.0, 0.0)
    losses, good = {}, crossed.copy()
    for reason in REASONS:
        lost = good & fails[reason]
        good &= ~lost
        if lost.any():
            losses[reason] = float(lost.sum() / crossed.sum())
    distance = np.hypot(*(places - np.array(camera.position_m)[:2]).T)
    crowd = float(hidden_by_people(distance, camera.position_m[2], 0.0, people_per_m2).mean())
    if good.any():
        median_px, median_parting = float(np.median(height[good])), float(np.median(parting[good]))
    else:
        median_px, median_parting = float(np.median(height[crossed])), 0.0
    share = float(good.sum() / crossed.sum())
    score = share * min(1.0, median_px / 80) * min(1.0, median_parting / 0.4) * (1 - crowd)
    return LineSight(share, losses, median_px, median_parting, crowd, score)


def _failures(
    camera: Eye, obstacles: Obstacles, ground: Polygon, runs: list[Floats], places: Floats
) -> dict[str, Bools]:
    off, out, hidden = (np.zeros(len(places), np.bool_) for _ in range(3))
    for run in runs:
        feet = np.column_stack([run, np.full(len(run), 0.0)])
        off |= ~np.asarray(shapely.contains_xy(ground, run[:, 0], run[:, 1]), np.bool_)
        pictured = in_picture(camera, feet)
        out |= ~pictured
        hidden[pictured] |= ~obstacles.clear(camera.position_m, feet[pictured])
    return {"no_floor": off, "out_of_picture": out, "hidden": hidden}


def _heights(camera: Eye, places: Floats) -> Floats:
    """Height in the picture of people on the line, clipped by nothing; 0 where foot or head is behind the camera."""
    foot, before = camera.project(np.column_stack([places, np.zeros(len(places))]))
    head, above = camera.project(np.column_stack([places, np.full(len(places), STANDING_M)]))
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(before & above, np.hypot(*(head - foot).T), 0.0), np.float64)


def _parting(camera: Eye, places: Floats, along: Floats, normal: Floats, height: Floats) -> Floats:
    """Gap between half a metre before and behind, across the line's direction in the picture, in person heights."""

    def pixels(at: Floats) -> Floats:
        return camera.project(np.column_stack([at, np.zeros(len(at))]))[0]

    direction = pixels(places + 0.1 * along) - pixels(places - 0.1 * along)
    gap = pixels(places + 0.5 * normal) - pixels(places - 0.5 * normal)
    with np.errstate(invalid="ignore", divide="ignore"):
        across = np.abs(direction[:, 0] * gap[:, 1] - direction[:, 1] * gap[:, 0]) / np.hypot(*direction.T)
        return np.asarray(np.where(height > 0, across / height, np.nan), np.float64)
