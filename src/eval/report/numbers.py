"""How figures are written on the page."""

from dataclasses import dataclass

MINUS = "−"
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
    """A whole number with its sign; zero has none."""
    return f"{value:+d}".replace("-", MINUS) if value else "0"


def signed_points(value: float) -> str:
    """Points of 100 with their sign and two decimals."""
    return f"{value:+.2f}".replace("-", MINUS) if abs(value) >= _LESS_THAN_ONE_SHOWN else "±0.00"


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
    return Change(f"{signed_points(points)} points", points >= -limit_points)
