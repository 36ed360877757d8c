"""Fits fast mode's detector and looks to real models on films of the twin, and says how near the counts come.

    python bench/fit_fast_mode.py bundles/people-detection data/raw/demo/test [more filmed splits]

Prints, ready to become defaults, the `DetectorNoise` fitted to the bundle's detector on all the splits, and, if the
bundle has a re-ID model, `ModelledLooks`. Then, for every camera, on the film's own positions: the share of people
found, crossings, precision and recall, tracks, and unique visitors, first by the real models on the film, then (mean
over --seeds) by the modelled ones without it. Tracking and counting are the station's in both.
"""

import argparse
import csv
import json
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from tqdm import tqdm

from dongsun.contract.bundle import BundleManifest, read_bundle
from dongsun.contract.detections import Detections
from dongsun.contract.preprocess import person_crops
from dongsun.contract.store import StoreConfig, load_store
from dongsun.eval.counting_metrics import evaluate_counts
from dongsun.eval.fast_replay import FastReplay, ReplayRules, replay_detections
from dongsun.eval.line_event import LineEvent
from dongsun.serve_edge.inference.detector import OpenVinoDetector
from dongsun.serve_edge.inference.embedder import OpenVinoEmbedder
from dongsun.twin.crowd.trajectories import Member, Trajectories, Walk
from dongsun.twin.fast.boxes import CameraBoxes, camera_boxes
from dongsun.twin.fast.detector_noise import CameraDetections, DetectorNoise
from dongsun.twin.fast.fit_looks import TakenLooks, fit_looks
from dongsun.twin.fast.fit_noise import Seen, fit_noise
from dongsun.twin.fast.looks import ModelledLooks
from dongsun.twin.plan.twin_plan import TwinPlan, twin_plan
from dongsun.twin.truth.events import true_crossings

LEAST_SCORE, FLOOR = 0.02, 0.1
SAME_IOU, ON_SOMEBODY = 0.5, 0.3
LOOK_EVERY, LOOK_SCORE, LOOK_HEIGHT_PX, EDGE_PX = 3, 0.3, 32.0, 2.0
F64 = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Film:
    """A split, its people as positions."""

    path: Path
    store: StoreConfig
    plan: TwinPlan
    crowd: Trajectories
    heights_m: dict[int, float]


@dataclass(frozen=True)
class Take:
    """One camera of a film, looked at by the real detector: rows of detections are frame, box, score."""

    film: Film
    camera_id: str
    boxes: CameraBoxes
    detections: F64
    seen: Seen


def read_film(split: Path, stores: Path) -> Film:
    """What `truth/` says; the store file is named as the split's parent folder."""
    path = stores / f"{split.resolve().parent.name}.yaml"
    store = load_store(path)
    plan = twin_plan(store, path)
    with (split / "truth" / "people.csv").open(encoding="utf-8") as stream:
        people = list(csv.DictReader(stream))
    table = np.loadtxt(split / "truth" / "positions.csv", delimiter=",", skiprows=1, ndmin=2)
    walks = []
    for person in np.unique(table[:, 1]):
        rows = table[table[:, 1] == person]
        for part in np.split(rows, np.flatnonzero(np.diff(rows[:, 0]) > 1) + 1):
            x, y, yaw = (part[:, k].astype(np.float32) for k in (2, 3, 4))
            still = np.zeros(len(part), np.float32)
            walks.append(Walk(int(person), int(part[0, 0]), x, y, yaw, still, still, still, still))
    walks.sort(key=lambda walk: (walk.first_frame, walk.person_id))
    frames = json.loads((split / "truth" / "summary.json").read_text(encoding="utf-8"))["frames"]
    members = {
        int(r["person_id"]): Member(
            int(r["person_id"]), "staff" if r["role"] == "staff" else "visitor", child=r["child"] == "1"
        )
        for r in people
    }
    heights = {int(r["person_id"]): float(r["height_m"]) for r in people}
    return Film(split, store, plan, Trajectories(plan.fps, frames, tuple(walks), members), heights)


