"""Pictures of distributions and curves (PNG)."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from dongsun.contract.bundle import SimilarityThreshold
from dongsun.contract.durable import atomic_file
from dongsun.eval.evaluation_metrics import DetectionFigures
from dongsun.eval.open_set_curve import GalleryCurve
from dongsun.eval.pair_similarities import PairSimilarities

_GENUINE, _IMPOSTOR, _INK = "#1f6f8b", "#c8553d", "#333333"
_BINS = 80
_CURVE_POINTS = 400


def plot_distributions(pairs: PairSimilarities, threshold: SimilarityThreshold, path: Path, title: str) -> None:
    """Both distributions of similarity, the threshold, and its 95 % interval as a band."""
    figure, axes = _figure(title, "cosine similarity", "density of pairs")
    low = float(min(pairs.genuine.min(), pairs.impostor.min(), threshold.ci95[0]))
    bins = np.linspace(low, 1.0, _BINS + 1).tolist()
    for values, colour, label in (
        (pairs.impostor, _IMPOSTOR, f"different people ({len(pairs.impostor):,} pairs)"),
        (pairs.genuine, _GENUINE, f"same person ({len(pairs.genuine):,} pairs)"),
    ):
        axes.hist(values, bins=bins, density=True, color=colour, alpha=0.55, label=label)
    axes.axvspan(*threshold.ci95, color=_INK, alpha=0.15, lw=0, label="95 % interval (over persons)")
    axes.axvline(
        threshold.similarity,
        color=_INK,
        lw=1.6,
        label=f"threshold {threshold.similarity:.3f}: {threshold.false_match_rate:.2%} false, "
        f"{threshold.true_match_rate:.1%} true matches",
    )
    # Below the axes: the interval of few people is wide, and a legend inside would hide the distributions.
    figure.legend(frameon=False, loc="outside lower center", ncols=2)
    _save(figure, path)


def plot_error_tradeoff(pairs: PairSimilarities, threshold: SimilarityThreshold, path: Path, title: str) -> None:
    """The DET curve: missed same-person pairs against false matches, both logarithmic, with the threshold on it."""
    figure, axes = _figure(title, "false-match rate", "missed-match rate (1 - true-match rate)")
    candidates = np.quantile(np.concatenate([pairs.genuine, pairs.impostor]), np.linspace(0, 1, _CURVE_POINTS))
    false_match = 1.0 - np.searchsorted(np.sort(pairs.impostor), candidates, side="left") / len(pairs.impostor)
    missed = np.searchsorted(np.sort(pairs.genuine), candidates, side="left") / len(pairs.genuine)
    # A rate below one pair can't be measured; the logarithm needs a floor.
    axes.loglog(
        np.maximum(false_match, 0.5 / len(pairs.impostor)), np.maximum(missed, 0.5 / len(pairs.genuine)), color=_GENUINE
    )
    here = (max(threshold.false_match_rate, 0.5 / len(pairs.impostor)), max(1 - threshold.true_match_rate, 1e-4))
    axes.plot(*here, "o", color=_INK, label=f"threshold {threshold.similarity:.3f}")
    if threshold.false_match_ci95 is not None and threshold.true_match_ci95 is not None:
        low, high = threshold.false_match_ci95
        axes.hlines(here[1], max(low, 0.5 / len(pairs.impostor)), high, color=_INK, lw=1.2)
        low, high = (1.0 - limit for limit in reversed(threshold.true_match_ci95))
        axes.vlines(here[0], max(low, 1e-4), high, color=_INK, lw=1.2, label="95 % (over persons)")
    axes.grid(True, which="both", alpha=0.2)
    axes.legend(frameon=False)
    _save(figure, path)


def plot_shift(pairs: PairSimilarities, promised: SimilarityThreshold, path: Path, title: str) -> None:
    """New similarities as areas, those the threshold was tuned on as lines, where the bundle kept them."""
    figure, axes = _figure(title, "cosine similarity", "density of pairs")
    then = promised.histogram
    edges = np.linspace(-1.0, 1.0, _BINS + 1) if then is None else np.array(then.edges)
    for values, before, colour, label in (
        (pairs.impostor, None if then is None else then.impostor, _IMPOSTOR, "different people"),
        (pairs.genuine, None if then is None else then.genuine, _GENUINE, "same person"),
    ):
        axes.hist(values, bins=edges.tolist(), density=True, color=colour, alpha=0.4, label=f"{label}, now")
        if before is not None:
            density = np.array(before) / (sum(before) * np.diff(edges))
            axes.stairs(density, edges, color=colour, lw=1.4, label=f"{label}, when tuned")
    axes.axvspan(*promised.ci95, color=_INK, alpha=0.15, lw=0)
    axes.axvline(promised.similarity, color=_INK, lw=1.6, label=f"threshold {promised.similarity:.3f}")
    axes.set_xlim(left=min(float(pairs.impostor.min()), float(pairs.genuine.min())) - 0.05, right=1.0)
    figure.legend(frameon=False, loc="outside lower center", ncols=3)
    _save(figure, path)


def plot_gallery_sizes(curve: GalleryCurve, path: Path, title: str) -> None:
    """Misses and false identifications against the size of the gallery, logarithmic, with the store's size marked."""
    rates = curve.rates
    figure, axes = _figure(title, "visitors in the gallery", "share of people")
    at = f"at the threshold {curve.similarity:.3f}"
    axes.plot(curve.sizes, curve.miss_rates, "o-", ms=3, color=_GENUINE, label=f"in the gallery, missed {at}")
    axes.plot(curve.sizes, curve.false_positive_rates, "o-", ms=3, color=_IMPOSTOR, label=f"not in it, matched {at}")
    if rates.target_false_positive_rate is not None:
        label = f"missed, with the threshold that keeps {rates.target_false_positive_rate:.1%} matched"
        axes.plot(curve.sizes, curve.tuned_miss_rates, "--", color=_GENUINE, label=label)
        axes.axhline(rates.target_false_positive_rate, color=_IMPOSTOR, lw=0.8, ls=":")
    if rates.method == "extrapolated":
        beyond = np.geomspace(rates.measured_gallery_size, rates.gallery_size, 30)
        independent = 1.0 - (1.0 - curve.false_positive_rates[-1]) ** (beyond / rates.measured_gallery_size)
        axes.plot(beyond, independent, ":", color=_IMPOSTOR, label="if larger galleries are independent smaller ones")
    low, high = rates.false_positive_ci95
    at_most = "" if rates.method == "empirical" else "at most "
    axes.errorbar(
        rates.gallery_size,
        rates.false_positive_rate,
        yerr=[[max(0.0, rates.false_positive_rate - low)], [max(0.0, high - rates.false_positive_rate)]],
        fmt="D",
        color=_INK,
        capsize=4,
        label=f"gallery of {rates.gallery_size}, {rates.method}: {at_most}{rates.false_positive_rate:.1%} matched "
        f"({low:.1%} to {high:.1%}), {at_most}{rates.miss_rate:.1%} missed",
    )
    axes.set_xscale("log")
    ticks = sorted({1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000} & set(range(rates.gallery_size + 1)))
    axes.set_xticks(ticks, [str(tick) for tick in ticks], minor=False)
    axes.minorticks_off()
    axes.set_ylim(0, None)
    axes.grid(True, alpha=0.2)
    figure.legend(frameon=False, loc="outside lower center", ncols=1)
    _save(figure, path)


def plot_precision_recall(curves: Mapping[str, DetectionFigures], path: Path, title: str) -> None:
    """Precision over recall at IoU 0.5, a curve a detector, with a dot at the score threshold that ships."""
    figure, axes = _figure(title, "recall", "precision")
    for name, metrics in curves.items():
        recall = np.linspace(0, 1, len(metrics.precision_by_recall))
        (line,) = axes.plot(recall, metrics.precision_by_recall, label=f"{name}: mAP50 {metrics.map50:.3f}")
        axes.plot(metrics.recall, metrics.precision, "o", color=line.get_color())
    axes.set_xlim(0, 1.01)
    axes.set_ylim(0, 1.02)
    axes.grid(True, alpha=0.2)
    axes.legend(frameon=False, loc="lower left")
    _save(figure, path)


def _figure(title: str, x_label: str, y_label: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(7.2, 4.2), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.set_title(title)
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _save(figure: Figure, path: Path) -> None:
    with atomic_file(path) as temporary:
        # No time stamp or version in the file: the same numbers must give the same bytes.
        figure.savefig(temporary, dpi=110, metadata={"Software": None})
