"""What cameras are asked to count, from the simulated floor positions and never from pixels: crossings, zone visits."""

import math
from dataclasses import dataclass

from dongsun.contract.geometry import position_along
from dongsun.contract.store import CameraConfig
from dongsun.twin.camera.store_camera import StoreCamera
from dongsun.twin.crowd.trajectories import Trajectories, Walk
from dongsun.twin.truth.floor_marks import FloorLineOf, floor_line, floor_zone, within
from dongsun.twin.truth.passages import net_passages, spans

BRIDGED_GAP_S = 1.0
"""Leaving a zone for less than this does not end a visit."""
SHORTEST_VISIT_S = 1.0


@dataclass(frozen=True)
class TrueCrossing:
    """One person's crossing of one line.

    Attributes:
        camera_id: Whose line.
        line_id: Which.
        person_id: Who.
        direction: `in` or `out`.
        frame_index: The camera's first picture (0-based) beyond the line.
        time_s: When the simulation first has the person beyond the line.
        staff: Somebody who works here.
        nearest_person_m: How far the next person stood at that moment; infinite for somebody alone.
    """

    camera_id: str
    line_id: str
    person_id: int
    direction: str
    frame_index: int
    time_s: float
    staff: bool = False
    nearest_person_m: float = math.inf


@dataclass(frozen=True)
class TrueVisit:
    """One person's stay in a zone; `truncated` when the clip began or ended during it."""

    camera_id: str
    zone_id: str
    person_id: int
    enter_s: float
    exit_s: float
    truncated: bool

    @property
    def dwell_s(self) -> float:
        """How long they stayed."""
        return self.exit_s - self.enter_s


def true_crossings(
    trajectories: Trajectories, camera: StoreCamera, camera_id: str, config: CameraConfig, frame_step: int = 1
) -> list[TrueCrossing]:
    """Net crossings of the camera's lines, in order of time.

    A crossing is a net passage (`net_passages`) whose last change of side lies within the line's segment.

    Args:
        trajectories: Where everybody is.
        camera: Its geometry.
        camera_id: Its name.
        config: Its lines.
        frame_step: The camera takes every `frame_step`-th frame of the simulation.
    """
    found = []
    for line_id in config.lines:
        line = floor_line(camera, config, line_id, f"cameras.{camera_id}.lines.{line_id}")
        for walk in trajectories.walks:
            for offset, inward in _passages(walk, line):
                frame = walk.first_frame + offset
                found.append(
                    TrueCrossing(
                        camera_id=camera_id,
                        line_id=line_id,
                        person_id=walk.person_id,
                        direction="in" if inward else "out",
                        frame_index=-(-frame // frame_step),
                        time_s=frame / trajectories.fps,
                        staff=trajectories.members[walk.person_id].role == "staff",
                        nearest_person_m=_nearest(trajectories, walk, frame),
                    )
                )
    return sorted(found, key=lambda c: (c.time_s, c.line_id, c.person_id))


def true_visits(
    trajectories: Trajectories, camera: StoreCamera, camera_id: str, config: CameraConfig
) -> list[TrueVisit]:
    """Stays of at least `SHORTEST_VISIT_S` in the camera's zones, in order of entering."""
    visits = []
    fps, frames = trajectories.fps, trajectories.frames
    for zone_id in config.zones:
        polygon = floor_zone(camera, config, zone_id, f"cameras.{camera_id}.zones.{zone_id}")
        stays: dict[int, list[tuple[int, int]]] = {}
        for walk in trajectories.walks:  # in order of time
            here = [(walk.first_frame + a, walk.first_frame + b) for a, b in spans(within(walk.path_m, polygon))]
            if here:
                stays.setdefault(walk.person_id, []).extend(here)
        for person_id, spells in stays.items():
            for first, last in _bridged(spells, round(BRIDGED_GAP_S * fps)):
                if (last - first) / fps >= SHORTEST_VISIT_S:
                    truncated = first == 0 or last == frames
                    visits.append(TrueVisit(camera_id, zone_id, person_id, first / fps, last / fps, truncated))
    return sorted(visits, key=lambda v: (v.enter_s, v.zone_id, v.person_id))


def _passages(walk: Walk, line: FloorLineOf) -> list[tuple[int, bool]]:
    """(index of the first point beyond the line, whether inward) of each net passage within the segment."""
    path = walk.path_m
    passages = []
    for k, inward in net_passages(line.depth_m(path)):
        x, y = path[k - 1 : k + 1].mean(axis=0).tolist()
        if 0.0 <= position_along((x, y), line.start, line.end) <= 1.0:
            passages.append((k, inward))
    return passages


def _nearest(trajectories: Trajectories, walk: Walk, frame: int) -> float:
    own = frame - walk.first_frame
    x, y = float(walk.x_m[own]), float(walk.y_m[own])
    gaps = [math.hypot(o.x_m[k] - x, o.y_m[k] - y) for o, k in trajectories.at(frame) if o.person_id != walk.person_id]
    return min(gaps, default=math.inf)


def _bridged(spells: list[tuple[int, int]], gap: int) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for first, last in spells:
        if joined and first - joined[-1][1] < gap:
            joined[-1] = (joined[-1][0], last)
        else:
            joined.append((first, last))
    return joined