def take(film: Film, camera_id: str, detector: OpenVinoDetector, person_class: int, kept: Path | None) -> Take:
    """Runs the detector over a clip, or reads what it found before, and tells whom it found."""
    if kept is None or not kept.exists():
        detections = detect(film, camera_id, detector, person_class)
        if kept is not None:
            kept.parent.mkdir(parents=True, exist_ok=True)
            np.save(kept, detections)
    else:
        detections = np.load(kept).astype(np.float64)
    boxes = camera_boxes(film.plan, film.crowd, camera_id, heights_m=film.heights_m)
    return Take(film, camera_id, boxes, detections, matched(film.path, camera_id, boxes, detections))


def detect(film: Film, camera_id: str, detector: OpenVinoDetector, person_class: int) -> F64:
    """All people found in a clip: frame, box, score."""
    rows = []
    with av.open(str(film.path / f"{camera_id}.mp4")) as container:
        pictures = tqdm(container.decode(video=0), desc=f"{film.path}: {camera_id}", unit="frame", disable=None)
        for index, frame in enumerate(pictures):
            found = detector.detect(frame.to_ndarray(format="bgr24"))
            found = found.keep(found.class_ids == person_class)
            rows += [(index, *box, score) for box, score in zip(found.boxes_xyxy_px, found.scores, strict=True)]
    return np.array(rows, np.float64).reshape(-1, 6)


def matched(split: Path, camera_id: str, boxes: CameraBoxes, detections: F64) -> Seen:
    """Greedy by score: each detection takes the person whose visible or whole box it overlaps most."""
    visible, whole = (mot_rows(split / f"{camera_id}.{kind}.txt") for kind in ("gt", "amodal"))
    found, scores = np.full((len(boxes.person_ids), 4), np.nan), np.full(len(boxes.person_ids), np.nan)
    doubles: list[tuple[int, F64]] = []
    elsewhere: list[float] = []
    for frame in range(boxes.frames):
        rows = boxes.rows(frame)
        row_of = dict(zip(boxes.person_ids[rows].tolist(), range(rows.start, rows.stop), strict=True))
        now = visible[:, 0] == frame
        bodies, names = whole[now, 2:6], visible[now, 1]
        strong = detections[(detections[:, 0] == frame) & (detections[:, 5] >= LEAST_SCORE)]
        strong = strong[np.argsort(-strong[:, 5], kind="stable")]
        shared = np.maximum(overlaps(strong[:, 1:5], visible[now, 2:6]), overlaps(strong[:, 1:5], bodies))
        inside = shares(strong[:, 1:5], bodies)
        free = np.ones(len(names), np.bool_)
        for detection, overlap, within in zip(strong, shared, inside, strict=True):
            best = int(np.argmax(np.where(free, overlap, -1.0))) if len(names) else -1
            if best >= 0 and free[best] and overlap[best] >= SAME_IOU:
                free[best] = False
                if (row := row_of.get(int(names[best]))) is not None:
                    found[row], scores[row] = detection[1:5], detection[5]
            elif len(names) and within.max() > ON_SOMEBODY:
                if (row := row_of.get(int(names[int(within.argmax())]))) is not None:
                    doubles.append((row, detection[1:]))
            else:
                elsewhere.append(float(detection[5]))
    second = np.array([row for _, row in doubles]).reshape(-1, 5)
    on_whom = np.array([row for row, _ in doubles], np.int64)
    return Seen(boxes, found, scores, second[:, :4], on_whom, second[:, 4], np.array(elsewhere), LEAST_SCORE)


def mot_rows(path: Path) -> F64:
    """(n, 6): 0-based frame, person, box."""
    table = np.loadtxt(path, delimiter=",", ndmin=2)
    return np.column_stack([table[:, 0] - 1, table[:, 1], table[:, 2:4], table[:, 2:4] + table[:, 4:6]])


def shares(one: F64, other: F64) -> F64:
    """(n, m): how much of each box (n, 4) lies in each of (m, 4)."""
    low, high = np.maximum(one[:, None, :2], other[None, :, :2]), np.minimum(one[:, None, 2:], other[None, :, 2:])
    area = np.prod(one[:, 2:] - one[:, :2], axis=1)
    return np.asarray(np.prod(np.clip(high - low, 0, None), axis=2) / np.maximum(area, 1e-9)[:, None])


def overlaps(one: F64, other: F64) -> F64:
    """IoU (n, m)."""
    area, area2 = np.prod(one[:, 2:] - one[:, :2], axis=1), np.prod(other[:, 2:] - other[:, :2], axis=1)
    shared = shares(one, other) * area[:, None]
    return np.asarray(shared / np.maximum(area[:, None] + area2 - shared, 1e-9))


