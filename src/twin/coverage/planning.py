"""Everything that a camera plan says of one store, worked out once."""

from dataclasses import dataclass

import numpy as np
from shapely.geometry import Polygon

from dongsun.contract.store import StoreConfig
from dongsun.twin.coverage.assessment import Assessment, assess
from dongsun.twin.coverage.counting_line import FloorSegment, LineSight, line_sight
from dongsun.twin.coverage.obstacles import Obstacles
from dongsun.twin.coverage.proposal import Proposal, Wanted, propose
from dongsun.twin.coverage.sight import Eye
from dongsun.twin.coverage.suggestion import Suggestion, suggestions
from dongsun.twin.coverage.targets import Targets
from dongsun.twin.crowd.floor import walkable_floor
from dongsun.twin.plan.twin_plan import TwinPlan


@dataclass(frozen=True)
class JudgedLine:
    """A line of the store file. `floor` and `sight` are None where it lies above the horizon, on no floor at all."""

    camera_id: str
    line_id: str
    floor: FloorSegment | None
    sight: LineSight | None

    @property
    def verdict(self) -> str:
        """never, partly or good."""
        return self.sight.verdict if self.sight else "never"

    @property
    def reason(self) -> str:
        """What spoils most of it."""
        return self.sight.reason if self.sight else "sky"


@dataclass(frozen=True)
class Option:
    """A set of cameras to buy and what the shop would then see (with the present ones where they stay)."""

    proposal: Proposal
    assessment: Assessment
    suggestions: dict[str, list[Suggestion]]


@dataclass(frozen=True)
class CameraPlan:
    """The present cameras, their lines, and two ways to do better: all anew, or keeping what hangs."""

    targets: Targets
    present: Assessment
    lines: tuple[JudgedLine, ...]
    suggestions: dict[str, list[Suggestion]]
    anew: Option
    added: Option

    @classmethod
    def of(
        cls, store: StoreConfig, plan: TwinPlan, wanted: Wanted, *, grid_m: float, people_per_m2: float
    ) -> "CameraPlan":
        """Works it all out.

        Raises:
            DongsunError: The shop is too small for the grid, or has no wall for a camera.
        """
        targets, obstacles, ground = Targets.of(store, plan, grid_m), Obstacles.of(plan), walkable_floor(plan)
        eyes: dict[str, Eye] = {camera_id: plan.camera(camera_id) for camera_id in plan.cameras}

        def option(present: dict[str, Eye] | None) -> Option:
            proposal = propose(plan, obstacles, targets, wanted, present)
            hung = plan.model_copy(update={"cameras": proposal.cameras, "lenses": {}})
            cameras = {**(present or {}), **{name: hung.camera(name) for name in proposal.cameras}}
            return Option(
                proposal,
                assess(cameras, obstacles, targets, wanted.least_height_px, people_per_m2),
                suggestions(plan, cameras, obstacles, ground, people_per_m2),
            )

        return cls(
            targets=targets,
            present=assess(eyes, obstacles, targets, wanted.least_height_px, people_per_m2),
            lines=judge_lines(store, eyes, obstacles, ground, people_per_m2),
            suggestions=suggestions(plan, eyes, obstacles, ground, people_per_m2),
            anew=option(None),
            added=option(eyes),
        )


def judge_lines(
    store: StoreConfig, eyes: dict[str, Eye], obstacles: Obstacles, ground: Polygon, people_per_m2: float
) -> tuple[JudgedLine, ...]:
    """Judges every line of the store file."""
    judged = []
    for camera_id, config in store.cameras.items():
        eye = eyes[camera_id]
        scale = np.array([eye.width_px, eye.height_px])
        for line_id, line in config.lines.items():
            floor = eye.to_floor(np.array([line.line_from, line.line_to, line.inside]) * scale)
            if np.isnan(floor).any():
                judged.append(JudgedLine(camera_id, line_id, None, None))
                continue
            start, end, inside = ((round(float(x), 3), round(float(y), 3)) for x, y in floor)
            segment = FloorSegment(start, end, inside)
            sight = line_sight(eye, obstacles, ground, segment, people_per_m2)
            judged.append(JudgedLine(camera_id, line_id, segment, sight))
    return tuple(judged)
