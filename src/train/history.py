"""The training curve: to the run's log while it grows, to `history.csv` when it is done."""

import csv
from collections.abc import Mapping
from pathlib import Path

from dongsun.contract.stage import RunLog


class TrainingHistory:
    """Collects one mapping of figures an epoch and forwards each to the run's log."""

    def __init__(self, log: RunLog) -> None:
        self._log = log
        self._rows: list[dict[str, float]] = []

    def add(self, epoch: int, values: Mapping[str, float]) -> None:
        """Records the figures of one epoch (1-based)."""
        self._log.metrics(values, step=epoch)
        self._rows.append({"epoch": float(epoch), **values})

    @property
    def rows(self) -> tuple[Mapping[str, float], ...]:
        """Every epoch so far, in order; each with its `epoch`."""
        return tuple(self._rows)

    def write_csv(self, path: Path) -> None:
        """Writes one row an epoch; a figure that an epoch lacks is an empty cell."""
        columns = list(dict.fromkeys(name for row in self._rows for name in row))
        with path.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, fieldnames=columns or ["epoch"])
            writer.writeheader()
            for row in self._rows:
                writer.writerow({name: f"{value:.6g}" for name, value in row.items()})
