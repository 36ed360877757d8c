import numpy as np
import pytest

from dongsun.study.cell import Cell, CellResult, CurvePoint, Outcome, PersonScores
from dongsun.study.resampling import whole
from dongsun.study.sampling.plan import FULL, Trial
from dongsun.study.sampling.saving import TrialRuns, cost_to_reach, difference, findings

HALF = Trial("systematic", 0.5, "epochs")
RANDOM_HALF = Trial("random", 0.5, "epochs")
PEOPLE = 6


def even(share: float) -> PersonScores:
    return PersonScores((share * 2,) * PEOPLE, (2,) * PEOPLE)


def runs(trial: Trial, *curves: list[tuple[int, float]]) -> TrialRuns:
    """One curve a seed, of (pictures seen, mAP); a second is spent on every hundred pictures."""
    cells = []
    for seed, curve in enumerate(curves, start=1):
        points = tuple(CurvePoint(seen, seen / 100, share, even(share)) for seen, share in curve)
        final = curve[-1][1]
        outcome = Outcome({"test_map": final}, {"test": even(final)}, points)
        cells.append(CellResult(Cell(trial.row, {}, seed), outcome, 1.0))
    return TrialRuns(trial, tuple(cells))


EVERYTHING = runs(FULL, [(100, 0.3), (200, 0.597), (300, 0.6)], [(100, 0.3), (200, 0.597), (300, 0.6)])
ONCE = whole(2, PEOPLE)


@pytest.mark.parametrize(
    ("target", "images", "seconds"),
    [(0.2, 100, 1.0), (0.3, 100, 1.0), (0.595, 200, 2.0), (0.6, 300, 3.0), (0.61, float("inf"), float("inf"))],
)
def test_where_the_curve_first_is_high_enough(target: float, images: float, seconds: float) -> None:
    assert cost_to_reach(EVERYTHING, np.array([target - 1e-12]), ONCE, "images_seen") == [images]
    assert cost_to_reach(EVERYTHING, np.array([target - 1e-12]), ONCE, "seconds") == [seconds]


def test_the_mean_curve_counts_not_the_luckiest_seed() -> None:
    uneven = runs(HALF, [(50, 0.9), (100, 0.9)], [(50, 0.1), (100, 0.5)])
    assert cost_to_reach(uneven, np.array([0.6]), ONCE, "images_seen") == [100]


def test_saving_is_against_what_full_itself_needs() -> None:
    half = runs(HALF, [(50, 0.5), (100, 0.599)], [(50, 0.5), (100, 0.599)])
    full, found = findings([EVERYTHING, half], "test", 0.005)
    assert full.images_to_target.value == 200  # within half a point already after the second epoch
    assert full.images_saved.value == 0.0
    assert found.images_to_target.value == 100
    assert found.images_saved.value == pytest.approx(0.5)
    assert found.seconds_saved.value == pytest.approx(0.5)
    assert found.less_full.value == pytest.approx(-0.001)


def test_short_of_the_target_nothing_is_saved() -> None:
    worse = runs(HALF, [(50, 0.2), (100, 0.4)], [(50, 0.2), (100, 0.4)])
    found = findings([EVERYTHING, worse], "test", 0.005)[1]
    assert found.images_to_target.value == float("inf")
    assert found.images_saved.value == float("-inf")


def test_only_shared_seeds_are_compared() -> None:
    half = runs(HALF, [(50, 0.5), (100, 0.7)])
    found = findings([EVERYTHING, half], "test", 0.005)[1]
    assert found.final.count == 1
    assert found.less_full.value == pytest.approx(0.1)


def test_without_the_full_set_there_is_no_finding() -> None:
    assert findings([runs(HALF, [(50, 0.5)])], "test", 0.005) == ()


def test_systematic_less_random() -> None:
    found = difference(runs(HALF, [(50, 0.52)]), runs(RANDOM_HALF, [(50, 0.5)]), "test")
    assert found is not None and found.low == pytest.approx(0.02) and found.high == pytest.approx(0.02)
    nothing_shared = TrialRuns(RANDOM_HALF, ())
    assert difference(runs(HALF, [(50, 0.52)]), nothing_shared, "test") is None
