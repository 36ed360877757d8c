"""The crowd of a split."""

from dongsun.twin.crowd.simulate import simulate
from dongsun.twin.crowd.trajectories import Trajectories
from dongsun.twin.film.split import TwinSplit
from dongsun.twin.plan.twin_plan import TwinPlan


def split_crowd(plan: TwinPlan, split: TwinSplit) -> Trajectories:
    """Simulates a video split, whose number of people is settled (`with_people`)."""
    return simulate(
        plan,
        split.person_ids,
        seed=split.seed,
        duration_s=split.duration_s,
        warmup_s=split.warmup_s,
        starts_at=split.starts_at,
    )
