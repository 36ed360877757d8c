"""What a part of the pictures costs to come near the full set, and what that saves."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from dongsun.study.cell import CellResult
from dongsun.study.resampling import Draw, Interval, interval_of, mean_map, weighted_map
from dongsun.study.sampling.plan import FULL, Trial
from dongsun.study.table import Spread, spread

Cost = Literal["images_seen", "seconds"]


@dataclass(frozen=True)
class TrialRuns:
    """A trial and its finished cells, one a seed."""

    trial: Trial
    cells: tuple[CellResult, ...]

    @property
    def seeds(self) -> tuple[int, ...]:
        """Which seeds were finished."""
        return tuple(result.cell.seed for result in self.cells)

    def of_seeds(self, seeds: Sequence[int]) -> "TrialRuns":
        """The cells of these seeds, in this order."""
        by_seed = {result.cell.seed: result for result in self.cells}
        return TrialRuns(self.trial, tuple(by_seed[seed] for seed in seeds))

    def figure(self, name: str) -> Spread:
        """Over seeds."""
        return spread([result.outcome.metrics[name] for result in self.cells])


@dataclass(frozen=True)
class Finding:
    """What one trial showed, beside everything (`full`).

    Attributes:
        trial: Which.
        final: mAP at the end, over seeds.
        less_full: Final mAP less full's.
        images_to_target: Pictures seen until the mean curve is within the tolerance of full's final mAP.
        seconds_to_target: Likewise, of training.
        images_saved: 1 − pictures seen to the target / full's own; −∞ where the target isn't reached.
        seconds_saved: Likewise, of training time.
    """

    trial: Trial
    final: Spread
    less_full: Interval
    images_to_target: Interval
    seconds_to_target: Interval
    images_saved: Interval
    seconds_saved: Interval


def findings(runs: Sequence[TrialRuns], people: str, tolerance: float) -> tuple[Finding, ...]:
    """One a trial that has a seed in common with full, full itself first; none where full has no finished cell."""
    full = next((one for one in runs if one.trial == FULL and one.cells), None)
    if full is None:
        return ()
    found = []
    for one in runs:
        shared = [seed for seed in full.seeds if seed in one.seeds]
        if shared:
            found.append(_finding(one.of_seeds(shared), full.of_seeds(shared), people, tolerance))
    return tuple(found)


def difference(first: TrialRuns, second: TrialRuns, people: str) -> Interval | None:
    """Final mAP of `first` less that of `second`, paired by seed and person; None where no seed is shared."""
    shared = [seed for seed in first.seeds if seed in second.seeds]
    if not shared:
        return None
    return _less(first.of_seeds(shared), second.of_seeds(shared), people)


def cost_to_reach(runs: TrialRuns, target_map: float, draw: Draw, cost: Cost) -> float:
    """Where the drawn seeds' mean curve first reaches the target, as mean cost of that point; ∞ where it never does."""
    curves = [runs.cells[seed].outcome.curve for seed in draw.seeds]
    for points in zip(*curves, strict=True):
        if np.mean([weighted_map(point.scores, draw.persons) for point in points]) >= target_map:
            return float(np.mean([getattr(point, cost) for point in points]))
    return float("inf")


def _finding(one: TrialRuns, full: TrialRuns, people: str, tolerance: float) -> Finding:
    full_scores = [result.outcome.scores[people] for result in full.cells]

    def to_target(runs: TrialRuns, draw: Draw, cost: Cost) -> float:
        return cost_to_reach(runs, mean_map(full_scores, draw) - tolerance, draw, cost)

    def saved(draw: Draw, cost: Cost) -> float:
        return 1.0 - to_target(one, draw, cost) / to_target(full, draw, cost)

    size = {"seeds": len(one.cells), "persons": len(full_scores[0].queries)}
    return Finding(
        trial=one.trial,
        final=one.figure(f"{people}_map"),
        less_full=_less(one, full, people),
        images_to_target=interval_of(lambda draw: to_target(one, draw, "images_seen"), **size),
        seconds_to_target=interval_of(lambda draw: to_target(one, draw, "seconds"), **size),
        images_saved=interval_of(lambda draw: saved(draw, "images_seen"), **size),
        seconds_saved=interval_of(lambda draw: saved(draw, "seconds"), **size),
    )


def _less(first: TrialRuns, second: TrialRuns, people: str) -> Interval:
    ours = [result.outcome.scores[people] for result in first.cells]
    theirs = [result.outcome.scores[people] for result in second.cells]
    return interval_of(
        lambda draw: mean_map(ours, draw) - mean_map(theirs, draw), seeds=len(ours), persons=len(ours[0].queries)
    )
