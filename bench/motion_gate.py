"""What the motion gate's misses cost: the events counted with it and without, on films whose crossings are known.

    OMP_NUM_THREADS=1 python -m bench.motion_gate

Every film with a line is decoded once and looked at five times a second. The detector runs once on each picture, and
what it saw goes into several pipelines: one takes it always, the others only where their gate opens, as in a station.
`lost` and `new` are the events of the ungated count that a gated one hasn't within a second, and the other way
round. Changes of the gate's settings are shown beside the default; nothing is tuned here.
"""

import argparse
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import cv2

from dongsun.contract.detections import Detections
from dongsun.contract.store import load_store
from dongsun.eval.counting_metrics import evaluate_counts
from dongsun.eval.crossing_truth import AssetsTruth, CrossingTruth, TwinTruth
from dongsun.eval.line_event import LineEvent
from dongsun.serve_edge.inference.models import Models, load_models
from dongsun.serve_edge.pipeline.camera_pipeline import CameraPipeline, PipelineEvents, PipelineRules
from dongsun.serve_edge.pipeline.constants import TrackingConstants
from dongsun.serve_edge.pipeline.looks import FrameSize
from dongsun.serve_edge.pipeline.motion_gate import MotionGate
from dongsun.serve_edge.station.station_settings import MotionGateSettings
from dongsun.serve_edge.stream.picture import Converter
from dongsun.serve_edge.stream.video_file import VideoFile

_FPS = 5.0
_TWINS = ("demo", "corner-shop", "pop-up", "electronics-flagship")
_DEFAULT = MotionGateSettings()
GATES: dict[str, MotionGateSettings | None] = {
    "off": None,
    "default": _DEFAULT,
    "half the change": _DEFAULT.model_copy(update={"changed_share": _DEFAULT.changed_share / 2}),
    "twice the change": _DEFAULT.model_copy(update={"changed_share": _DEFAULT.changed_share * 2}),
    "four times the change": _DEFAULT.model_copy(update={"changed_share": _DEFAULT.changed_share * 4}),
}


@dataclass(frozen=True)
class Film:
    """A film and what happens in it."""

    name: str
    store: str
    camera_id: str
    path: Path
    bundle: Path
    truth: CrossingTruth


@dataclass
class Gated:
    """One pipeline and the gate before it."""

    pipeline: CameraPipeline
    gate: MotionGate | None
    persons: Detections | None = None
    spared: int = 0
    events: list[LineEvent] = field(default_factory=list)

    def keep(self, events: PipelineEvents) -> None:
        """Takes what was counted."""
        self.events += [LineEvent(c.line_id, c.crossing.direction, c.crossing.stream_time_s) for c in events.crossings]


def films(bundle: Path) -> list[Film]:
    """Those with a line and a truth."""
    found = []
    for store in _TWINS:
        folder = Path("data/raw") / store / "test"
        for camera_id, camera in load_store(Path(f"conf/store/{store}.yaml")).cameras.items():
            path = folder / f"{camera_id}.mp4"
            if camera.lines and path.is_file():
                found.append(Film(f"{store} {camera_id}", store, camera_id, path, bundle, TwinTruth(folder / "truth")))
    if assets := os.environ.get("DONGSUN_ASSETS"):
        name = "people-detection"
        camera_id, camera = next(iter(load_store(Path(f"conf/store/{name}.yaml")).cameras.items()))
        truth = AssetsTruth(Path(assets) / "truth/crossings.json", f"{name}.mp4", next(iter(camera.lines)), 12.0)
        path = Path(assets) / "video" / f"{name}.mp4"
        found.append(Film(name, name, camera_id, path, Path("bundles") / name, truth))
    return found


def replayed(film: Film, models: Models) -> tuple[dict[str, Gated], int]:
    """Every gate's pipeline after the film, and how many pictures were looked at."""
    video, converter = VideoFile(film.path), Converter()
    spec, camera = models.manifest.detector, load_store(Path(f"conf/store/{film.store}.yaml")).camera(film.camera_id)
    rules = PipelineRules.of(spec, models.similarity_threshold, datetime(2026, 1, 1, tzinfo=UTC))
    size = FrameSize(video.width_px, video.height_px)
    ways = {
        name: Gated(CameraPipeline(camera, size, rules), gate and MotionGate(gate.changed_share, gate.look_anyway_s))
        for name, gate in GATES.items()
    }
    step, looked_at = _FPS / video.frame_rate_hz, 0
    for frame in video.frames():
        if int(frame.index * step) == int((frame.index - 1) * step) and frame.index:
            continue
        looked_at += 1
        found = models.detector.detect(frame.picture_bgr)
        persons = found.keep(found.class_ids == spec.person_class)
        small, time_s = converter.small(frame.picture_bgr), frame.stream_time_s
        for way in ways.values():
            if way.gate is None or way.gate.opens(small, time_s) or way.persons is None:
                way.persons = persons
            else:
                way.spared += 1
            for track, embedding in models.looks(
                frame.picture_bgr, way.pipeline.follow(way.persons, frame.index, time_s)
            ):
                way.pipeline.look(track, embedding, time_s)
            way.keep(way.pipeline.settle(time_s))
    for way in ways.values():
        way.keep(way.pipeline.finish(1 / video.frame_rate_hz))
    return ways, looked_at


def main() -> None:
    """Prints a table, and its sums."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundle", type=Path, default=Path("bundles/demo"), help="for the twin's films")
    parser.add_argument("--only", help="films whose name has this in it")
    given = parser.parse_args()
    cv2.setNumThreads(1)
    heads = ("film", "gate", "spared", "true", "counted", "right", "F1", "lost", "new", "visitors")
    print("| " + " | ".join(heads) + " |\n|" + "---|" * len(heads), flush=True)
    sums: dict[str, list[int]] = {name: [0] * 7 for name in GATES}
    for film in films(given.bundle):
        if given.only and given.only not in film.name:
            continue
        models = load_models(film.bundle, None, 1, TrackingConstants().low_score)
        ways, looked_at = replayed(film, models)
        true = [each.event for each in film.truth.crossings(film.camera_id)]
        lines = list(load_store(Path(f"conf/store/{film.store}.yaml")).camera(film.camera_id).lines)
        for name, way in ways.items():
            right = evaluate_counts(way.events, true, lines).total
            same = evaluate_counts(way.events, ways["off"].events, lines).total
            visitors = way.pipeline.people.visitors
            row = [way.spared, looked_at, right.true, right.predicted, right.matched, same.true - same.matched]
            row.append(same.predicted - same.matched)
            sums[name] = [a + b for a, b in zip(sums[name], row, strict=True)]
            print(_row(film.name, name, row, visitors), flush=True)
    for name, row in sums.items():
        print(_row("**all**", name, row, None), flush=True)


def _row(film: str, gate: str, row: list[int], visitors: int | None) -> str:
    spared, looked_at, true, counted, right, lost, new = row
    f1 = 2 * right / max(1, counted + true)
    cells = (film, gate, f"{spared / max(1, looked_at):.0%}", true, counted, right, f"{f1:.3f}", lost, new)
    return "| " + " | ".join(str(cell) for cell in (*cells, "" if visitors is None else visitors)) + " |"


if __name__ == "__main__":
    main()
