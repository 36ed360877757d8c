"""The stage `twin`: films a synthetic store, with exact truth, into the folders that ingest reads."""

import csv
import hashlib
import io
import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field
from pydantic.dataclasses import dataclass
from tqdm import tqdm

from dongsun.contract.durable import atomic_directory, write_json, write_text
from dongsun.contract.stage import RunLog, StageResult
from dongsun.contract.store import StoreConfig, load_store
from dongsun.twin.crowd.simulate import simulate
from dongsun.twin.crowd.trajectories import Trajectories
from dongsun.twin.film.split import TwinSplit, refuse_shared_people
from dongsun.twin.film.stills import shoot, views
from dongsun.twin.film.studio import Studio, film, takes
from dongsun.twin.film.video import h264_clip
from dongsun.twin.people.bodies import BODIES_FILE
from dongsun.twin.people.wardrobe import dress
from dongsun.twin.plan.twin_plan import TwinPlan, twin_plan
from dongsun.twin.truth.events import true_crossings, true_visits
from dongsun.twin.truth.mot import MotFiles

RENDERER_VERSION = 3
"""Raise it when the same settings give other pictures: splits on disk are then made again."""


@dataclass(frozen=True)
class TwinStage:
    """Films every split of a store's twin.

    Attributes:
        store: The store file, with a `twin:` section.
        output_dir: Receives one folder a split.
        splits: What to film.
        workers: Rendering processes.
    """

    store: Path
    output_dir: Path
    splits: tuple[TwinSplit, ...]
    workers: Annotated[int, Field(ge=1, le=64)] = 2

    def run(self, log: RunLog) -> StageResult:
        """Films the splits that are missing or out of date; the others are kept.

        Raises:
            DongsunError: The store has no twin, its lines are off the floor, or splits share people.
        """
        store = load_store(self.store)
        plan = twin_plan(store, self.store)
        refuse_shared_people(self.splits)
        wanted = {split.name: _fingerprint(store, plan, split) for split in self.splits}
        missing = [split for split in self.splits if not _is_current(self.output_dir / split.name, wanted[split.name])]
        total = sum(_frames(plan, split) * len(plan.cameras) for split in missing)
        began = time.perf_counter()
        with (
            Studio(self.workers) as studio,
            tqdm(total=total, desc="filming the twin", unit="frame", disable=None) as bar,
        ):
            for split in missing:
                with atomic_directory(self.output_dir / split.name) as directory:
                    crew = _Crew(store, plan, split, directory, studio, bar)
                    summary = crew.film_stills() if split.kind == "stills" else crew.film_videos()
                    write_json(directory / "split.json", {"fingerprint": wanted[split.name], **summary})
        seconds = time.perf_counter() - began
        return self._result(log, total, seconds)

    def _result(self, log: RunLog, filmed: int, seconds: float) -> StageResult:
        metrics: dict[str, float] = {"filmed_frames": float(filmed), "filming_s": seconds}
        lines = []
        for split in self.splits:
            summary = json.loads((self.output_dir / split.name / "split.json").read_text(encoding="utf-8"))
            for key in ("frames", "boxes", "crossings"):
                metrics[f"{split.name}_{key}"] = float(summary[key])
            lines.append(
                f"{split.name}: {summary['frames']} frames, {split.people} people, {summary['boxes']} boxes, "
                f"{summary['crossings']} crossings"
            )
        if filmed:
            metrics["frames_per_s"] = filmed / seconds
            lines.append(f"filmed {filmed} frames in {seconds:.0f} s ({filmed / seconds:.1f} a second)")
        log.metrics(metrics)
        artifacts = tuple(self.output_dir / split.name / "split.json" for split in self.splits)
        return StageResult(metrics=metrics, artifacts=artifacts, summary="\n".join(lines))


