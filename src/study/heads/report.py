"""The heads study on paper."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dongsun.contract.durable import write_text
from dongsun.study.heads.comparisons import comparison_table
from dongsun.study.heads.plots import plot_cost, plot_ranking
from dongsun.study.heads.rows import Row, absent_list, cost_table, heads_csv, people_table
from dongsun.study.judged_people import JudgedPeople
from dongsun.study.table import Spread

_MAIN = "cross_camera"


@dataclass(frozen=True)
class HeadsReport:
    """All rows, and who was judged.

    Attributes:
        rows: In the table's order.
        judged: Sets of people.
        absent: Sets of people that could not be judged on, and why.
        trained_on: A word on the training crops.
    """

    rows: tuple[Row, ...]
    judged: tuple[JudgedPeople, ...]
    absent: Mapping[str, str]
    trained_on: str

    def champion(self) -> Row | None:
        """The trained head that finds the validation people best, on average over its seeds."""
        ours = [(row, figure.mean) for row in self.rows if (figure := _ours(row))]
        return max(ours, key=lambda pair: pair[1])[0] if ours else None

    def write(self, folder: Path) -> tuple[Path, ...]:
        """Writes `table.csv`, `table.md` and two pictures; returns their paths."""
        folder.mkdir(parents=True, exist_ok=True)
        paths = tuple(folder / name for name in ("table.csv", "table.md", "ranking.png", "cost.png"))
        write_text(paths[0], heads_csv(self.rows))
        write_text(paths[1], self.markdown())
        plot_ranking(self.rows, _MAIN, paths[2])
        plot_cost(self.rows, _MAIN, paths[3])
        return paths

    def markdown(self) -> str:
        """Tables of people found, of cost, of the best head against the others, and of what is missing."""
        parts = [
            f"Trained on {self.trained_on}. Mean ± standard deviation over seeds; figures of float32 PyTorch (given "
            "OpenVINO nets: float32 OpenVINO); INT8 columns are of the seed that found the validation people best.\n"
        ]
        for people in self.judged:
            if people.name != "validation":
                title = people.name.replace("_", "-")
                table = people_table(self.rows, people.name, count=len(people.persons), queries=len(people.records))
                parts.append(f"### {title}\n\n{table}")
                parts.append(self._compared(people.name))
        parts.append(f"### Cost\n\n{cost_table(self.rows)}")
        if missing := absent_list(self.rows, self.absent):
            parts.append(f"### Absent\n\n{missing}")
        return "\n".join(part for part in parts if part)

    def _compared(self, people: str) -> str:
        champion = self.champion()
        return "" if champion is None else comparison_table(self.rows, people, champion.name)

    def headline(self) -> dict[str, float]:
        """Row's name → mAP across cameras."""
        return {f"{row.name}_map": found.mean for row in self.rows if (found := row.figure(f"{_MAIN}_map"))}

    def summary(self) -> str:
        """A line a network, best first."""
        found = [(row, figure) for row in self.rows if (figure := row.figure(f"{_MAIN}_map"))]
        found.sort(key=lambda pair: -pair[1].mean)
        lines = [f"{row.name}: mAP {figure.said(100)}" for row, figure in found]
        missing = absent_list(self.rows, self.absent)
        return "\n".join(lines) + (f"\nabsent:\n{missing}" if missing else "")


def _ours(row: Row) -> Spread | None:
    return row.figure("validation_map") if row.name.startswith(("frozen-", "finetuned-")) else None
