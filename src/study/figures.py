"""Pictures of a study (PNG)."""

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from dongsun.contract.durable import atomic_file

COLOURS = ("#1f6f8b", "#c8553d", "#6a994e", "#8e6c8a", "#b08900", "#333333", "#4f8fc0", "#a23e48")


def new_figure(title: str, x_label: str, y_label: str) -> tuple[Figure, Axes]:
    """An empty pair of axes."""
    figure = Figure(figsize=(8.0, 5.0), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.set_title(title, fontsize=11)
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(True, alpha=0.2)
    return figure, axes


def save_figure(figure: Figure, path: Path) -> None:
    """Writes the figure, atomically."""
    with atomic_file(path) as temporary:
        figure.savefig(temporary, format="png")