@dataclass(frozen=True, config={"arbitrary_types_allowed": True})
class _Crew:
    """Films one split into one directory."""

    store: StoreConfig
    plan: TwinPlan
    split: TwinSplit
    directory: Path
    studio: Studio
    progress: Any

    def film_videos(self) -> dict[str, Any]:
        """Simulates the crowd once and films it with every camera."""
        split, plan = self.split, self.plan
        trajectories = simulate(
            plan, split.person_ids, seed=split.seed, duration_s=split.duration_s, warmup_s=split.warmup_s
        )
        crossings = self._write_truth(trajectories)
        boxes = 0
        for camera_id in plan.cameras:
            boxes += self._film_camera(camera_id, trajectories)
        return {
            "kind": "video",
            "frames": trajectories.frames * len(plan.cameras),
            "fps": plan.fps,
            "people": split.people,
            "boxes": boxes,
            "crossings": crossings,
        }

    def film_stills(self) -> dict[str, Any]:
        """Scatters people before ever other cameras."""
        boxes = 0
        for index, camera_id in enumerate(self.plan.cameras):
            mot = MotFiles(self.plan.width_px, self.plan.height_px)
            (self.directory / camera_id).mkdir()
            for stills in self.studio.run(shoot, views(self.plan, self.split, index)):
                for still in stills:
                    name = f"{still.frame_index + 1:06d}.jpg"
                    (self.directory / camera_id / name).write_bytes(still.jpeg)
                    mot.add(still.frame_index + 1, still.sightings)
                self.progress.update(len(stills))
            boxes += mot.write(self.directory, camera_id)
        self._write_people()
        frames = self.split.frames * len(self.plan.cameras)
        return {"kind": "stills", "frames": frames, "people": self.split.people, "boxes": boxes, "crossings": 0}

    def _film_camera(self, camera_id: str, trajectories: Trajectories) -> int:
        plan, clip = self.plan, self.directory / f"{camera_id}.mp4"
        mot = MotFiles(plan.width_px, plan.height_px)
        # Cameras must not share their noise, so each gets a seed of its own.
        seed = self.split.seed * 64 + list(plan.cameras).index(camera_id)
        crf = plan.cameras[camera_id].crf
        with h264_clip(clip, width_px=plan.width_px, height_px=plan.height_px, fps=plan.fps, crf=crf) as append:
            for filmed in self.studio.run(film, takes(plan, trajectories, camera_id, seed)):
                for frame in filmed:
                    append(frame.image_bgr)
                    mot.add(frame.frame_index + 1, frame.sightings)
                self.progress.update(len(filmed))
        return mot.write(self.directory, camera_id)

    def _write_truth(self, trajectories: Trajectories) -> int:
        crossings, visits = [], []
        for camera_id, config in self.store.cameras.items():
            camera = self.plan.camera(camera_id)
            crossings += true_crossings(trajectories, camera, camera_id, config)
            visits += true_visits(trajectories, camera, camera_id, config)
        truth = self.directory / "truth"
        _write_csv(
            truth / "crossings.csv",
            ("camera_id", "line_id", "person_id", "direction", "frame_index", "time_s"),
            ((c.camera_id, c.line_id, c.person_id, c.direction, c.frame_index, f"{c.time_s:.2f}") for c in crossings),
        )
        _write_csv(
            truth / "visits.csv",
            ("camera_id", "zone_id", "person_id", "enter_s", "exit_s", "dwell_s", "truncated"),
            (
                (
                    v.camera_id,
                    v.zone_id,
                    v.person_id,
                    f"{v.enter_s:.2f}",
                    f"{v.exit_s:.2f}",
                    f"{v.dwell_s:.2f}",
                    int(v.truncated),
                )
                for v in visits
            ),
        )
        t = trajectories
        _write_csv(
            truth / "positions.csv",
            ("frame_index", "person_id", "x_m", "y_m", "yaw_rad"),
            (
                (f, w.person_id, f"{w.x_m[k]:.3f}", f"{w.y_m[k]:.3f}", f"{w.yaw_rad[k]:.3f}")
                for f in range(t.frames)
                for w, k in t.at(f)
            ),
        )
        self._write_people()
        return len(crossings)

    def _write_people(self) -> None:
        rows = []
        for person_id in self.split.person_ids:
            person = dress(person_id)
            o = person.outfit
            rows.append(
                (
                    person_id, person.body_index, f"{o.height_m:.3f}", _hex(o.top), o.pattern.name.lower(), o.sleeve,
                    int(o.jacket), o.lower, _hex(o.lower_colour), o.hair_style, o.bag,
                )
            )  # fmt: skip
        header = (
            "person_id",
            "body",
            "height_m",
            "top_rgb",
            "pattern",
            "sleeve",
            "jacket",
            "lower",
            "lower_rgb",
            "hair",
            "bag",
        )
        _write_csv(self.directory / "truth" / "people.csv", header, rows)


def _hex(bgr: tuple[float, float, float]) -> str:
    return "#" + "".join(f"{round(v):02x}" for v in reversed(bgr))


def _write_csv(path: Path, header: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    write_text(path, text.getvalue())


def _frames(plan: TwinPlan, split: TwinSplit) -> int:
    return (
        split.frames
        if split.kind == "stills"
        else round((split.duration_s + split.warmup_s) * plan.fps) - round(split.warmup_s * plan.fps)
    )


def _fingerprint(store: StoreConfig, plan: TwinPlan, split: TwinSplit) -> str:
    """Changes whenever the split's files would."""
    from pydantic import TypeAdapter

    described = {
        "renderer": RENDERER_VERSION,
        "bodies": hashlib.sha256(BODIES_FILE.read_bytes()).hexdigest(),
        "plan": plan.model_dump(mode="json", by_alias=True),
        "cameras": {name: camera.model_dump(mode="json") for name, camera in store.cameras.items()},
        "split": TypeAdapter(TwinSplit).dump_python(split, mode="json"),
    }
    return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()


def _is_current(directory: Path, fingerprint: str) -> bool:
    described = directory / "split.json"
    if not described.is_file():
        return False
    recorded: dict[str, Any] = json.loads(described.read_text(encoding="utf-8"))
    return recorded.get("fingerprint") == fingerprint
