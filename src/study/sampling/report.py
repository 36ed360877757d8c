"""The sampling study on paper."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dongsun.contract.durable import write_text
from dongsun.study.resampling import Interval
from dongsun.study.sampling.plan import BUDGETS, FULL, Trial, as_briefly
from dongsun.study.sampling.plots import plot_curves, plot_shares
from dongsun.study.sampling.saving import Finding, TrialRuns, difference, findings
from dongsun.study.table import csv_text, markdown_table

_NEVER = "not reached"


@dataclass(frozen=True)
class SamplingReport:
    """All trials.

    Attributes:
        runs: With at least one finished cell each.
        absent: Rows without one, and why; rows with too few seeds, and how many.
        people: Name of the judged set.
        tolerance: See `SamplingGrid`.
        trained_on: A word on the crops and the judged people.
    """

    runs: tuple[TrialRuns, ...]
    absent: Mapping[str, str]
    people: str
    tolerance: float
    trained_on: str

    def write(self, folder: Path) -> tuple[Path, ...]:
        """Writes `table.csv`, `table.md` and the pictures; returns their paths."""
        folder.mkdir(parents=True, exist_ok=True)
        found = findings(self.runs, self.people, self.tolerance)
        table, text = folder / "table.csv", folder / "table.md"
        write_text(table, csv_text([self._flat(one) for one in self.runs]))
        write_text(text, self.markdown(found))
        pictures = [folder / f"curves-equal-{budget}.png" for budget in BUDGETS]
        for budget, picture in zip(BUDGETS, pictures, strict=True):
            plot_curves(self.runs, budget, self.tolerance, picture)
        plot_shares(self.runs, self.people, self.tolerance, folder / "shares.png")
        return (table, text, *pictures, folder / "shares.png")

    def markdown(self, found: Sequence[Finding]) -> str:
        """What each trial gives and costs; systematic against random; what is missing."""
        points = f"{100 * self.tolerance:g}"
        parts = [
            f"{self.trained_on}. Intervals: 95 %, resampling seeds and test people together. To target: until the mean "
            f"learning curve is within {points} points of the full set's final mAP.\n",
            f"### What each part gives and costs\n\n{self._cost_table(found)}",
            f"### Systematic less random\n\n{self._against_random()}",
            f"### A part less everything, trained for as few steps\n\n{self._against_brief()}",
        ]
        if self.absent:
            missing = "".join(f"- `{name}`: {reason}\n" for name, reason in self.absent.items())
            parts.append(f"### Absent\n\n{missing}")
        return "\n".join(parts)

    def headline(self) -> dict[str, float]:
        """Final mAP of every trial."""
        return {f"{one.trial.row}_map": one.figure(f"{self.people}_map").mean for one in self.runs}

    def summary(self) -> str:
        """A line a trial."""
        lines = [f"{one.trial.row}: mAP {one.figure(f'{self.people}_map').said(100)}" for one in self.runs]
        return "\n".join([*lines, *(f"{name}: absent, {reason}" for name, reason in self.absent.items())])

    def _cost_table(self, found: Sequence[Finding]) -> str:
        header = [
            "trial", "crops", "images seen", "training (s)", "final mAP", "less full", "images to target",
            "images saved", "time saved",
        ]  # fmt: skip
        by_row = {one.trial.row: one for one in self.runs}
        return markdown_table(header, [self._line(one, by_row[one.trial.row]) for one in found])

    def _line(self, one: Finding, runs: TrialRuns) -> list[str]:
        return [
            one.trial.row,
            runs.figure("crops").said(1, 0),
            runs.figure("images_seen").said(1, 0),
            runs.figure("train_s").said(1, 0),
            one.final.said(100),
            "" if one.trial == FULL else _points(one.less_full),
            _count(one.images_to_target),
            "" if one.trial == FULL else _share(one.images_saved),
            "" if one.trial == FULL else _share(one.seconds_saved),
        ]

    def _against_random(self) -> str:
        by_trial = {one.trial: one for one in self.runs}
        lines = []
        for one in self.runs:
            other = by_trial.get(Trial("random", one.trial.share, one.trial.budget))
            if one.trial.policy != "systematic" or other is None:
                continue
            interval = difference(one, other, self.people)
            if interval is not None:
                above = "yes" if interval.low > 0 else "no"
                lines.append([f"{100 * one.trial.share:g} %, equal {one.trial.budget}", _points(interval), above])
        return markdown_table(["share", "points of mAP", "above 0"], lines)

    def _against_brief(self) -> str:
        by_trial = {one.trial: one for one in self.runs}
        lines = []
        for one in self.runs:
            brief = by_trial.get(as_briefly(one.trial.share))
            if one.trial.policy == "full" or one.trial.budget != "epochs" or brief is None:
                continue
            interval = difference(one, brief, self.people)
            if interval is not None:
                lines.append([one.trial.row, brief.trial.row, _points(interval)])
        return markdown_table(["trial", "against", "points of mAP"], lines)

    def _flat(self, one: TrialRuns) -> dict[str, str | float]:
        flat: dict[str, str | float] = {
            "trial": one.trial.row,
            "policy": one.trial.policy,
            "share": one.trial.share,
            "budget": one.trial.budget,
            "seeds": float(len(one.cells)),
        }
        for name in one.cells[0].outcome.metrics:
            figure = one.figure(name)
            flat |= {name: figure.mean, f"{name}_sd": "" if figure.deviation is None else figure.deviation}
        return flat


def _points(interval: Interval) -> str:
    return f"{100 * interval.value:+.2f} ({100 * interval.low:+.2f} … {100 * interval.high:+.2f})"


def _count(interval: Interval) -> str:
    return f"{_finite(interval.value)} ({_finite(interval.low)} … {_finite(interval.high)})"


def _finite(value: float) -> str:
    return f"{value:,.0f}" if math.isfinite(value) else _NEVER


def _share(interval: Interval) -> str:
    said = [f"{100 * v:.0f} %" if math.isfinite(v) else _NEVER for v in (interval.value, interval.low, interval.high)]
    return f"{said[0]} ({said[1]} … {said[2]})"
