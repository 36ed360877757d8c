"""The stage `twin fast`: hours of visits as modelled detections and exact truth, without a picture."""

import time
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field
from pydantic.dataclasses import dataclass
from tqdm import tqdm

from dongsun.contract.durable import atomic_directory, write_json
from dongsun.contract.errors import DongsunError
from dongsun.contract.stage import RunLog, StageResult
from dongsun.contract.store import load_store
from dongsun.twin.crowd.arrivals import arrival_count
from dongsun.twin.crowd.trajectories import Trajectories
from dongsun.twin.fast.boxes import camera_boxes
from dongsun.twin.fast.detector_noise import CameraDetections, DetectorNoise
from dongsun.twin.fast.fast_crowd import fast_simulate
from dongsun.twin.people.wardrobe import describe
from dongsun.twin.plan.frozen import TimeOfDay
from dongsun.twin.plan.twin_plan import TwinPlan, twin_plan
from dongsun.twin.truth.writing import write_truth


@dataclass(frozen=True)
class FastStage:
    """Walks a day's visitors through a store and notes what modelled detectors see of them.

    Writes `<camera>.detections.npz` (arrays of `CameraDetections`), `truth/` as the other stages do, and `fast.json`.

    Attributes:
        store: The store file, with a `twin:` section.
        output_dir: Replaced whole.
        seed: Of visits and detector errors.
        first_person: Identity of the first visitor.
        hours: How long.
        starts_at: Time of day at the beginning.
        fps: Pictures a second of every camera, and positions a second; the plan's own by default.
        truth: Whether to write `truth/`; its table of positions grows with every person-frame.
    """

    store: Path
    output_dir: Path
    seed: int = 1
    first_person: Annotated[int, Field(ge=1, lt=700_000)] = 500_001
    hours: Annotated[float, Field(gt=0, le=24)] = 1.0
    starts_at: TimeOfDay = "12:00"
    fps: Annotated[int, Field(ge=1, le=60)] | None = None
    truth: bool = True

    def run(self, log: RunLog) -> StageResult:
        """Simulates the span and writes it.

        Raises:
            DongsunError: The store has no twin, can't be walked, its lines are off the floor, or nobody comes.
        """
        store = load_store(self.store)
        plan, duration_s = at_rate(twin_plan(store, self.store), self.fps), self.hours * 3600.0
        people = arrival_count(plan, seed=self.seed, duration_s=duration_s, starts_at=self.starts_at)
        if not people:
            raise DongsunError(
                expected="visitors within the span",
                got=f"none in {self.hours} h from {self.starts_at}",
                where="twin.visitors",
                mend="ask for more hours, another time of day or another seed, or raise per_hour",
            )
        ids = tuple(range(self.first_person, self.first_person + people))
        began = time.process_time()
        crowd = fast_simulate(plan, ids, seed=self.seed, duration_s=duration_s, starts_at=self.starts_at)
        simulated_s = time.process_time() - began
        heights = _heights(plan, crowd) if self.truth else None
        seen_s, boxes = 0.0, 0
        with atomic_directory(self.output_dir) as directory:
            for number, camera_id in enumerate(tqdm(plan.cameras, desc="modelled detections", disable=None)):
                began = time.process_time()
                bodies = camera_boxes(plan, crowd, camera_id, heights_m=heights)
                detections = DetectorNoise().detect(bodies, seed=self.seed * 1000 + number)
                seen_s += time.process_time() - began
                boxes += len(detections.scores)
                _save(directory / f"{camera_id}.detections.npz", detections)
            if self.truth:
                write_truth(directory / "truth", store, plan, crowd, starts_at=self.starts_at)
            visitor_hours = sum(len(walk.x_m) for walk in crowd.walks) / crowd.fps / 3600
            metrics = {
                "people": float(people),
                "visitor_hours": visitor_hours,
                "detections": float(boxes),
                "visitor_hours_a_minute": 60 * visitor_hours / (simulated_s + seen_s),
            }
            write_json(directory / "fast.json", {"seed": self.seed, "hours": self.hours, "people": people})
        log.metrics(metrics)
        summary = (
            f"{people} visitors, {visitor_hours:.1f} visitor-hours, {boxes} modelled detections by "
            f"{len(plan.cameras)} cameras; {metrics['visitor_hours_a_minute']:.0f} visitor-hours a minute"
        )
        return StageResult(metrics=metrics, artifacts=(self.output_dir / "fast.json",), summary=summary)


def at_rate(plan: TwinPlan, fps: int | None) -> TwinPlan:
    """The plan with every camera at one rate; as it is if none is asked for."""
    if fps is None:
        return plan
    cameras = {name: camera.model_copy(update={"fps": fps}) for name, camera in plan.cameras.items()}
    return plan.model_copy(update={"fps": fps, "cameras": cameras})


def _heights(plan: TwinPlan, crowd: Trajectories) -> dict[int, float]:
    """Heights of the bodies that `truth/people.csv` describes."""
    heights = {}
    for member in crowd.members.values():
        uniform = plan.staff.uniform if member.role == "staff" else None
        described = describe(member.person_id, plan.wardrobe, uniform, child=member.child)
        heights[member.person_id] = described.outfit.height_m
    return heights


def _save(path: Path, detections: CameraDetections) -> None:
    np.savez_compressed(
        path,
        fps=np.int64(detections.fps),
        size_px=np.array([detections.width_px, detections.height_px]),
        offsets=detections.offsets,
        boxes_xyxy_px=detections.boxes_xyxy_px,
        scores=detections.scores,
        person_ids=detections.person_ids,
        visibility=detections.visibility,
    )
