"""The rows of the heads study's table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dongsun.study.cell import CellResult
from dongsun.study.table import Spread, csv_text, markdown_table, spread

_RETRIEVAL = (("map", "mAP"), ("rank1", "R1"), ("rank5", "R5"), ("minp", "mINP"), ("eer", "EER"))
_VERIFICATION = (("tmr_at_1pct", "TMR at 1 %"), ("tmr_at_01pct", "TMR at 0.1 %"))


@dataclass(frozen=True)
class Row:
    """One network: its cells over seeds, and the cell that shipped it.

    Attributes:
        name: Of the row.
        cells: One a seed; a given network has one.
        shipped: Its cost and its INT8 figures; None where it was never tried.
    """

    name: str
    cells: tuple[CellResult, ...]
    shipped: CellResult | None

    @property
    def done(self) -> tuple[CellResult, ...]:
        """The finished cells."""
        return tuple(cell for cell in self.cells if cell.outcome.absent is None)

    @property
    def absent(self) -> str | None:
        """Why there is nothing to say; None where at least one cell was finished."""
        return None if self.done else next((cell.outcome.absent for cell in self.cells), "no cell")

    def figure(self, name: str) -> Spread | None:
        """Over the seeds; None where no finished cell has it."""
        values = [cell.outcome.metrics[name] for cell in self.done if name in cell.outcome.metrics]
        return spread(values) if values else None

    def cost(self, name: str) -> float | None:
        """Of the shipped network."""
        return None if self.shipped is None else self.shipped.outcome.metrics.get(name)


def heads_csv(rows: Sequence[Row]) -> str:
    """Every figure of every row: mean, standard deviation and number of seeds; the shipped one's beside."""
    return csv_text([_flat(row) for row in rows])


def people_table(rows: Sequence[Row], people: str, *, count: int, queries: int) -> str:
    """Markdown: how well each network finds the people of one judged set; shares in per cent."""
    columns = [*_RETRIEVAL, *_VERIFICATION]
    header = ["network", *(title for _, title in columns), "mAP as INT8", "seeds"]
    lines = [_people_line(row, people, [key for key, _ in columns]) for row in rows]
    return f"{count} people, {queries} pictures, per cent\n\n{markdown_table(header, lines)}"


def cost_table(rows: Sequence[Row]) -> str:
    """Markdown: what each network costs."""
    header = [
        "network", "parameters (M)", "GMACs", "ms a crop, INT8, batch 1", "batch 8", "FP32, batch 1", "batch 8",
        "training (s)",
    ]  # fmt: skip
    return markdown_table(header, [_cost_line(row) for row in rows if row.absent is None])


def absent_list(rows: Sequence[Row], others: Mapping[str, str]) -> str:
    """Markdown: what is not in the tables, and why; empty where nothing is missing."""
    missing = {row.name: row.absent for row in rows if row.absent is not None} | dict(others)
    short = {
        row.name: f"{len(row.done)} of {len(row.cells)} seeds" for row in rows if 0 < len(row.done) < len(row.cells)
    }
    return "".join(f"- `{name}`: {reason}\n" for name, reason in {**missing, **short}.items())


def _flat(row: Row) -> dict[str, str | float]:
    flat: dict[str, str | float] = {"network": row.name, "seeds": float(len(row.done)), "absent": row.absent or ""}
    names = dict.fromkeys(name for cell in row.done for name in cell.outcome.metrics)
    for name in names:
        figure = row.figure(name)
        if figure is not None:
            flat[name] = figure.mean
            flat[f"{name}_sd"] = "" if figure.deviation is None else figure.deviation
    if row.shipped is not None:
        flat |= {name: value for name, value in row.shipped.outcome.metrics.items() if name not in names}
    return flat


def _people_line(row: Row, people: str, keys: Sequence[str]) -> list[str]:
    if row.absent is not None:
        return [row.name, *["absent"] * (len(keys) + 1), "0"]
    figures = [row.figure(f"{people}_{key}") for key in keys]
    int8 = row.cost(f"int8_{people}_map")
    said = [figure.said(100) if figure else "" for figure in figures]
    return [row.name, *said, "" if int8 is None else f"{100 * int8:.1f}", str(len(row.done))]


def _cost_line(row: Row) -> list[str]:
    trained = row.figure("train_s")
    return [
        row.name,
        _said(row.cost("parameters"), 1e-6, 2),
        _said(row.cost("gmacs"), 1.0, 3),
        _said(row.cost("int8_ms_batch1"), 1.0, 2),
        _said(row.cost("int8_ms_batch8"), 1.0, 2),
        _said(row.cost("fp32_ms_batch1"), 1.0, 2),
        _said(row.cost("fp32_ms_batch8"), 1.0, 2),
        "" if trained is None else trained.said(1.0, 0),
    ]


def _said(value: float | None, scale: float, digits: int) -> str:
    return "" if value is None else f"{scale * value:.{digits}f}"
