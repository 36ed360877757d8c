"""The plots of the page, each from plain numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from dongsun.eval.report.blocks import Bilingual, Picture
from dongsun.eval.report.themed_svg import Palette, themed_picture

Curve = Sequence[tuple[float, float]]


@dataclass(frozen=True)
class LineTimeline:
    """Crossings of one line in one direction, in seconds of the clip.

    Attributes:
        name: Line and direction.
        found: True crossings that were counted.
        missed: True crossings that were not.
        extra: Counted crossings that never were.
    """

    name: str
    found: tuple[float, ...]
    missed: tuple[float, ...]
    extra: tuple[float, ...]


def timeline(lanes: Sequence[LineTimeline], shown_s: tuple[float, float]) -> Picture:
    """True and counted crossings over time, a lane for every line and direction.

    Args:
        lanes: From top to bottom.
        shown_s: First and last second.
    """
    margin_s = 0.01 * (shown_s[1] - shown_s[0])

    def draw(figure: Figure, palette: Palette) -> None:
        axes = figure.subplots()
        marks = (
            ("found", "o", palette.first, "counted and true"),
            ("missed", "x", palette.bad, "missed (true, not counted)"),
            ("extra", "^", palette.second, "extra (counted, not true)"),
        )
        for kind, marker, colour, label in marks:
            points = [(at, lane) for lane, each in enumerate(lanes) for at in getattr(each, kind)]
            x, y = zip(*points, strict=True) if points else ((), ())
            axes.scatter(
                x,
                y,
                marker=marker,
                s=70,
                color=colour,
                alpha=0.8,
                label=f"{label}: {len(points)}",
                zorder=3,
                linewidths=1.8,
            )
        axes.set_yticks(range(len(lanes)), [lane.name for lane in lanes])
        axes.set_ylim(len(lanes) - 0.4, -0.6)
        axes.set_xlim(shown_s[0] - margin_s, shown_s[1] + margin_s)
        axes.set_xlabel("seconds since the first frame of the recording")
        axes.tick_params(axis="y", length=0)
        figure.legend(*axes.get_legend_handles_labels(), loc="outside upper left", ncols=3, handletextpad=0.3)

    words = "; ".join(f"{x.name}: {len(x.found)} right, {len(x.missed)} missed, {len(x.extra)} extra" for x in lanes)
    return themed_picture(
        draw,
        alt=f"Crossings over time. {words}.",
        caption=Bilingual(
            "Each mark is one person crossing a line. A dot was counted when it happened (within one second); "
            "a cross was missed; a triangle was counted though nobody crossed.",
            "표시 하나가 선을 넘은 한 사람입니다. 점은 1초 안에 맞게 센 것, ×는 놓친 것, 삼각형은 없는데 센 것입니다.",
        ),
        height_inches=1.5 + 0.45 * len(lanes),
    )


@dataclass(frozen=True)
class Distributions:
    """Pairs by similarity: `edges` (b + 1,), counts (b,) each."""

    edges: tuple[float, ...]
    same: tuple[int, ...]
    different: tuple[int, ...]


def similarity_distributions(pairs: Distributions, similarity: float, ci95: tuple[float, float], whose: str) -> Picture:
    """Both distributions with the threshold and its interval."""

    def draw(figure: Figure, palette: Palette) -> None:
        axes = figure.subplots()
        edges = np.asarray(pairs.edges)
        widths = np.diff(edges)
        for counts, colour, label in (
            (pairs.different, palette.second, "different people"),
            (pairs.same, palette.first, "same person"),
        ):
            density = np.asarray(counts) / max(sum(counts), 1) / widths
            axes.stairs(density, edges, fill=True, color=colour, alpha=0.3)
            axes.stairs(density, edges, color=colour, linewidth=1.6, label=f"{label} ({sum(counts):,} pairs)")
        axes.axvspan(*ci95, color=palette.ink, alpha=0.14, linewidth=0, label=f"95 % interval {_span(ci95)}")
        axes.axvline(similarity, color=palette.ink, linewidth=1.8, label=f"threshold {similarity:.3f}")
        used = np.flatnonzero(np.asarray(pairs.same) + np.asarray(pairs.different))
        if len(used):
            axes.set_xlim(min(edges[used[0]], ci95[0]) - 0.03, 1.0)
        axes.set_xlabel("cosine similarity of two pictures")
        axes.set_ylabel("density of pairs")
        axes.legend(loc="upper left")

    return themed_picture(
        draw,
        alt=f"Similarities of same-person and different-person pairs; threshold {similarity:.3f}.",
        caption=Bilingual(
            f"{whose}. To the right of the line two pictures count as the same person; the less the hills overlap, the "
            "better.",
            "선의 오른쪽이면 두 사진을 같은 사람으로 봅니다. 두 언덕이 덜 겹칠수록 좋습니다.",
        ),
        height_inches=4.2,
    )


def precision_recall(curves: Mapping[str, Sequence[float]]) -> Picture:
    """Precision at evenly spaced recalls in [0, 1], a curve for every form of the detector."""

    def draw(figure: Figure, palette: Palette) -> None:
        axes = figure.subplots()
        styles = _styles(palette)
        for (name, precision), (colour, dash) in zip(curves.items(), styles, strict=False):
            axes.plot(np.linspace(0, 1, len(precision)), precision, color=colour, linestyle=dash, label=name, lw=2)
        axes.set_xlim(0, 1.01)
        axes.set_ylim(0, 1.03)
        axes.set_xlabel("recall: share of people found")
        axes.set_ylabel("precision: share of finds that are people")
        axes.legend(loc="lower left")

    return themed_picture(
        draw,
        alt=f"Precision over recall at IoU 0.5 of {', '.join(curves)}.",
        caption=Bilingual(
            "Further to the upper right is better; where two curves coincide, the smaller model loses nothing.",
            "오른쪽 위로 갈수록 좋습니다. 두 곡선이 겹치면 줄인 모델이 잃은 것이 없다는 뜻입니다.",
        ),
        height_inches=4.4,
        wide=False,
    )


def grouped_bars(
    names: Sequence[str], groups: Mapping[str, Sequence[float]], *, alt: str, caption: Bilingual, wide: bool = False
) -> Picture:
    """Shares in [0, 1]: a group of bars a name, one bar a form, the figure written above it."""

    def draw(figure: Figure, palette: Palette) -> None:
        axes = figure.subplots()
        width = 0.8 / max(len(groups), 1)
        crowded = len(groups) > 2
        for place, ((label, values), (colour, _)) in enumerate(zip(groups.items(), _styles(palette), strict=False)):
            x = np.arange(len(names)) + (place - (len(groups) - 1) / 2) * width
            bars = axes.bar(x, values, width * 0.92, color=colour, label=label)
            labels = [f"{value:.3f}" for value in values]
            axes.bar_label(bars, labels, padding=3, fontsize=9, color=palette.ink, rotation=90 if crowded else 0)
        axes.set_xticks(np.arange(len(names)), list(names))
        axes.set_ylim(0, 1.22 if crowded else 1.1)
        axes.set_yticks([0, 0.2, 0.4, 0.6, 0.8, 1.0])
        axes.grid(False, axis="x")
        axes.tick_params(axis="x", length=0)
        figure.legend(*axes.get_legend_handles_labels(), loc="outside upper left", ncols=2)

    return themed_picture(draw, alt=alt, caption=caption, height_inches=3.4 if wide else 4.4, wide=wide)


def training_curves(curves: Mapping[str, Curve], *, caption: Bilingual, label: str) -> Picture:
    """Figures over epochs; those within [0, 1] that are scores to the right, losses to the left."""
    losses = {name: curve for name, curve in curves.items() if "loss" in name}
    scores = {name: curve for name, curve in curves.items() if "loss" not in name}
    panels = [(title, each) for title, each in (("loss", losses), ("score", scores)) if each]

    def draw(figure: Figure, palette: Palette) -> None:
        for axes, (title, each) in zip(np.ravel(figure.subplots(1, len(panels))), panels, strict=True):
            _plot_curves(axes, each, palette)
            axes.set_xlabel("epoch")
            axes.set_ylabel(title)

    return themed_picture(
        draw, alt=f"Training curves of the {label}: {', '.join(curves)}.", caption=caption, height_inches=3.6
    )


def _plot_curves(axes: Axes, curves: Mapping[str, Curve], palette: Palette) -> None:
    for (name, curve), (colour, dash) in zip(curves.items(), _styles(palette), strict=False):
        x, y = zip(*curve, strict=True)
        axes.plot(x, y, color=colour, linestyle=dash, marker="o", markersize=3.5, label=name, linewidth=1.8)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(fontsize=9)


@dataclass(frozen=True)
class Stratum:
    """Training images of one stratum, and how many were kept."""

    name: str
    images: int
    kept: int


def kept_per_stratum(strata: Sequence[Stratum], what: str, *, wide: bool) -> Picture:
    """Images and kept images per stratum, largest first."""
    ordered = sorted(strata, key=lambda each: (-each.images, each.name))

    def draw(figure: Figure, palette: Palette) -> None:
        axes = figure.subplots()
        x = np.arange(len(ordered))
        axes.bar(x, [each.images for each in ordered], 0.9, color=palette.grid, label="images")
        axes.bar(x, [each.kept for each in ordered], 0.9, color=palette.first, label="kept for training")
        axes.set_xlabel(f"{len(ordered)} strata ({what}), largest first")
        axes.set_ylabel("images")
        axes.set_xticks([])
        axes.grid(False, axis="x")
        axes.legend()

    kept, images = sum(each.kept for each in ordered), sum(each.images for each in ordered)
    return themed_picture(
        draw,
        alt=f"{kept} of {images} training images kept over {len(ordered)} strata ({what}).",
        caption=Bilingual(
            f"{kept:,} of {images:,} training images kept. Each bar is one stratum ({what}), its dark part what was "
            "kept: no stratum may be empty, and none should stand out.",
            f"학습 이미지 {images:,}장 중 {kept:,}장을 남겼습니다. 막대 하나가 한 층이고 짙은 부분이 남긴 것입니다. "
            "빈 층이 없고 튀는 층이 없어야 합니다.",
        ),
        height_inches=3.4,
        wide=wide,
    )


def stage_times(milliseconds: Mapping[str, float], what: str) -> Picture:
    """One stacked bar: mean milliseconds a frame, by stage of the pipeline."""

    def draw(figure: Figure, palette: Palette) -> None:
        axes = figure.subplots()
        left = 0.0
        shades = [palette.first, palette.second, palette.extra, palette.good, palette.bad, palette.soft, palette.ink]
        for place, (name, value) in enumerate(milliseconds.items()):
            colour = shades[place % len(shades)]
            axes.barh(0, value, left=left, color=colour, alpha=0.88, height=0.6, label=f"{name} {value:.1f} ms")
            left += value
        axes.set_xlim(0, left * 1.005 if left else 1)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.set_xlabel(what)
        figure.legend(*axes.get_legend_handles_labels(), loc="outside upper left", ncols=4)

    words = ", ".join(f"{name} {value:.1f} ms" for name, value in milliseconds.items())
    return themed_picture(
        draw,
        alt=f"Mean time by stage: {words}.",
        caption=Bilingual(
            "The length of each piece is the mean time that stage took; the longest is what to make faster first.",
            "각 조각의 길이는 그 단계의 평균 시간입니다. 가장 긴 조각을 먼저 빠르게 해야 합니다.",
        ),
        height_inches=2.2,
    )


def _styles(palette: Palette) -> list[tuple[str, str]]:
    colours = (palette.first, palette.second, palette.extra, palette.good, palette.bad, palette.soft)
    dashes = ("-", "--", "-.", ":", "-", "--")
    return list(zip(colours, dashes, strict=True))


def _span(interval: tuple[float, float]) -> str:
    return f"{interval[0]:.3f} to {interval[1]:.3f}"