class FilmedLooks:
    """The real model's looks, by the detection that was embedded; stands in for `ModelledLooks`."""

    def __init__(self, of_row: dict[int, npt.NDArray[np.float32]]) -> None:
        self._of_row = of_row

    def look(self, person_id: int, camera_number: int, time_s: float, *, uniformed: bool = False) -> object:
        """Persons are numbered by the rows of the detections."""
        return self._of_row[person_id][None]


def embedded(one: Take, embedder: OpenVinoEmbedder) -> dict[int, npt.NDArray[np.float32]]:
    """The look of every strong detection, by its row."""
    looks = {}
    wanted = np.flatnonzero(one.detections[:, 5] >= FLOOR)
    with av.open(str(one.film.path / f"{one.camera_id}.mp4")) as container:
        for index, frame in enumerate(container.decode(video=0)):
            rows = wanted[one.detections[wanted, 0] == index]
            boxes = Detections(
                one.detections[rows, 1:5].astype(np.float32),
                np.ones(len(rows), np.float32),
                np.zeros(len(rows), np.int64),
            )
            for row, look in zip(
                rows, embedder.embed(person_crops(frame.to_ndarray(format="bgr24"), boxes)), strict=True
            ):
                looks[int(row)] = look
    return looks


def taken(takes: list[Take], looks: list[dict[int, npt.NDArray[np.float32]]]) -> TakenLooks:
    """Looks that a station would keep, with the names of those it found."""
    parts: list[tuple[npt.NDArray[np.float32], int, int, float]] = []
    for number, (one, of_row) in enumerate(zip(takes, looks, strict=True)):
        frames = one.boxes.frame_of_row
        for row, look in of_row.items():
            frame, box, score = one.detections[row, 0], one.detections[row, 1:5], one.detections[row, 5]
            cut = box[0] <= EDGE_PX or box[1] <= EDGE_PX or box[2] >= one.boxes.width_px - EDGE_PX
            if frame % LOOK_EVERY or score < LOOK_SCORE or box[3] - box[1] < LOOK_HEIGHT_PX or cut:
                continue
            who = np.flatnonzero((frames == frame) & (one.seen.found_xyxy_px == box).all(axis=1))
            if len(who):
                parts.append((look, int(one.boxes.person_ids[who[0]]), number, frame / one.boxes.fps))
    return TakenLooks(
        np.stack([part[0] for part in parts]), *(np.array([part[k] for part in parts]) for k in (1, 2, 3))
    )


def real_detections(one: Take) -> CameraDetections:
    """As fast mode's; each is a person of its own, numbered by its row."""
    rows = np.flatnonzero(one.detections[:, 5] >= FLOOR)
    rows = rows[np.argsort(one.detections[rows, 0], kind="stable")]
    offsets = np.searchsorted(one.detections[rows, 0], np.arange(one.boxes.frames + 1)).astype(np.int64)
    chosen = one.detections[rows].astype(np.float32)
    b = one.boxes
    return CameraDetections(
        b.fps, b.width_px, b.height_px, offsets, chosen[:, 1:5], chosen[:, 5], rows, np.zeros(len(rows), np.float32)
    )


def figures(one: Take, detections: CameraDetections, replay: FastReplay) -> list[float]:
    """Detections a frame at the floor and at .3, crossings, precision, recall, tracks, visitors."""
    camera = one.film.store.cameras[one.camera_id]
    truth = true_crossings(one.film.crowd, one.film.plan.camera(one.camera_id), one.camera_id, camera)
    counts = evaluate_counts(
        [LineEvent(c.line_id, c.crossing.direction, c.crossing.stream_time_s) for c in replay.crossings],
        [LineEvent(t.line_id, "in" if t.direction == "in" else "out", t.time_s) for t in truth],
        tuple(camera.lines),
    ).total
    precision, recall = counts.matched / max(counts.predicted, 1), counts.matched / max(counts.true, 1)
    found = len(detections.scores) / detections.frames
    strong = float((detections.scores >= LOOK_SCORE).sum()) / detections.frames
    return [found, strong, counts.predicted, precision, recall, replay.tracks, replay.unique_visitors]


