"""Pictures of a bench: figures by store with their intervals, and counts against the truth."""

from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from dongsun.contract.durable import atomic_file
from dongsun.eval.twin_bench.bench_results import BenchResults
from dongsun.eval.twin_bench.estimate import Estimate

_SHARES = ("event_precision", "event_recall", "hota", "idf1", "heatmap_correlation")
_ERRORS = ("count_error", "visitor_error")
_COLOURS = ("#1f6f8b", "#c8553d", "#6b8e23", "#8e6bbf", "#c79a2b", "#5b6b78", "#b05a7a")


def plot_stores(results: BenchResults, path: Path) -> None:
    """Bars of each store, shares (more is better) beside errors (less is better), with intervals over seeds."""
    figure = Figure(figsize=(11.0, 4.4), layout="constrained")
    FigureCanvasAgg(figure)
    stores = results.by_store()
    panels = zip(figure.subplots(1, 2, width_ratios=(5, 2)), (_SHARES, _ERRORS), ("more", "less"), strict=True)
    for axes, names, better in panels:
        width = 0.8 / len(stores)
        for k, (store, figures) in enumerate(stores.items()):
            found = [figures.get(name) for name in names]
            values = [0.0 if f is None else f.value for f in found]
            spread = np.array([(0.0, 0.0) if f is None else _whiskers(f) for f in found]).T
            at = np.arange(len(names)) + (k - (len(stores) - 1) / 2) * width
            axes.bar(at, values, width * 0.92, yerr=spread, capsize=3, color=_COLOURS[k % len(_COLOURS)], label=store)
        axes.set_xticks(np.arange(len(names)), [name.replace("_", "\n") for name in names])
        axes.set_title(f"{better} is better")
        axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(True, axis="y", alpha=0.2)
    figure.legend(*axes.get_legend_handles_labels(), frameon=False, loc="outside lower center", ncols=4)
    figure.suptitle(f"Counting bench, bundle {results.bundle_version}: synthetic footage, 95 % intervals over seeds")
    _save(figure, path)


def plot_counts(results: BenchResults, path: Path) -> None:
    """True against counted crossings: a dot a line and run; on the diagonal the count is right."""
    figure = Figure(figsize=(5.4, 5.2), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    most = 1
    for k, store in enumerate(results.stores):
        counts = [c for run in results.runs if run.store_id == store for cam in run.cameras for c in cam.lines.values()]
        most = max([most, *(c.true for c in counts), *(c.predicted for c in counts)])
        colour = _COLOURS[k % len(_COLOURS)]
        axes.scatter([c.true for c in counts], [c.predicted for c in counts], color=colour, alpha=0.75, label=store)
    axes.plot([0, most], [0, most], color="#333333", lw=0.8)
    axes.set_xlabel("true crossings of a line in a run")
    axes.set_ylabel("counted")
    axes.set_title(f"Bundle {results.bundle_version} (synthetic footage)")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    _save(figure, path)


def _whiskers(figure: Estimate) -> tuple[float, float]:
    """How far the interval reaches below and above the value; nothing where there is none."""
    if figure.interval is None:
        return 0.0, 0.0
    low, high = figure.interval
    return max(figure.value - low, 0.0), max(high - figure.value, 0.0)


def _save(figure: Figure, path: Path) -> None:
    with atomic_file(path) as temporary:
        # No time stamp or version in the file: the same numbers must give the same bytes.
        figure.savefig(temporary, dpi=110, metadata={"Software": None})
