"""What a threshold does to people in front of a gallery: false identifications and misses, exact over all galleries."""

import numpy as np
import numpy.typing as npt

from dongsun.eval.open_set_scores import OpenSetScores

Floats = npt.NDArray[np.float64]
_ROUNDING = 1e-9


def chance_of_none(others: int, gallery_size: int) -> Floats:
    """float64 (others + 1,): chance that a gallery drawn from `others` people holds none of k given ones, k = 0….

    The hypergeometric distribution's zero: C(others - k, gallery_size) / C(others, gallery_size).
    """
    if not 0 <= gallery_size <= others:
        raise ValueError(f"a gallery of {gallery_size} can't be drawn from {others} people")
    left = others - np.arange(others)
    return np.concatenate([[1.0], np.cumprod(np.clip(left - gallery_size, 0, None) / left)])


def false_positive_identification_rate(scores: OpenSetScores, similarity: float, gallery_size: int) -> float:
    """Share of people outside a gallery of so many who match somebody in it (FPIR, ISO/IEC 19795-1).

    The mean over every gallery that can be drawn from the other people, not over some drawn ones: a probe with k
    others at or above the threshold is free of a match in `chance_of_none(others, gallery_size)[k]` of them.
    """
    alike = (scores.others >= np.float32(similarity)).sum(axis=1)
    matched = 1.0 - chance_of_none(scores.persons - 1, gallery_size)[alike]
    return float(np.average(matched, weights=scores.weights))


def miss_rate(scores: OpenSetScores, similarity: float, gallery_size: int) -> float | None:
    """Share of people in a gallery of so many who aren't matched, or to another (FNIR); None if nobody came twice.

    A person is found where its own entry is at or above the threshold and more alike than all others; a tie with
    another is a miss.
    """
    has_mate = ~np.isnan(scores.mate)
    if not has_mate.any():
        return None
    mate = scores.mate[has_mate]
    nearer = (scores.others[has_mate] >= mate[:, None]).sum(axis=1)
    first = chance_of_none(scores.persons - 1, gallery_size - 1)[nearer]
    found = np.where(mate >= np.float32(similarity), first, 0.0)
    persons, rows = np.unique(scores.person[has_mate], return_inverse=True)
    weights = 1.0 / np.bincount(rows, minlength=len(persons))[rows]
    return float(1.0 - np.average(found, weights=weights))


def lowest_similarity_at(scores: OpenSetScores, target: float, gallery_size: int) -> float:
    """The lowest float32 similarity at which the false-positive identification rate does not exceed the target.

    In descending order of a probe's scores, the r-th is the highest in a gallery with the chance
    `chance_of_none[r - 1] - chance_of_none[r]`; the rate at t is the weight of all scores at or above t.
    """
    return RankedScores(scores, gallery_size).lowest_similarity(target)


class RankedScores:
    """Scores at or above a floor, ranked once, so that any choice of persons is judged fast.

    Args:
        scores: Probes against everybody's entry.
        gallery_size: Of the galleries.
        floor: Lower scores are left out: a threshold below it can't be found.
    """

    def __init__(self, scores: OpenSetScores, gallery_size: int, floor: float = -1.5) -> None:
        self._size = gallery_size
        self._floor = floor
        self._persons = scores.persons
        self._weights = scores.weights
        self._person_of_row = scores.person
        rows, columns = np.nonzero(scores.others >= np.float32(floor))
        values = scores.others[rows, columns]
        by_row = np.lexsort((-values, rows))
        self._row, self._column, self._value = rows[by_row], columns[by_row], values[by_row]
        self._descending = np.argsort(-self._value, kind="stable")

    def lowest_similarity(self, target: float, chosen: npt.NDArray[np.bool_] | None = None) -> float:
        """The threshold among the chosen persons (bool (persons,); None: all), probes and gallery alike.

        The floor where every score above it may match.
        """
        taken = np.ones(self._persons, bool) if chosen is None else chosen
        none = chance_of_none(int(taken.sum()) - 1, self._size)
        row_weight = np.where(taken[self._person_of_row], self._weights, 0.0)
        counted = taken[self._column] & (row_weight[self._row] > 0)
        row, value = self._row[counted], self._value[counted]
        rank = np.arange(len(row)) - np.searchsorted(row, row)
        weight = (none[rank] - none[rank + 1]) * row_weight[row] / row_weight.sum()
        # The whole order was sorted once; a choice of persons keeps it.
        place = np.cumsum(counted) - 1
        descending = self._descending[counted[self._descending]]
        descending = place[descending]
        reached = np.cumsum(weight[descending])
        refused = int(np.searchsorted(reached, target + _ROUNDING, side="right"))
        if refused == len(descending):
            return self._floor
        return float(np.nextafter(value[descending[refused]], np.float32(np.inf)))
