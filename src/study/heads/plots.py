"""The heads study as pictures."""

from collections.abc import Sequence
from pathlib import Path

from dongsun.study.figures import COLOURS, new_figure, save_figure
from dongsun.study.heads.rows import Row


def plot_ranking(rows: Sequence[Row], people: str, path: Path) -> None:
    """mAP of every network with its spread over seeds, best on top; given networks have none."""
    known = [(row.name, found) for row in rows if (found := row.figure(f"{people}_map"))]
    known.sort(key=lambda pair: pair[1].mean)
    figure, axes = new_figure(f"mAP, {people.replace('_', ' ')}: mean and spread over seeds", "mAP (%)", "")
    figure.set_size_inches(8.0, 1.5 + 0.28 * len(known))
    axes.barh(
        [name for name, _ in known],
        [100 * value.mean for _, value in known],
        xerr=[100 * (value.deviation or 0.0) for _, value in known],
        color=[_colour(name) for name, _ in known],
        error_kw={"ecolor": "#333333", "capsize": 2},
    )
    axes.tick_params(axis="y", labelsize=8)
    save_figure(figure, path)


def plot_cost(rows: Sequence[Row], people: str, path: Path) -> None:
    """mAP against work: what is worth its multiply-accumulates."""
    figure, axes = new_figure(f"What the work buys, {people.replace('_', ' ')}", "GMACs a crop", "mAP (%)")
    for row in rows:
        found, gmacs = row.figure(f"{people}_map"), row.cost("gmacs")
        if found is None or gmacs is None:
            continue
        axes.errorbar(gmacs, 100 * found.mean, 100 * (found.deviation or 0.0), fmt="o", color=_colour(row.name))
        axes.annotate(row.name, (gmacs, 100 * found.mean), fontsize=6, xytext=(4, 2), textcoords="offset points")
    axes.set_xscale("log")
    save_figure(figure, path)


def _colour(name: str) -> str:
    kinds = ("finetuned", "frozen", "osnet")
    return next((COLOURS[index] for index, kind in enumerate(kinds) if name.startswith(kind)), COLOURS[5])
