"""Do models that never saw the twin take its people for people? Zero-shot figures on the H.264 clips as filmed.

    python bench/twin_realism.py data/raw/corner-shop/test [more split folders] --assets $DONGSUN_ASSETS

For each camera: recall and precision of YOLOv8n (COCO weights, confidence .25, 640 px) on people at least 40 px tall
and 40 % visible (IoU 0.5; detections of smaller or more hidden people count neither way), how many detections fell on
the plan's posters and mannequins instead (IoU 0.3, and no person there; they don't lower the precision, as a picture
of a person is one), and on how many near people (head of 20 px or more, whichever way it looks) YuNet finds a face.
For each split: the sums, with and without fisheyes (COCO has few pictures from such lenses), and cross-camera
rank-1 of Open Model Zoo's person-reidentification-retail-0277, same camera excluded.

The plan is read from --store, or from conf/store/<name of the split's parent folder>.yaml.
"""

import argparse
import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import av
import cv2
import numpy as np
import numpy.typing as npt
import openvino as ov
from tqdm import tqdm
from ultralytics import YOLO

from dongsun.contract.store import load_store
from dongsun.serve_edge.privacy.faces import FaceFinder
from dongsun.twin.plan.twin_plan import TwinPlan, twin_plan

LEAST_HEIGHT_PX, LEAST_VISIBILITY, LEAST_OVERLAP, NEAR_HEAD_PX = 40.0, 0.4, 0.5, 20.0
DECOY_OVERLAP, DOLL_HEIGHT_M, WIDTH_OF_HEIGHT = 0.3, 1.75, 0.32
CROPS_PER_PERSON_AND_CAMERA = 6
Picture = npt.NDArray[np.uint8]
Rows = npt.NDArray[np.float64]
"""(n, 6): person, x0, y0, x1, y1, visibility."""


@dataclass
class Figures:
    """Counts of one camera."""

    found: int = 0
    missed: int = 0
    false: int = 0
    on_decoys: int = 0
    heads: int = 0
    faces: int = 0
    crops: dict[int, list[Picture]] = field(default_factory=lambda: defaultdict(list))

    @property
    def recall(self) -> float:
        """Of those who must be found."""
        return self.found / max(self.found + self.missed, 1)

    @property
    def precision(self) -> float:
        """Of those that count."""
        return self.found / max(self.found + self.false, 1)


def truth_of(path: Path) -> dict[int, Rows]:
    """MOT rows by 0-based frame."""
    frames: dict[int, list[list[float]]] = defaultdict(list)
    for line in path.read_text(encoding="utf-8").splitlines():
        frame, person, x, y, w, h, _, _, visibility = (float(v) for v in line.split(","))
        frames[int(frame) - 1].append([person, x, y, x + w, y + h, visibility])
    return {frame: np.array(rows) for frame, rows in frames.items()}


def pictures_of(clip: Path, every: int) -> Iterator[tuple[int, Picture]]:
    """Every `every`-th picture of a clip."""
    with av.open(str(clip)) as container:
        for index, frame in enumerate(container.decode(video=0)):
            if index % every == 0:
                yield index, frame.to_ndarray(format="bgr24")


def overlaps(one: Rows, other: Rows) -> Rows:
    """IoU (n, m) of boxes (n, 4) and (m, 4)."""
    left, top = np.maximum(one[:, None, 0], other[None, :, 0]), np.maximum(one[:, None, 1], other[None, :, 1])
    right, bottom = np.minimum(one[:, None, 2], other[None, :, 2]), np.minimum(one[:, None, 3], other[None, :, 3])
    shared = np.clip(right - left, 0, None) * np.clip(bottom - top, 0, None)
    area, area2 = np.prod(one[:, 2:] - one[:, :2], axis=1), np.prod(other[:, 2:] - other[:, :2], axis=1)
    return np.asarray(shared / np.maximum(area[:, None] + area2[None] - shared, 1e-9))


