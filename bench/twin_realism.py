"""Do models that never saw the twin take its people for people? Zero-shot figures on the H.264 clips as filmed.

    python bench/twin_realism.py data/raw/corner-shop/test [more split folders] --assets $DONGSUN_ASSETS

For each camera: recall and precision of YOLOv8n (COCO weights, confidence .25, 640 px) on people at least 40 px tall
and 40 % visible (IoU 0.5; detections of smaller or more hidden people count neither way), and on how many near people
(head of 20 px or more, turned to the camera or not) YuNet finds a face. For each split: cross-camera rank-1 of Open
Model Zoo's person-reidentification-retail-0277, same camera excluded.
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

from dongsun.serve_edge.privacy.faces import FaceFinder

LEAST_HEIGHT_PX, LEAST_VISIBILITY, LEAST_OVERLAP, NEAR_HEAD_PX = 40.0, 0.4, 0.5, 20.0
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


def judge(figures: Figures, boxes: Rows, truth: Rows) -> None:
    """Greedy by confidence: each detection takes the person it overlaps most."""
    must = (truth[:, 5] >= LEAST_VISIBILITY) & (truth[:, 4] - truth[:, 2] >= LEAST_HEIGHT_PX)
    shared = overlaps(boxes, truth[:, 1:5])
    free = np.ones(len(truth), bool)
    for row in shared:
        best = int(np.argmax(np.where(free, row, -1.0))) if len(truth) else -1
        if best >= 0 and free[best] and row[best] >= LEAST_OVERLAP:
            free[best] = False
            figures.found += int(must[best])
        elif not (len(truth) and (row[~must] > 0.25).any()):
            figures.false += 1
    figures.missed += int((free & must).sum())


def look_at(split: Path, camera: str, detector: YOLO, faces: FaceFinder, every: int) -> Figures:
    """All figures of one camera's clip."""
    figures = Figures()
    truth, heads = truth_of(split / f"{camera}.gt.txt"), truth_of(split / f"{camera}.heads.txt")
    nobody: Rows = np.zeros((0, 6))
    for index, picture in tqdm(pictures_of(split / f"{camera}.mp4", every), desc=camera, unit="frame", disable=None):
        result = detector.predict(picture, conf=0.25, imgsz=640, classes=[0], verbose=False)[0].boxes
        order = np.argsort(-result.conf.numpy())
        people = truth.get(index, nobody)
        judge(figures, result.xyxy.numpy()[order].astype(np.float64), people)
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


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("splits", nargs="+", type=Path, help="folders that `dongsun twin render` wrote")
    parser.add_argument("--assets", type=Path, default=os.environ.get("DONGSUN_ASSETS"), required=False)
    parser.add_argument("--every", type=int, default=10, help="look at every n-th frame")
    chosen = parser.parse_args()
    if chosen.assets is None:
        parser.error("give --assets, or set DONGSUN_ASSETS: the models to measure with")
    detector = YOLO(str(chosen.assets / "detector" / "yolov8n.pt"))
    faces = FaceFinder(chosen.assets / "face" / "face_detection_yunet_2026may.onnx")
    model = chosen.assets / "reid" / "person-reidentification-retail-0277.xml"
    print("| split | camera | people to find | recall | precision | near heads | with a face |")
    print("|---|---|---|---|---|---|---|")
    for split in chosen.splits:
        by_camera = {
            clip.stem: look_at(split, clip.stem, detector, faces, chosen.every) for clip in sorted(split.glob("*.mp4"))
        }
        for camera, f in by_camera.items():
            asked = f.found + f.missed
            print(f"| {split} | {camera} | {asked} | {f.recall:.3f} | {f.precision:.3f} | {f.heads} | {f.faces} |")
        total = Figures(*(sum(getattr(f, name) for f in by_camera.values()) for name in ("found", "missed", "false")))
        print(f"| {split} | all | {total.found + total.missed} | {total.recall:.3f} | {total.precision:.3f} | | |")
        score, count = rank1(by_camera, model)
        print(f"\nretail-0277 across the cameras of {split}: rank-1 {score:.3f} among {count} people\n")


if __name__ == "__main__":
    main()
