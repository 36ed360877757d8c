"""One cell of a study: what is tried, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass

Setting = str | int | float | bool | None


@dataclass(frozen=True)
class Cell:
    """One training or measurement.

    Attributes:
        row: The row of the table that it belongs to; cells of one row differ in their seed alone.
        settings: Whatever decides its outcome; part of its fingerprint.
        seed: Of everything random in it.
    """

    row: str
    settings: Mapping[str, Setting]
    seed: int

    @property
    def name(self) -> str:
        """Row and seed, fit for a file's name."""
        return f"{self.row}-seed{self.seed}"


@dataclass(frozen=True)
class PersonScores:
    """How well each test person was found: enough to resample persons.

    Attributes:
        precision_sums: Sum of the average precisions of each person's queries.
        queries: Number of those queries. Persons are in the order of the judged set.
    """

    precision_sums: tuple[float, ...]
    queries: tuple[int, ...]


@dataclass(frozen=True)
class CurvePoint:
    """A moment of a training.

    Attributes:
        images_seen: Training pictures shown so far, repetitions counted.
        seconds: Of training so far, without the judging.
        mean_average_precision: On the test people.
        scores: The same, person by person.
    """

    images_seen: int
    seconds: float
    mean_average_precision: float
    scores: PersonScores


@dataclass(frozen=True)
class Outcome:
    """What a cell gave.

    Attributes:
        metrics: Name → value.
        scores: Judged set → each person's scores.
        curve: Points of a learning curve, in order; empty where none was drawn.
        absent: Why there is no result; None where there is one.
    """

    metrics: Mapping[str, float]
    scores: Mapping[str, PersonScores]
    curve: tuple[CurvePoint, ...] = ()
    absent: str | None = None


def no_outcome(reason: str) -> Outcome:
    """The outcome of a cell that could not be measured."""
    return Outcome(metrics={}, scores={}, absent=reason)


@dataclass(frozen=True)
class CellResult:
    """A cell and its outcome; `seconds` is what it took, altogether."""

    cell: Cell
    outcome: Outcome
    seconds: float