def decoy_boxes(plan: TwinPlan, camera_id: str) -> Rows:
    """Picture boxes (n, 4) of the posters' and mannequins' figures, clipped to the picture."""
    camera = plan.camera(camera_id)
    eye_x, eye_y = camera.position_m[:2]
    figures = [(p.at, p.bottom_m, p.height_m, np.deg2rad(p.facing_deg)) for p in plan.disturbances.posters]
    figures += [
        (m.at, 0.0, DOLL_HEIGHT_M, float(np.arctan2(eye_y - m.at[1], eye_x - m.at[0])))
        for m in plan.disturbances.mannequins
    ]
    boxes = []
    for (x, y), bottom, height, facing in figures:
        half, across = height * WIDTH_OF_HEIGHT / 2, facing + np.pi / 2
        world = [
            (x + side * half * np.cos(across), y + side * half * np.sin(across), z)
            for side in (-1, 1)
            for z in (bottom, bottom + height)
        ]
        pixels, front = camera.project(np.array(world))
        low, high = pixels.min(axis=0), pixels.max(axis=0)
        size = np.array([camera.width_px, camera.height_px])
        if front.all() and (high > 0).all() and (low < size).all():
            boxes.append([*np.clip(low, 0, size), *np.clip(high, 0, size)])
    return np.array(boxes, np.float64).reshape(-1, 4)


def judge(figures: Figures, boxes: Rows, truth: Rows, decoys: Rows) -> None:
    """Greedy by confidence: each detection takes the person it overlaps most."""
    must = (truth[:, 5] >= LEAST_VISIBILITY) & (truth[:, 4] - truth[:, 2] >= LEAST_HEIGHT_PX)
    shared = overlaps(boxes, truth[:, 1:5])
    on_decoy = np.asarray((overlaps(boxes, decoys) >= DECOY_OVERLAP).any(axis=1))
    free = np.ones(len(truth), bool)
    for row, decoy in zip(shared, on_decoy, strict=True):
        best = int(np.argmax(np.where(free, row, -1.0))) if len(truth) else -1
        if best >= 0 and free[best] and row[best] >= LEAST_OVERLAP:
            free[best] = False
            figures.found += int(must[best])
        elif decoy:
            figures.on_decoys += 1
        elif not (len(truth) and (row[~must] > 0.25).any()):
            figures.false += 1
    figures.missed += int((free & must).sum())


def look_at(split: Path, camera: str, decoys: Rows, detector: YOLO, faces: FaceFinder, every: int) -> Figures:
    """All figures of one camera's clip."""
    figures = Figures()
    truth, heads = truth_of(split / f"{camera}.gt.txt"), truth_of(split / f"{camera}.heads.txt")
    nobody: Rows = np.zeros((0, 6))
    for index, picture in tqdm(pictures_of(split / f"{camera}.mp4", every), desc=camera, unit="frame", disable=None):
        result = detector.predict(picture, conf=0.25, imgsz=640, classes=[0], verbose=False)[0].boxes
        order = np.argsort(-result.conf.numpy())
        people = truth.get(index, nobody)
        judge(figures, result.xyxy.numpy()[order].astype(np.float64), people, decoys)
        found = faces.find(picture)
        for x0, y0, x1, y1 in heads.get(index, nobody)[:, 1:5]:
            if y1 - y0 >= NEAR_HEAD_PX:
                figures.heads += 1
                middle = (found[:, :2] + found[:, 2:]) / 2
                figures.faces += bool(((middle > (x0, y0)) & (middle < (x1, y1))).all(axis=1).any())
        for person, x0, y0, x1, y1, visibility in people:
            if visibility >= 0.7 and y1 - y0 >= 60 and len(figures.crops[int(person)]) < CROPS_PER_PERSON_AND_CAMERA:
                figures.crops[int(person)].append(picture[int(y0) : int(y1), int(x0) : int(x1)].copy())
    return figures


