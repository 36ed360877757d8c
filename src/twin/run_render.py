"""The stage `twin`: films a synthetic store, with exact truth, into the folders that ingest reads."""

import hashlib
import json
import time
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, TypeAdapter
from pydantic.dataclasses import dataclass
from tqdm import tqdm

from dongsun.contract.stage import RunLog, StageResult
from dongsun.contract.store import StoreConfig, load_store
from dongsun.twin.film.crew import Crew
from dongsun.twin.film.split import TwinSplit, refuse_shared_people, with_people
from dongsun.twin.film.studio import Studio
from dongsun.twin.people.bodies import BODIES_FILE
from dongsun.twin.plan.twin_plan import TwinPlan, twin_plan

RENDERER_VERSION = 4
"""Raise it when the same settings give other pictures: splits on disk are then made again."""


@dataclass(frozen=True)
class TwinStage:
    """Films every split of a store's twin.

    A killed run leaves `.<split>.<fingerprint>.partial/` with the segments it finished; the next goes on from there.

    Attributes:
        store: The store file, with a `twin:` section.
        output_dir: Receives one folder a split.
        splits: What to film.
        workers: Rendering processes.
        segment_s: How much of a camera's clip is filmed at a time, and lost when a run is killed.
    """

    store: Path
    output_dir: Path
    splits: tuple[TwinSplit, ...]
    workers: Annotated[int, Field(ge=1, le=64)] = 2
    segment_s: Annotated[float, Field(gt=0)] = 60.0

    def run(self, log: RunLog) -> StageResult:
        """Films the splits that are missing or out of date; the others are kept.

        Raises:
            DongsunError: The store has no twin, its lines are off the floor, or splits share people.
        """
        store = load_store(self.store)
        plan = twin_plan(store, self.store)
        splits = tuple(with_people(plan, split) for split in self.splits)
        refuse_shared_people(splits)
        wanted = {split.name: _fingerprint(store, plan, split, self.segment_s) for split in splits}
        missing = [split for split in splits if not _is_current(self.output_dir / split.name, wanted[split.name])]
        total = sum(_frames(plan, split) for split in missing)
        self.output_dir.mkdir(parents=True, exist_ok=True)
        began = time.perf_counter()
        with (
            Studio(self.workers) as studio,
            tqdm(total=total, desc="filming the twin", unit="frame", disable=None) as bar,
        ):
            for split in missing:
                Crew(store, plan, split, wanted[split.name], studio, bar).film(self.output_dir, self.segment_s)
        return self._result(log, total, time.perf_counter() - began)

    def _result(self, log: RunLog, filmed: int, seconds: float) -> StageResult:
        metrics: dict[str, float] = {"filmed_frames": float(filmed), "filming_s": seconds}
        lines = []
        for split in self.splits:
            summary = json.loads((self.output_dir / split.name / "split.json").read_text(encoding="utf-8"))
            for key in ("frames", "boxes", "crossings"):
                metrics[f"{split.name}_{key}"] = float(summary[key])
            lines.append(
                f"{split.name}: {summary['frames']} frames, {summary['people']} people, {summary['boxes']} boxes, "
                f"{summary['crossings']} crossings"
            )
        if filmed:
            metrics["frames_per_s"] = filmed / seconds
            lines.append(f"filmed {filmed} frames in {seconds:.0f} s ({filmed / seconds:.1f} a second)")
        log.metrics(metrics)
        artifacts = tuple(self.output_dir / split.name / "split.json" for split in self.splits)
        return StageResult(metrics=metrics, artifacts=artifacts, summary="\n".join(lines))


def _frames(plan: TwinPlan, split: TwinSplit) -> int:
    """Pictures of all cameras."""
    if split.kind == "stills":
        return split.frames * len(plan.cameras)
    samples = round((split.duration_s + split.warmup_s) * plan.fps) - round(split.warmup_s * plan.fps)
    return sum(-(-samples // (plan.fps // plan.fps_of(camera_id))) for camera_id in plan.cameras)


def _fingerprint(store: StoreConfig, plan: TwinPlan, split: TwinSplit, segment_s: float) -> str:
    """Changes whenever the split's files would."""
    described = {
        "renderer": RENDERER_VERSION,
        "bodies": hashlib.sha256(BODIES_FILE.read_bytes()).hexdigest(),
        "plan": plan.model_dump(mode="json", by_alias=True),
        "cameras": {name: camera.model_dump(mode="json") for name, camera in store.cameras.items()},
        "split": TypeAdapter(TwinSplit).dump_python(split, mode="json"),
        "segment_s": segment_s,
    }
    return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()


def _is_current(directory: Path, fingerprint: str) -> bool:
    described = directory / "split.json"
    if not described.is_file():
        return False
    recorded: dict[str, Any] = json.loads(described.read_text(encoding="utf-8"))
    return recorded.get("fingerprint") == fingerprint
