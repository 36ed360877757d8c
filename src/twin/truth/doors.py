"""Who comes in and goes out by which door, and who is therefore inside: the books of the shop, which must balance."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import LineString, Point

from dongsun.contract.errors import DongsunError
from dongsun.twin.crowd.trajectories import Trajectories, Walk
from dongsun.twin.plan.twin_plan import TwinPlan
from dongsun.twin.truth.passages import confirmed_side, net_passages

FARTHEST_FROM_DOOR_M = 1.0
"""Positions are smoothed: the corner that somebody cuts may lie a little beside the door; farther is through a wall."""
F64 = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Entry:
    """Somebody's passage through a door of the outer wall; `frame_index` (simulation, 0-based) is the first beyond."""

    door_id: str
    person_id: int
    direction: str
    frame_index: int
    time_s: float
    staff: bool


@dataclass(frozen=True)
class DoorBook:
    """All passages, and how many were inside when the span began.

    Attributes:
        entries: In order of time.
        inside_at_start: People inside in the first frame, staff included.
        staff_inside_at_start: Those of them who are staff.
        visitors_inside: Visitors who were inside at some moment.
    """

    entries: tuple[Entry, ...]
    inside_at_start: int
    staff_inside_at_start: int
    visitors_inside: frozenset[int]

    def count(self, direction: str, *, staff: bool) -> int:
        """Passages in one direction, of staff or of visitors."""
        return sum(e.direction == direction and e.staff == staff for e in self.entries)

    def re_entries(self) -> int:
        """Entries of visitors who had left before."""
        left: set[int] = set()
        again = 0
        for entry in self.entries:
            if entry.staff:
                continue
            if entry.direction == "out":
                left.add(entry.person_id)
            else:
                again += entry.person_id in left
        return again


def wall_depth_m(plan: TwinPlan, path_m: F64) -> F64:
    """(n,) signed distance of floor points (n, 2) from the outer wall, positive inside."""
    floor = plan.floor_polygon
    shapely.prepare(floor)
    distance = shapely.distance(floor.exterior, shapely.points(path_m))
    inside = shapely.contains_xy(floor, path_m[:, 0], path_m[:, 1])
    return np.asarray(np.where(inside, distance, -distance), np.float64)


def door_book(trajectories: Trajectories, plan: TwinPlan) -> DoorBook:
    """Reads the passages off the positions; a passage counts as it does on a line (`net_passages`).

    Raises:
        DongsunError: Somebody appeared or vanished indoors, or went through a wall: the books would not balance.
    """
    entries: list[Entry] = []
    inside, staff_inside = 0, 0
    been: set[int] = set()
    for walk in trajectories.walks:
        depth = wall_depth_m(plan, walk.path_m)
        side = confirmed_side(depth)
        staff = trajectories.members[walk.person_id].role == "staff"
        _refuse_ghost(trajectories, walk, side)
        if side[0]:
            inside += 1
            staff_inside += staff
        if side.any() and not staff:
            been.add(walk.person_id)
        for k, inward in net_passages(depth):
            frame = walk.first_frame + k
            entries.append(
                Entry(
                    door_id=_door(plan, walk, k),
                    person_id=walk.person_id,
                    direction="in" if inward else "out",
                    frame_index=frame,
                    time_s=frame / trajectories.fps,
                    staff=staff,
                )
            )
    entries.sort(key=lambda e: (e.frame_index, e.door_id, e.person_id))
    return DoorBook(tuple(entries), inside, staff_inside, frozenset(been))


def inside_count(trajectories: Trajectories, plan: TwinPlan, role: str | None = None) -> npt.NDArray[np.int64]:
    """(frames,) people inside the outer walls, by positions alone (not by adding up passages); of one role, or all."""
    count = np.zeros(trajectories.frames, np.int64)
    for walk in trajectories.walks:
        if role is None or trajectories.members[walk.person_id].role == role:
            count[walk.first_frame : walk.end_frame] += confirmed_side(wall_depth_m(plan, walk.path_m))
    return count


def _refuse_ghost(trajectories: Trajectories, walk: Walk, side: npt.NDArray[np.bool_]) -> None:
    appeared, vanished = side[0] and walk.first_frame > 0, side[-1] and walk.end_frame < trajectories.frames
    if appeared or vanished:
        frame = walk.first_frame if appeared else walk.end_frame - 1
        raise DongsunError(
            expected="people who come and go by a door",
            got=f"person {walk.person_id} {'appears' if appeared else 'vanishes'} indoors in frame {frame}",
            where="the simulated crowd",
            mend="this is a fault of the crowd simulation: report the store file and the seed",
        )


def _door(plan: TwinPlan, walk: Walk, k: int) -> str:
    step = Point(walk.path_m[k - 1 : k + 1].mean(axis=0))
    gaps = {name: step.distance(LineString([door.start, door.end])) for name, door in plan.doors.items()}
    nearest = min(gaps, key=lambda name: gaps[name])
    if gaps[nearest] > FARTHEST_FROM_DOOR_M:
        raise DongsunError(
            expected="people who come and go by a door",
            got=f"person {walk.person_id} passes the wall at ({step.x:.2f}, {step.y:.2f}), "
            f"{gaps[nearest]:.2f} m from the nearest door",
            where="the simulated crowd",
            mend="this is a fault of the crowd simulation: report the store file and the seed",
        )
    return nearest
