"""Works through cells: finished ones are taken from disk, and nothing is begun after the time is up."""

from collections.abc import Callable, Mapping, Sequence
from time import monotonic
from types import TracebackType
from typing import Any, Self

from tqdm import tqdm

from dongsun.contract.stage import RunLog
from dongsun.study.cell import Cell, CellResult, Outcome, no_outcome
from dongsun.study.cell_store import CellStore

Work = Callable[[Cell], Outcome]


class CellRunner:
    """Runs the cells of one study, a child run each, under one progress bar.

    Args:
        store: Keeps finished cells.
        log: The study's run.
        minutes: Of wall clock; the cell at work when they end is finished.
        cells: How many are expected, for the bar.
        clock: Seconds that only rise.
    """

    def __init__(
        self, store: CellStore, log: RunLog, *, minutes: float, cells: int, clock: Callable[[], float] = monotonic
    ) -> None:
        self._store, self._log, self._minutes, self._clock = store, log, minutes, clock
        self._deadline_s = clock() + 60 * minutes
        self._bar: tqdm[Any] = tqdm(total=cells, desc="study", unit="cell", disable=None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._bar.close()

    def run(self, cells: Sequence[Cell], work: Work) -> tuple[CellResult, ...]:
        """One result a cell, in order. A cell that gave nothing (`absent`) is not kept, and is tried again next time.

        Raises:
            DongsunError: What `work` raises; the cells finished before are kept.
        """
        return tuple(self._one(cell, work) for cell in cells)

    def _one(self, cell: Cell, work: Work) -> CellResult:
        self._bar.set_postfix_str(cell.name)
        result = self._store.read(cell)
        reused = result is not None
        if result is None:
            result = self._worked(cell, work)
        if result.outcome.absent is None:
            self._report(result, reused=reused)
        self._bar.update()
        return result

    def _worked(self, cell: Cell, work: Work) -> CellResult:
        started = self._clock()
        if started >= self._deadline_s:
            reason = f"the {self._minutes:g} minutes were over; run the study again and it goes on from here"
            return CellResult(cell, no_outcome(reason), 0.0)
        result = CellResult(cell, outcome := work(cell), self._clock() - started)
        if outcome.absent is None:
            self._store.write(result)
        return result

    def _report(self, result: CellResult, *, reused: bool) -> None:
        params: Mapping[str, Any] = {**result.cell.settings, "seed": result.cell.seed, "from_an_earlier_run": reused}
        with self._log.child(result.cell.name, params) as child:
            for point in result.outcome.curve:
                child.metrics({"curve_test_map": point.mean_average_precision}, step=point.images_seen)
            child.metrics({**result.outcome.metrics, "cell_s": result.seconds})
