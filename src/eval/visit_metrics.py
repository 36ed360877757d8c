"""Zone-visit metrics: predicted stays against true ones."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment


@dataclass(frozen=True)
class Stay:
    """Somebody's stay in a zone, seconds since the first frame."""

    zone_id: str
    enter_s: float
    exit_s: float

    @property
    def dwell_s(self) -> float:
        """How long."""
        return self.exit_s - self.enter_s


@dataclass(frozen=True)
class ZoneMetrics:
    """One zone of one recording.

    Attributes:
        zone_id: Which.
        true, predicted: Stays.
        matched: Pairs, one to one, whose overlap in time is at least half of their union.
        dwell_error_s: Mean |predicted - true| dwell of matched pairs; None without any.
        true_person_s, predicted_person_s: All stays added up: what a heat map shows, whole or in pieces.
    """

    zone_id: str
    true: int
    predicted: int
    matched: int
    dwell_error_s: float | None
    true_person_s: float
    predicted_person_s: float

    @property
    def f1(self) -> float:
        """2 matched / (predicted + true); 1 where there is neither."""
        total = self.true + self.predicted
        return 2 * self.matched / total if total else 1.0


def evaluate_visits(
    predicted: Sequence[Stay], true: Sequence[Stay], zone_ids: Sequence[str], *, least_overlap: float = 0.5
) -> tuple[ZoneMetrics, ...]:
    """Matches stays zone by zone, so that the sum of overlaps (intersection over union in time) is greatest."""
    return tuple(
        _zone(
            zone_id,
            [stay for stay in predicted if stay.zone_id == zone_id],
            [stay for stay in true if stay.zone_id == zone_id],
            least_overlap,
        )
        for zone_id in zone_ids
    )


def match_stays(predicted: Sequence[Stay], true: Sequence[Stay], least_overlap: float = 0.5) -> list[tuple[Stay, Stay]]:
    """Pairs (predicted, true) of one zone, one to one: the greatest sum of overlaps of at least `least_overlap`."""
    overlap = np.array([[_overlap(p, t) for t in true] for p in predicted]).reshape(len(predicted), len(true))
    # Pairs below the limit weigh nothing, or they would push aside a pair above it.
    rows, columns = linear_sum_assignment(np.where(overlap >= least_overlap, overlap, 0.0), maximize=True)
    return [(predicted[p], true[t]) for p, t in zip(rows, columns, strict=True) if overlap[p, t] >= least_overlap]


def _zone(zone_id: str, predicted: Sequence[Stay], true: Sequence[Stay], least_overlap: float) -> ZoneMetrics:
    pairs = match_stays(predicted, true, least_overlap)
    errors = [abs(p.dwell_s - t.dwell_s) for p, t in pairs]
    return ZoneMetrics(
        zone_id=zone_id,
        true=len(true),
        predicted=len(predicted),
        matched=len(pairs),
        dwell_error_s=float(np.mean(errors)) if errors else None,
        true_person_s=float(sum(stay.dwell_s for stay in true)),
        predicted_person_s=float(sum(stay.dwell_s for stay in predicted)),
    )


def _overlap(one: Stay, other: Stay) -> float:
    both = min(one.exit_s, other.exit_s) - max(one.enter_s, other.enter_s)
    either = max(one.exit_s, other.exit_s) - min(one.enter_s, other.enter_s)
    return max(both, 0.0) / either if either > 0 else 0.0
