"""How figures are written on the page."""

from dataclasses import dataclass

_LESS_THAN_ONE_SHOWN = 0.005


def score(value: float) -> str:
    """A score in [0, 1] with three decimals."""
    return f"{value:.3f}"


def percent(value: float, decimals: int = 1) -> str:
    """A share in [0, 1] as a percentage."""
    return f"{100 * value:.{decimals}f} %"


def span(interval: tuple[float, float]) -> str:
    """An interval of scores."""
    return f"{interval[0]:.3f} – {interval[1]:.3f}"


def megabytes(size_bytes: float) -> str:
    """A size in decimal megabytes."""
    return f"{size_bytes / 1e6:.2f} MB"


def signed(value: int) -> str:
    """A whole number with its sign; nothing before zero."""
    return f"{value:+d}" if value else "0"


@dataclass(frozen=True)
class Change:
    """How a score of the small form stands against the large one's.

    Attributes:
        text: In points of 100.
        harmless: Whether it loses no more than the limit.
    """

    text: str
    harmless: bool


def change_in_points(before: float, after: float, limit_points: float) -> Change:
    """The change of a score in [0, 1], in points of 100, judged by the most that may be lost."""
    points = 100 * (after - before)
    if abs(points) < _LESS_THAN_ONE_SHOWN:
        points = 0.0
    return Change(f"{points:+.2f} points" if points else "±0.00 points", points >= -limit_points)
