from collections.abc import Callable
from pathlib import Path

import pytest

from dongsun.contract.errors import DongsunError
from dongsun.study.cell import Cell, CurvePoint, Outcome, PersonScores, no_outcome
from dongsun.study.cell_runner import CellRunner
from dongsun.study.cell_store import CellStore
from tests.unit.study.conftest import RememberingLog

CELLS = [Cell("row", {"k": 1}, seed) for seed in (1, 2, 3)]


class Clock:
    """Seconds that pass when told."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def runner(folder: Path, log: RememberingLog, clock: Callable[[], float], minutes: float = 1.0) -> CellRunner:
    return CellRunner(CellStore(folder, "data"), log, minutes=minutes, cells=3, clock=clock)


def by_seed(cell: Cell) -> Outcome:
    scores = PersonScores((1.0,), (1,))
    return Outcome({"map": float(cell.seed)}, {}, (CurvePoint(10 * cell.seed, 1.0, 0.5, scores),))


def test_finished_cells_are_not_worked_again(tmp_path: Path, log: RememberingLog, clock: Clock) -> None:
    first = runner(tmp_path, log, clock).run(CELLS[:2], by_seed)
    worked = []

    def work(cell: Cell) -> Outcome:
        worked.append(cell.seed)
        return by_seed(cell)

    again = runner(tmp_path, log, clock).run(CELLS, work)
    assert worked == [3]
    assert again[:2] == first
    assert [result.outcome.metrics["map"] for result in again] == [1.0, 2.0, 3.0]


def test_every_result_is_a_child_run(tmp_path: Path, log: RememberingLog, clock: Clock) -> None:
    runner(tmp_path, log, clock).run(CELLS[:1], by_seed)
    runner(tmp_path, log, clock).run(CELLS[:1], by_seed)
    assert [name for name, _ in log.children] == ["row-seed1", "row-seed1"]
    assert [params["from_an_earlier_run"] for _, params in log.children] == [False, True]
    assert log.values["curve_test_map"] == 0.5


def test_nothing_begins_after_the_time_is_up(tmp_path: Path, log: RememberingLog, clock: Clock) -> None:
    def slow(cell: Cell) -> Outcome:
        clock.now += 40.0
        return by_seed(cell)

    results = runner(tmp_path, log, clock).run(CELLS, slow)
    assert [result.outcome.absent is None for result in results] == [True, True, False]
    assert "1 minutes" in (results[2].outcome.absent or "")
    assert [result.seconds for result in results] == [40.0, 40.0, 0.0]


def test_what_is_absent_is_tried_again(tmp_path: Path, log: RememberingLog, clock: Clock) -> None:
    runner(tmp_path, log, clock).run(CELLS[:1], lambda _: no_outcome("not here"))
    assert runner(tmp_path, log, clock).run(CELLS[:1], by_seed)[0].outcome.absent is None


def test_a_failure_keeps_what_was_finished(tmp_path: Path, log: RememberingLog, clock: Clock) -> None:
    def fails(cell: Cell) -> Outcome:
        if cell.seed == 2:
            raise DongsunError(expected="weights", got="NaN", where="cell", mend="none")
        return by_seed(cell)

    with pytest.raises(DongsunError):
        runner(tmp_path, log, clock).run(CELLS, fails)
    store = CellStore(tmp_path, "data")
    assert [store.read(cell) is not None for cell in CELLS] == [True, False, False]
