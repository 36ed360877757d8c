"""The sampling study as pictures."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dongsun.study.figures import COLOURS, new_figure, save_figure
from dongsun.study.sampling.plan import BUDGETS, FULL, POLICIES, Budget, Policy
from dongsun.study.sampling.saving import TrialRuns

_STYLES: dict[Policy, str] = {"systematic": "-", "random": "--", "full": ":"}


def plot_curves(runs: Sequence[TrialRuns], budget: Budget, tolerance: float, path: Path) -> None:
    """Test mAP against pictures seen, mean over seeds; systematic solid, random dashed, full dotted."""
    figure, axes = new_figure(f"Learning curves, equal {budget}", "training pictures seen", "test mAP (%)")
    shares = sorted({one.trial.share for one in runs}, reverse=True)
    for one in runs:
        if not one.cells or (one.trial != FULL and one.trial.budget != budget):
            continue
        curves = [result.outcome.curve for result in one.cells]
        seen = np.mean([[point.images_seen for point in curve] for curve in curves], axis=0)
        found = 100 * np.mean([[point.mean_average_precision for point in curve] for curve in curves], axis=0)
        colour = COLOURS[shares.index(one.trial.share) % len(COLOURS)]
        style = "-" if one.trial == FULL else _STYLES[one.trial.policy]
        axes.plot(seen, found, style, color=colour, label=one.trial.row, lw=1.4)
        if one.trial == FULL:
            axes.axhline(found[-1] - 100 * tolerance, color="#333333", lw=0.8, ls=":")
    axes.set_xscale("log")
    axes.legend(frameon=False, fontsize=7)
    save_figure(figure, path)


def plot_shares(runs: Sequence[TrialRuns], people: str, tolerance: float, path: Path) -> None:
    """Final mAP against the share kept, with the spread over seeds."""
    figure, axes = new_figure("What a part of the pictures gives", "share of the training pictures (%)", "test mAP (%)")
    for number, (policy, budget) in enumerate((policy, budget) for policy in POLICIES for budget in BUDGETS):
        chosen = [one for one in runs if (one.trial.policy, one.trial.budget) == (policy, budget)]
        found = [(one.trial.share, one.figure(f"{people}_map")) for one in chosen]
        if found:
            axes.errorbar(
                [100 * share for share, _ in found],
                [100 * value.mean for _, value in found],
                [100 * (value.deviation or 0.0) for _, value in found],
                fmt="o-" if budget == "epochs" else "s--",
                color=COLOURS[number],
                capsize=2,
                label=f"{policy}, equal {budget}",
            )
    brief = sorted((one for one in runs if one.trial.policy == "full"), key=lambda one: one.trial.share)
    if len(brief) > 1:
        level = [100 * one.figure(f"{people}_map").mean for one in brief]
        axes.plot([100 * one.trial.share for one in brief], level, ":", color="#333333", label="full, as briefly")
    for full in (one for one in runs if one.trial == FULL):
        axes.axhline(100 * full.figure(f"{people}_map").mean, color="#333333", lw=1.0, label="full")
        axes.axhline(100 * (full.figure(f"{people}_map").mean - tolerance), color="#333333", lw=0.8, ls=":")
    axes.legend(frameon=False, fontsize=8)
    save_figure(figure, path)
