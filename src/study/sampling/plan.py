"""The cells of the sampling study."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from dongsun.data.sampling import Full, RandomShare, SamplingPolicy, Systematic
from dongsun.study.cell import Cell, Setting

Policy = Literal["full", "systematic", "random"]
Budget = Literal["epochs", "steps"]
POLICIES: tuple[Policy, ...] = ("systematic", "random")
BUDGETS: tuple[Budget, ...] = ("epochs", "steps")


@dataclass(frozen=True)
class Trial:
    """One row: a policy, a share, a budget.

    Attributes:
        policy: How pictures are chosen.
        share: Of the training pictures, in (0, 1]. `full` below 1 draws from all pictures, trained for that part of the
            time: what a part saves by its shorter training alone shows there.
        budget: `epochs`: every kept picture is shown as often as in the training on everything, so the training is
            shorter by `share`. `steps`: as many optimiser steps as there, so kept pictures are shown more often.
    """

    policy: Policy
    share: float
    budget: Budget

    @property
    def row(self) -> str:
        """Its name, such as `systematic-25-epochs`, `full` or `full-short-25`."""
        if self.policy == "full":
            return "full" if self.share == 1.0 else f"full-short-{100 * self.share:g}"
        return f"{self.policy}-{100 * self.share:g}-{self.budget}"

    @property
    def sampling(self) -> SamplingPolicy:
        """The policy itself. No stratum has a minimum, so that policies keep alike many."""
        if self.policy == "full":
            return Full()
        return Systematic(fraction=self.share) if self.policy == "systematic" else RandomShare(fraction=self.share)


FULL = Trial("full", 1.0, "epochs")
"""Everything: under both budgets the same."""


def trials(shares: Sequence[float]) -> Iterator[Trial]:
    """Everything first, then large shares before small ones."""
    yield FULL
    for share in sorted(shares, reverse=True):
        for budget in BUDGETS:
            for policy in POLICIES:
                yield Trial(policy, share, budget)
        yield as_briefly(share)


def as_briefly(share: float) -> Trial:
    """Everything, trained for as few steps as a part of this share at equal epochs."""
    return Trial("full", share, "epochs")


def cell_of(trial: Trial, seed: int, whole: str, epochs: int) -> Cell:
    """The trial's cell; `whole` is a digest of everything else that decides its outcome."""
    settings: dict[str, Setting] = {
        "policy": trial.policy,
        "share": trial.share,
        "budget": trial.budget,
        "epochs": epochs,
        "whole": whole,
    }
    return Cell(trial.row, settings, seed)
