"""One drawing, set twice: for a light page and for a dark one."""

import base64
import io
import re
from collections.abc import Callable
from dataclasses import dataclass

import matplotlib
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from dongsun.eval.report.blocks import Bilingual, Picture

WIDE_INCHES = 11.0
HALF_INCHES = 6.6
_POINT_SIZE = 11
_PAGE_FONTS = "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif"
_METADATA = re.compile(r"<metadata>.*?</metadata>", re.DOTALL)


@dataclass(frozen=True)
class Palette:
    """Colours of one theme; told apart by people who see few colours (after Okabe and Ito, 2008)."""

    ink: str
    soft: str
    grid: str
    background: str
    first: str
    second: str
    good: str
    bad: str
    extra: str


LIGHT = Palette("#1b2226", "#5a666d", "#e2e5e4", "#ffffff", "#0b6e6e", "#d07a1f", "#1d7a46", "#c0392b", "#8a4fbf")
DARK = Palette("#e6ebec", "#9aa7ad", "#2d363b", "#1a2125", "#55c2b8", "#f0a35a", "#62c98d", "#f08a7d", "#c39be8")
Draw = Callable[[Figure, Palette], None]


def themed_picture(draw: Draw, *, alt: str, caption: Bilingual, height_inches: float, wide: bool = True) -> Picture:
    """Runs `draw` once a theme on an empty figure with a transparent background.

    Args:
        draw: Adds axes to the figure it is given.
        alt: What is to be seen, in words.
        caption: How to read it.
        height_inches: At a width of 11 inches (wide) or 6.6 (half), which the page scales to fit.
        wide: The picture takes the page's whole width.
    """
    size = (WIDE_INCHES if wide else HALF_INCHES, height_inches)
    light, dark = (_svg_uri(draw, palette, size) for palette in (LIGHT, DARK))
    return Picture(data_uri=light, dark_data_uri=dark, alt=alt, caption=caption, wide=wide)


def _svg_uri(draw: Draw, palette: Palette, size: tuple[float, float]) -> str:
    settings = {
        "font.size": _POINT_SIZE,
        "font.family": "DejaVu Sans",
        "svg.fonttype": "none",  # letters stay letters: the page's own fonts set them, Korean included
        "svg.hashsalt": "dongsun",
        "text.color": palette.ink,
        "text.parse_math": False,  # a line called `$x$` is a name, not a formula
        "axes.edgecolor": palette.soft,
        "axes.labelcolor": palette.soft,
        "xtick.color": palette.soft,
        "ytick.color": palette.soft,
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.color": palette.grid,
        "grid.linewidth": 0.8,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "legend.frameon": False,
    }
    with matplotlib.rc_context(settings):
        figure = Figure(figsize=size, layout="constrained")
        FigureCanvasSVG(figure)
        figure.patch.set_alpha(0.0)
        draw(figure, palette)
        for axes in figure.axes:
            axes.patch.set_alpha(0.0)
        stream = io.BytesIO()
        figure.savefig(stream, format="svg", metadata={"Date": None})
    text = _METADATA.sub("", stream.getvalue().decode("utf-8")).replace("'DejaVu Sans'", _PAGE_FONTS)
    return "data:image/svg+xml;base64," + base64.b64encode(text.encode("utf-8")).decode("ascii")
