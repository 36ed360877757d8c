"""How many people are inside the walls, once a second."""

from dataclasses import dataclass

from dongsun.twin.crowd.trajectories import Trajectories
from dongsun.twin.plan.twin_plan import TwinPlan
from dongsun.twin.truth.doors import inside_count


@dataclass(frozen=True)
class TrueOccupancy:
    """Everybody inside at a moment, and how many of them are staff."""

    time_s: int
    people: int
    staff: int


def occupancy(trajectories: Trajectories, plan: TwinPlan) -> list[TrueOccupancy]:
    """One row a second from 0 on."""
    people = inside_count(trajectories, plan)[:: trajectories.fps]
    staff = inside_count(trajectories, plan, "staff")[:: trajectories.fps]
    return [TrueOccupancy(k, p, s) for k, (p, s) in enumerate(zip(people.tolist(), staff.tolist(), strict=True))]
