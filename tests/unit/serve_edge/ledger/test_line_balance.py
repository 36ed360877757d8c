"""Who is inside by the count: never less than nobody, and wrong openly."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from dongsun.serve_edge.ledger.batch import LedgerBatch
from dongsun.serve_edge.ledger.ledger import Ledger
from dongsun.serve_edge.ledger.line_balance import LineBalance, line_balances
from tests.unit.serve_edge.ledger.test_ledger import DAY, NOON, crossing, opened


def walk(ledger: Ledger, steps: str) -> None:
    """`+` comes in, `-` goes out, one a second."""
    crossings = [
        crossing(number, NOON + timedelta(seconds=number), "in" if step == "+" else "out")
        for number, step in enumerate(steps)
    ]
    ledger.append(LedgerBatch(tuple(crossings)), NOON)


def slowly(steps: str) -> tuple[int, int]:
    """People inside one by one, and those who go out of an empty shop."""
    inside = missed = 0
    for step in steps:
        if step == "-" and not inside:
            missed += 1
        else:
            inside += 1 if step == "+" else -1
    return inside, missed


@pytest.mark.parametrize(
    ("steps", "inside", "missed"),
    [("", None, None), ("++-", 1, 0), ("+-", 0, 0), ("-", 0, 1), ("-+", 1, 1), ("+--+-", 0, 1), ("---+", 1, 3)],
)
def test_scenarios(tmp_path: Path, steps: str, inside: int | None, missed: int | None) -> None:
    with opened(tmp_path) as ledger:
        walk(ledger, steps)
        found = line_balances(ledger, DAY)
    assert found == (() if inside is None or missed is None else (LineBalance("door", inside, missed),))


def test_any_day_is_what_walking_it_one_by_one_gives(tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    for number in range(20):
        folder = tmp_path / str(number)
        folder.mkdir()
        steps = "".join(random.choice(["+", "-"], size=60, p=[0.5, 0.5]))
        with opened(folder) as ledger:
            walk(ledger, steps)
            (found,) = line_balances(ledger, DAY)
        assert (found.inside, found.never_came_in) == slowly(steps)


def test_a_new_day_begins_with_nobody(tmp_path: Path) -> None:
    with opened(tmp_path) as ledger:
        walk(ledger, "+++")
        assert line_balances(ledger, DAY + timedelta(days=1)) == ()