def compare(
    one: Take, noise: DetectorNoise, threshold: float | None, strong_score: float, filmed: FilmedLooks | None,
    modelled: ModelledLooks | None, seeds: int,
) -> None:  # fmt: skip
    """Prints both rows of a camera."""
    camera = one.film.store.cameras[one.camera_id]
    truth = true_crossings(one.film.crowd, one.film.plan.camera(one.camera_id), one.camera_id, camera)
    people = len(set(one.boxes.person_ids[one.boxes.visibility > 0.5].tolist()))
    real = real_detections(one)
    rules = ReplayRules(strong_score, threshold, filmed)  # type: ignore[arg-type]
    rows = {"film": figures(one, real, replay_detections(real, camera, rules))}
    many = []
    for seed in range(seeds):
        looks = None if modelled is None else ModelledLooks(
            seed, modelled.same_moment_mean, modelled.same_person_mean, modelled.uniform_mean,
            modelled.other_person_mean, modelled.view_s, modelled.dimensions,
        )  # fmt: skip
        found = noise.detect(one.boxes, seed=seed)
        replay = replay_detections(found, camera, ReplayRules(strong_score, threshold, looks))
        many.append(figures(one, found, replay))
    rows["modelled"] = np.mean(many, axis=0).tolist()
    for kind, (found_, strong, crossings, precision, recall, tracks, visitors) in rows.items():
        print(
            f"| {one.film.path} {one.camera_id} | {kind} | {found_:.2f} | {strong:.2f} | {len(truth)} "
            f"| {crossings:.1f} | {precision:.3f} | {recall:.3f} | {tracks:.1f} | {people} | {visitors:.1f} |"
        )


def kept_file(folder: Path | None, manifest: BundleManifest, clip: Path) -> Path | None:
    """Where detections of a clip by a bundle are kept."""
    split = clip.resolve().parent
    return folder and folder / f"{manifest.version}-{split.parent.name}-{split.name}-{clip.stem}.npy"


def models(bundle: Path) -> tuple[BundleManifest, OpenVinoDetector, OpenVinoEmbedder | None]:
    """The bundle's models at their shipped precisions, on one thread."""
    manifest = read_bundle(bundle)
    precision = manifest.detector.shipped_precision
    detector = OpenVinoDetector(manifest.detector, bundle, precision, score_floor=LEAST_SCORE, threads=1)
    reid = manifest.reid
    embedder = None if reid is None else OpenVinoEmbedder(reid, bundle, reid.shipped_precision, threads=1)
    return manifest, detector, embedder


def main() -> None:
    """Fits and compares."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("splits", type=Path, nargs="+")
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--stores", type=Path, default=Path("conf/store"), help="folder of the store files")
    parser.add_argument("--keep", type=Path, help="a folder that keeps detections for the next time")
    parser.add_argument("--defaults", action="store_true", help="compare the code's defaults instead of the fit")
    chosen = parser.parse_args()
    manifest, detector, embedder = models(chosen.bundle)
    takes = [
        take(film, clip.stem, detector, manifest.detector.person_class, kept_file(chosen.keep, manifest, clip))
        for film in (read_film(split, chosen.stores) for split in chosen.splits)
        for clip in sorted(film.path.glob("*.mp4"))
    ]
    fitted = fit_noise([one.seen for one in takes], FLOOR)
    print(fitted)
    threshold = looks = None
    filmed: list[dict[int, npt.NDArray[np.float32]]] = [{} for _ in takes]
    if embedder is not None and manifest.reid is not None:
        filmed = [embedded(one, embedder) for one in takes]
        looks = fit_looks(taken(takes, filmed))
        threshold = manifest.reid.thresholds[manifest.reid.shipped_precision].similarity
        print(looks, f"threshold {threshold:.3f}")
    if chosen.defaults:
        fitted, looks = DetectorNoise(), None if looks is None else ModelledLooks(1)
    print("| camera | by | boxes | ≥ .3 | true | crossings | precision | recall | tracks | people | visitors |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    for one, of_row in zip(takes, filmed, strict=True):
        real = FilmedLooks(of_row) if of_row else None
        compare(one, fitted, threshold, manifest.detector.score_threshold, real, looks, chosen.seeds)


if __name__ == "__main__":
    main()
