"""The stage `twin truth`: a split's exact truth without its pictures, in seconds instead of hours."""

import time
from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic.dataclasses import dataclass
from tqdm import tqdm

from dongsun.contract.durable import atomic_directory
from dongsun.contract.errors import DongsunError
from dongsun.contract.stage import RunLog, StageResult
from dongsun.contract.store import load_store
from dongsun.twin.film.split import TwinSplit, refuse_shared_people, with_people
from dongsun.twin.film.visitors import split_crowd
from dongsun.twin.plan.twin_plan import twin_plan
from dongsun.twin.truth.writing import write_truth


@dataclass(frozen=True)
class TruthStage:
    """Writes `<split>/truth/` of every video split: the very tables that filming it writes.

    Attributes:
        store: The store file, with a `twin:` section.
        output_dir: Receives one folder a split; films that lie there stay.
        splits: What to simulate.
        workers: Without effect; the stage takes the same settings as the one that films.
        segment_s: As `workers`.
    """

    store: Path
    output_dir: Path
    splits: tuple[TwinSplit, ...]
    workers: Annotated[int, Field(ge=1, le=64)] = 2
    segment_s: Annotated[float, Field(gt=0)] = 60.0

    def run(self, log: RunLog) -> StageResult:
        """Simulates every split and replaces its folder `truth/` whole.

        Raises:
            DongsunError: As the stage that films; or a split of stills, which has no events.
        """
        store = load_store(self.store)
        plan = twin_plan(store, self.store)
        splits = tuple(with_people(plan, split) for split in self.splits)
        refuse_shared_people(splits)
        videos = [split for split in splits if split.kind == "video"]
        if not videos:
            raise DongsunError(
                expected="at least one split of kind video",
                got="stills only",
                where="splits",
                mend="name a video split: stills have no events",
            )
        metrics: dict[str, float] = {}
        lines, artifacts = [], []
        for split in tqdm(videos, desc="truth of the twin", unit="split", disable=None):
            began = time.perf_counter()
            trajectories = split_crowd(plan, split)
            simulated = time.perf_counter()
            with atomic_directory(self.output_dir / split.name / "truth") as directory:
                summary = write_truth(directory, store, plan, trajectories, starts_at=split.starts_at)
            written = time.perf_counter()
            metrics |= {
                f"{split.name}_unique_visitors": float(summary.unique_visitors),
                f"{split.name}_entries": float(summary.entries),
                f"{split.name}_crossings": float(summary.crossings),
                f"{split.name}_simulation_s": simulated - began,
                f"{split.name}_truth_s": written - simulated,
            }
            lines.append(
                f"{split.name}: {summary.duration_s:.0f} s, {summary.unique_visitors} visitors, {summary.entries} "
                f"entries, {summary.exits} exits, {summary.crossings} crossings, {summary.visits} zone visits"
            )
            artifacts.append(self.output_dir / split.name / "truth" / "summary.json")
        log.metrics(metrics)
        return StageResult(metrics=metrics, artifacts=tuple(artifacts), summary="\n".join(lines))
