"""What a part of the pictures costs to come near the full set, and what that saves."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from dongsun.study.cell import CellResult
from dongsun.study.resampling import Draws, Floats, Interval, difference_interval, interval_of, mean_map
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


def cost_to_reach(runs: TrialRuns, target_map: Floats, draws: Draws, cost: Cost) -> Floats:
    """Where the drawn seeds' mean curve first reaches the target, as mean cost of that point; ∞ where it never does.

    Args:
        runs: Their curves have equally many points.
        target_map: float64 (r,), one a draw.
        draws: r resamples.
        cost: Which cost of a point.
    """
    reached_at = np.full(len(draws.persons), np.inf)
    for points in zip(*(result.outcome.curve for result in runs.cells), strict=True):
        level = mean_map([point.scores for point in points], draws)
        here = np.array([getattr(point, cost) for point in points], dtype=np.float64)[draws.seeds].mean(axis=1)
        reached_at = np.where(np.isinf(reached_at) & (level >= target_map), here, reached_at)
    return reached_at


def _finding(one: TrialRuns, full: TrialRuns, people: str, tolerance: float) -> Finding:
    full_scores = [result.outcome.scores[people] for result in full.cells]

    def to_target(runs: TrialRuns, draws: Draws, cost: Cost) -> Floats:
        return cost_to_reach(runs, mean_map(full_scores, draws) - tolerance, draws, cost)

    def saved(draws: Draws, cost: Cost) -> Floats:
        return np.asarray(1.0 - to_target(one, draws, cost) / to_target(full, draws, cost))

    size = {"seeds": len(one.cells), "persons": len(full_scores[0].queries)}
    return Finding(
        trial=one.trial,
        final=one.figure(f"{people}_map"),
        less_full=_less(one, full, people),
        images_to_target=interval_of(lambda draws: to_target(one, draws, "images_seen"), **size),
        seconds_to_target=interval_of(lambda draws: to_target(one, draws, "seconds"), **size),
        images_saved=interval_of(lambda draws: saved(draws, "images_seen"), **size),
        seconds_saved=interval_of(lambda draws: saved(draws, "seconds"), **size),
    )


def _less(first: TrialRuns, second: TrialRuns, people: str) -> Interval:
    ours = [result.outcome.scores[people] for result in first.cells]
    theirs = [result.outcome.scores[people] for result in second.cells]
    return difference_interval(ours, theirs)
