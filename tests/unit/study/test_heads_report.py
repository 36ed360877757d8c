import csv
import io

import pytest

from dongsun.study.cell import Cell, CellResult, Outcome, PersonScores, no_outcome
from dongsun.study.heads.comparisons import compare, comparison_table
from dongsun.study.heads.rows import Row, absent_list, cost_table, heads_csv, people_table
from dongsun.study.run_study_heads import best_cuts

PEOPLE = 8
FIGURES = ("map", "rank1", "rank5", "minp", "eer", "tmr_at_1pct", "tmr_at_01pct")


def cell(row: str, seed: int, share: float) -> CellResult:
    metrics = {f"test_{name}": share for name in FIGURES} | {"validation_map": share, "train_s": 10.0 * seed}
    scores = PersonScores((share,) * PEOPLE, (1,) * PEOPLE)
    return CellResult(Cell(row, {}, seed), Outcome(metrics, {"test": scores}), 1.0)


def row(name: str, *shares: float) -> Row:
    shipped = CellResult(Cell(f"{name}-shipped", {}, 1), Outcome({"gmacs": 0.025, "int8_test_map": 0.1}, {}), 1.0)
    return Row(name, tuple(cell(name, seed, share) for seed, share in enumerate(shares, start=1)), shipped)


ABSENT = Row("given", (CellResult(Cell("given", {}, 0), no_outcome("no file"), 0.0),), None)


@pytest.mark.parametrize(
    ("ours", "theirs", "beyond"),
    [
        ((0.60, 0.61, 0.62), (0.50, 0.51, 0.52), True),  # every seed gains as much
        ((0.60, 0.45, 0.54), (0.50, 0.55, 0.50), False),  # seeds disagree
        ((0.50, 0.50, 0.50), (0.50, 0.50, 0.50), False),
        ((0.40, 0.41, 0.42), (0.50, 0.51, 0.52), False),
        ((0.60,), (0.50,), False),  # one seed has no spread
    ],
)
def test_above_by_more_than_chance(ours: tuple[float, ...], theirs: tuple[float, ...], beyond: bool) -> None:
    found = compare(row("a", *ours), row("b", *theirs), "test")
    assert found is not None
    assert found.interval.value == pytest.approx(sum(ours) / len(ours) - sum(theirs) / len(theirs))
    assert found.beyond_spread is beyond


def test_a_given_network_meets_every_seed() -> None:
    given = Row("given", (cell("given", 0, 0.5),), None)
    found = compare(row("a", 0.6, 0.7), given, "test")
    assert found is not None and found.interval.value == pytest.approx(0.15) and found.over_seeds.count == 2


def test_what_is_absent_is_not_compared() -> None:
    assert compare(row("a", 0.6), ABSENT, "test") is None
    assert "given" not in comparison_table([row("a", 0.6), ABSENT], "test", "a")


def test_tables_say_what_was_measured() -> None:
    rows = [row("a", 0.6, 0.62), ABSENT]
    table = people_table(rows, "test", count=4, queries=9)
    assert "| a | 61.0 ± 1.4 |" in table and "| 10.0 | 2 |" in table
    assert "| given | absent |" in table
    assert "0.025" in cost_table(rows) and "given" not in cost_table(rows)
    assert absent_list(rows, {"later": "no store"}) == "- `given`: no file\n- `later`: no store\n"
    first, second = csv.DictReader(io.StringIO(heads_csv(rows)))
    assert float(first["test_map"]) == pytest.approx(0.61) and float(first["gmacs"]) == 0.025
    assert second["absent"] == "no file" and second["test_map"] == ""


def test_some_seeds_missing_is_said() -> None:
    partly = Row("a", (cell("a", 1, 0.5), CellResult(Cell("a", {}, 2), no_outcome("time"), 0.0)), None)
    assert partly.absent is None
    assert "1 of 2 seeds" in absent_list([partly], {})


def test_the_best_cut_is_chosen_by_its_best_head() -> None:
    frozen = (
        row("frozen-P3-linear", 0.3), row("frozen-P3-gap", 0.1),
        row("frozen-P4-linear", 0.2), row("frozen-P4-gap", 0.4),
        row("frozen-P5-linear", 0.25), row("frozen-P5-gap", 0.25),
    )  # fmt: skip
    assert best_cuts(frozen, ("P3", "P4", "P5"), 2) == ("P4", "P3")
    assert best_cuts(frozen, ("P3", "P4", "P5"), 0) == ()