def rank1(by_camera: dict[str, Figures], model: Path) -> tuple[float, int]:
    """Cross-camera rank-1 and the number of people seen by two cameras at least."""
    compiled = ov.Core().compile_model(str(model), "CPU")
    rows, people, cameras = [], [], []
    for number, figures in enumerate(by_camera.values()):
        for person, crops in figures.crops.items():
            for crop in crops:
                blob = cv2.resize(crop, (128, 256)).transpose(2, 0, 1)[None].astype(np.float32)
                rows.append(compiled(blob)[0].ravel())
                people.append(person)
                cameras.append(number)
    if not rows:
        return float("nan"), 0
    embeddings = np.array(rows) / np.linalg.norm(rows, axis=1, keepdims=True)
    who, where = np.array(people), np.array(cameras)
    similar = embeddings @ embeddings.T
    right, asked = 0, set()
    tried = 0
    for k in range(len(who)):
        same = (who == who[k]) & (where != where[k])
        if same.any():
            allowed = ~((who == who[k]) & (where == where[k]))
            right += bool(same[int(np.argmax(np.where(allowed, similar[k], -2)))])
            tried += 1
            asked.add(int(who[k]))
    return right / max(tried, 1), len(asked)


def plan_of(split: Path, stores: list[Path]) -> TwinPlan:
    """The twin that filmed a split: the --store named as the split's parent folder, or the project's own file."""
    name = split.resolve().parent.name
    path = next((s for s in stores if s.stem == name), Path("conf/store") / f"{name}.yaml")
    return twin_plan(load_store(path), path)


def print_row(split: Path, camera: str, several: list[Figures], faces_too: bool = False) -> None:
    """One line of the table: the sum of some cameras' figures."""
    names = ("found", "missed", "false", "on_decoys", "heads", "faces")
    f = Figures(*(sum(getattr(one, name) for one in several) for name in names))
    faces = f"{f.heads} | {f.faces}" if faces_too else "|"
    print(
        f"| {split} | {camera} | {f.found + f.missed} | {f.recall:.3f} | {f.precision:.3f} | {f.on_decoys} | {faces} |"
    )


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("splits", nargs="+", type=Path, help="folders that `dongsun twin render` wrote")
    parser.add_argument("--assets", type=Path, default=os.environ.get("DONGSUN_ASSETS"), required=False)
    parser.add_argument("--store", type=Path, action="append", default=[], help="a store file; may be repeated")
    parser.add_argument("--every", type=int, default=10, help="look at every n-th frame")
    chosen = parser.parse_args()
    if chosen.assets is None:
        parser.error("give --assets, or set DONGSUN_ASSETS: the models to measure with")
    detector = YOLO(str(chosen.assets / "detector" / "yolov8n.pt"))
    faces = FaceFinder(chosen.assets / "face" / "face_detection_yunet_2026may.onnx")
    model = chosen.assets / "reid" / "person-reidentification-retail-0277.xml"
    print("| split | camera | people to find | recall | precision | on decoys | near heads | with a face |")
    print("|---|---|---|---|---|---|---|---|")
    for split in chosen.splits:
        plan = plan_of(split, chosen.store)
        by_camera = {
            clip.stem: look_at(split, clip.stem, decoy_boxes(plan, clip.stem), detector, faces, chosen.every)
            for clip in sorted(split.glob("*.mp4"))
        }
        for camera, f in by_camera.items():
            print_row(split, camera, [f], faces_too=True)
        level = [f for camera, f in by_camera.items() if plan.lenses[camera].model != "fisheye"]
        print_row(split, "all", list(by_camera.values()))
        if len(level) < len(by_camera):
            print_row(split, "all but the fisheye", level)
        score, count = rank1(by_camera, model)
        print(f"\nretail-0277 across the cameras of {split}: rank-1 {score:.3f} among {count} people\n")


if __name__ == "__main__":
    main()
