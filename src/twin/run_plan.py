"""The stage `plan`: what a store's cameras see, the fewest that would do, and where lines can count."""

from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from dongsun.contract.durable import atomic_file, write_json, write_text
from dongsun.contract.stage import RunLog, StageResult
from dongsun.contract.store import load_store
from dongsun.twin.coverage.document import as_csv, as_markdown, document, rows
from dongsun.twin.coverage.findings import findings
from dongsun.twin.coverage.picture import picture
from dongsun.twin.coverage.planning import CameraPlan
from dongsun.twin.coverage.proposal import Wanted
from dongsun.twin.plan.twin_plan import twin_plan

_MARKS = {"good": "+", "look": "~", "bad": "!"}


@dataclass(frozen=True)
class PlanStage:
    """Plans the cameras of a store that has a `twin:` section.

    Attributes:
        store: The store file.
        output_dir: Receives `plan.json`, `plan.md`, `plan.csv` and `plan.png`.
        least_height_px: Somebody is seen when, whole and standing, they are this tall in the picture.
        wanted_coverage: Share of the walkable floor that suggested cameras must see.
        grid_m: Side of a floor cell.
        candidates_per_wall_m: Camera places tried in a metre of wall.
        people_per_m2: Density of the crowd for which people's hiding of each other is stated.
        search_limit_s: Time for each of the two searches; one cut short says how far off it may be, and only then
            may another run give another answer.
    """

    store: Path
    output_dir: Path
    least_height_px: Annotated[float, Field(gt=0)] = 60
    wanted_coverage: Annotated[float, Field(gt=0, le=1)] = 0.95
    grid_m: Annotated[float, Field(ge=0.05, le=1)] = 0.25
    candidates_per_wall_m: Annotated[float, Field(gt=0, le=4)] = 0.5
    people_per_m2: Annotated[float, Field(ge=0, le=5)] = 0.1
    search_limit_s: Annotated[float, Field(gt=0)] = 60

    def run(self, log: RunLog) -> StageResult:
        """Works the plan out and writes it.

        Raises:
            DongsunError: The store has no twin or cannot be walked in, or the grid is too coarse for it.
        """
        store = load_store(self.store)
        shop = twin_plan(store, self.store)
        wanted = Wanted(self.wanted_coverage, self.least_height_px, self.candidates_per_wall_m, self.search_limit_s)
        plan = CameraPlan.of(store, shop, wanted, grid_m=self.grid_m, people_per_m2=self.people_per_m2)
        told = findings(plan, wanted)
        table = rows(plan)
        folder = self.output_dir
        write_json(folder / "plan.json", document(plan, wanted, self.people_per_m2, told))
        write_text(folder / "plan.csv", as_csv(table))
        write_text(folder / "plan.md", as_markdown(store.id, table, told, plan))
        with atomic_file(folder / "plan.png") as temporary:
            temporary.write_bytes(picture(store.id, shop, plan, self.least_height_px))
        metrics = {
            "floor_share": plan.present.floor_share,
            "median_height_px": plan.present.median_height_px,
            "doors_seen": float(sum(share >= 0.8 for share in plan.present.doors.values())),
            "lines_never": float(sum(line.verdict == "never" for line in plan.lines)),
            "cameras_anew": float(len(plan.anew.proposal.cameras)),
            "cameras_added": float(len(plan.added.proposal.cameras)),
        }
        log.metrics(metrics)
        summary = "\n".join(f"{_MARKS[f.weight]} {f.english}\n  {f.korean}" for f in told)
        artifacts = tuple(self.output_dir / f"plan.{kind}" for kind in ("json", "md", "csv", "png"))
        return StageResult(metrics=metrics, artifacts=artifacts, summary=summary)
