"""The stage `twin-view`: a page on which people look at a filmed split before they trust it."""

from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass

from dongsun.contract.durable import write_text
from dongsun.contract.stage import RunLog, StageResult
from dongsun.contract.store import load_store
from dongsun.twin.plan.twin_plan import twin_plan
from dongsun.twin.view.filmed_split import read_filmed_split
from dongsun.twin.view.page import compose_page


@dataclass(frozen=True)
class ViewStage:
    """Writes one self-contained HTML page.

    Attributes:
        store: The store file.
        split_dir: A split of kind video that `dongsun twin render` wrote.
        output: The page.
        every_s: Time between the pictures shown.
        max_frames: Most pictures a camera: the page holds them all.
    """

    store: Path
    split_dir: Path
    output: Path
    every_s: Annotated[float, Field(gt=0)] = 0.5
    max_frames: Annotated[int, Field(ge=1, le=2000)] = 150

    def run(self, log: RunLog) -> StageResult:
        """Writes the page atomically.

        Raises:
            DongsunError: The store has no twin, or the split is not of it or not filmed.
        """
        store = load_store(self.store)
        plan = twin_plan(store, self.store)
        split = read_filmed_split(self.split_dir, plan, every_s=self.every_s, max_frames=self.max_frames)
        write_text(self.output, compose_page(store, plan, split, name=self.split_dir.name))
        metrics = {"moments": float(len(split.times_s)), "events": float(len(split.events))}
        log.metrics(metrics)
        size_mb = self.output.stat().st_size / 1e6
        summary = f"{self.output}: {len(split.times_s)} moments, {len(split.cameras)} cameras, {size_mb:.1f} MB"
        return StageResult(metrics=metrics, artifacts=(self.output,), summary=summary)
