"""Counting metrics: predicted crossings against true ones."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from dongsun.contract.observations import Direction
from dongsun.eval.line_event import LineEvent, OptionalEvent

DIRECTIONS: tuple[Direction, ...] = ("in", "out")
Seconds = npt.NDArray[np.float64]
"""float64 (n,)."""
_UNLIMITED = (0.0, float("inf"))


@dataclass(frozen=True)
class EventCounts:
    """Events of one line and direction, or of several together.

    Attributes:
        true: True crossings.
        predicted: Predicted crossings that count (those taken for an optional one are left out).
        matched: Of both, one to one.
    """

    true: int
    predicted: int
    matched: int

    @property
    def precision(self) -> float:
        """Matched / predicted; without a prediction 1 where nothing was to be found, else 0."""
        return self.matched / self.predicted if self.predicted else float(self.true == 0)

    @property
    def recall(self) -> float:
        """Matched / true; without a true event 1 where nothing was predicted, else 0."""
        return self.matched / self.true if self.true else float(self.predicted == 0)

    @property
    def f1(self) -> float:
        """2 matched / (predicted + true); 1 where there is neither."""
        total = self.predicted + self.true
        return 2 * self.matched / total if total else 1.0

    @property
    def signed_error(self) -> float:
        """(predicted - true) / true: above zero counts too many. Where nothing is true, the number predicted."""
        return (self.predicted - self.true) / max(self.true, 1)

    @property
    def count_error(self) -> float:
        """|predicted - true| / true."""
        return abs(self.signed_error)

    def __add__(self, other: "EventCounts") -> "EventCounts":
        return EventCounts(self.true + other.true, self.predicted + other.predicted, self.matched + other.matched)


@dataclass(frozen=True)
class DirectionCounts:
    """One line in one direction.

    Attributes:
        line_id: Which line.
        direction: Toward its inside, or away.
        counts: Its events.
        optional_taken: Predictions that were taken for an optional crossing.
        mean_offset_s: Mean of predicted minus true time over matched events; 0 without any.
    """

    line_id: str
    direction: Direction
    counts: EventCounts
    optional_taken: int
    mean_offset_s: float


@dataclass(frozen=True)
class CountingMetrics:
    """Of one recording.

    Attributes:
        total: All lines and directions together.
        by_direction: A row for every line and direction, in the order of the lines given.
        tolerance_s: How far a prediction may lie from its true crossing.
    """

    total: EventCounts
    by_direction: tuple[DirectionCounts, ...]
    tolerance_s: float

    def line(self, line_id: str) -> EventCounts:
        """Both directions of one line together."""
        counts = EventCounts(0, 0, 0)
        for row in self.by_direction:
            if row.line_id == line_id:
                counts = counts + row.counts
        return counts


def evaluate_counts(
    predicted: Sequence[LineEvent],
    true: Sequence[LineEvent],
    line_ids: Sequence[str],
    *,
    optional: Sequence[OptionalEvent] = (),
    tolerance_s: float = 1.0,
    judged_s: tuple[float, float] = _UNLIMITED,
) -> CountingMetrics:
    """Matches predictions with true crossings, line by line and direction by direction.

    The matching is one to one and optimal: as many pairs within the tolerance as possible, and among such matchings the
    least sum of time differences. Predictions left over may then be taken for optional crossings, one each.
    Everything is matched first; then true crossings outside `judged_s` are dropped with their partners, and lonely
    predictions outside it too, so that an event near an end is judged by the truth's time.

    Args:
        predicted: What was counted.
        true: What happened.
        line_ids: Lines to judge; events of another line are an error.
        optional: Crossings that are right either way.
        tolerance_s: Greatest distance in time of a pair, inclusive.
        judged_s: Half-open range of seconds that is judged.

    Raises:
        ValueError: An event names a line that is not in `line_ids`.
    """
    named = {e.line_id for e in predicted} | {e.line_id for e in true} | {e.line_id for e in optional}
    unknown = named - set(line_ids)
    if unknown:
        raise ValueError(f"events of lines that are not judged: {sorted(unknown)}")
    rows = tuple(
        _judged_direction(
            line_id,
            direction,
            _times(predicted, line_id, direction),
            _times(true, line_id, direction),
            [e for e in optional if (e.line_id, e.direction) == (line_id, direction)],
            tolerance_s,
            judged_s,
        )
        for line_id in line_ids
        for direction in DIRECTIONS
    )
    total = EventCounts(0, 0, 0)
    for row in rows:
        total = total + row.counts
    return CountingMetrics(total, rows, tolerance_s)


def _times(events: Sequence[LineEvent], line_id: str, direction: Direction) -> Seconds:
    wanted = [event.time_s for event in events if event.line_id == line_id and event.direction == direction]
    return np.sort(np.array(wanted, dtype=np.float64))


def _judged_direction(
    line_id: str,
    direction: Direction,
    predicted_s: Seconds,
    true_s: Seconds,
    optional: Sequence[OptionalEvent],
    tolerance_s: float,
    judged_s: tuple[float, float],
) -> DirectionCounts:
    pairs = match_times(predicted_s, true_s, tolerance_s)
    used = {p for p, _ in pairs}
    lonely = [p for p in range(len(predicted_s)) if p not in used]
    taken = _take_optional(predicted_s[lonely], optional)
    unmatched_s = [predicted_s[p] for position, p in enumerate(lonely) if position not in taken]
    start_s, end_s = judged_s
    judged_pairs = [(p, t) for p, t in pairs if start_s <= true_s[t] < end_s]
    true = int(((true_s >= start_s) & (true_s < end_s)).sum())
    wrong = sum(start_s <= time_s < end_s for time_s in unmatched_s)
    offsets = [float(predicted_s[p] - true_s[t]) for p, t in judged_pairs]
    return DirectionCounts(
        line_id=line_id,
        direction=direction,
        counts=EventCounts(true=true, predicted=len(judged_pairs) + int(wrong), matched=len(judged_pairs)),
        optional_taken=len(taken),
        mean_offset_s=float(np.mean(offsets)) if offsets else 0.0,
    )


def match_times(predicted_s: Seconds, true_s: Seconds, tolerance_s: float) -> list[tuple[int, int]]:
    """Pairs (index of predicted, index of true): most pairs within the tolerance, then the least sum of differences.

    Solved as an assignment in which a pair beyond the tolerance costs more than all pairs within it together.
    """
    if not len(predicted_s) or not len(true_s):
        return []
    distance = np.abs(predicted_s[:, None] - true_s[None, :])
    allowed = distance <= tolerance_s + 1e-9
    forbidden = (min(distance.shape) + 1) * max(tolerance_s, 1e-6)
    rows, columns = linear_sum_assignment(np.where(allowed, distance, forbidden))
    return [(int(p), int(t)) for p, t in zip(rows, columns, strict=True) if allowed[p, t]]


def _take_optional(times_s: Seconds, optional: Sequence[OptionalEvent]) -> set[int]:
    """Positions of `times_s` that stand for an optional event: as many as possible, each event once."""
    if not len(times_s) or not optional:
        return set()
    fits = np.array([[event.from_s <= time_s <= event.until_s for event in optional] for time_s in times_s])
    rows, columns = linear_sum_assignment(~fits)
    return {int(p) for p, o in zip(rows, columns, strict=True) if fits[p, o]}
