"""Clips for `gallery_policy.py`: detected and embedded once, so that any policy can be replayed in a second."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment
from tqdm import tqdm

from dongsun.contract.detections import BoxExtent, Detections, iou_matrix
from dongsun.contract.preprocess import FrameBgr, person_crops
from dongsun.contract.store import CameraConfig, load_store
from dongsun.eval.people_truth import read_true_paths
from dongsun.eval.twin_bench.box_truth import read_true_boxes
from dongsun.serve_edge.inference.models import load_models
from dongsun.serve_edge.pipeline.constants import TrackingConstants
from dongsun.serve_edge.stream.video_file import VideoFile

Part = Literal["tune", "report"]
LEAST_IOU = 0.5
TEN_MINUTES = (61, 62, 63, 64, 71, 72)
"""Seeds that `dongsun evaluate twin demo` films, `bench.minutes=10`."""
PETS = "vtest_pets2009_s2l1_480x360.avi"
PETS_SCALE = 0.625
"""PETS' truth is in 768x576 pixels."""


@dataclass(frozen=True)
class Clip:
    """A film with the truth of who is where.

    Attributes:
        name: Of the clip.
        part: Policies are chosen on `tune` and judged on `report`.
        video: The film.
        truth: MOT boxes with person ids.
        bundle: Name of the bundle's folder.
        camera: As the store file has it: its floor points tell the tracker where people stand.
        first_frame, end_frame: Half-open range looked at; None is the end.
    """

    name: str
    part: Part
    video: Path
    truth: Path
    bundle: str
    camera: CameraConfig
    first_frame: int = 0
    end_frame: int | None = None


@dataclass(frozen=True)
class Recording:
    """Everything that the runtime would have asked the models, for every box of every frame.

    Attributes:
        clip: Of what.
        frame_indices, times_s: Of the frames, (f,).
        frame_of_box: int64 (n,), frame index, ascending.
        boxes_xyxy_px, scores, embeddings: float32 (n, 4), (n,), (n, d).
        sharpness: float32 (n,), variance of the Laplacian of the grey crop at 64 × 128.
        person_of_box: Name of the true person there, or an empty string.
        true_boxes: Person → boxes in view.
        width_px, height_px: Of the pictures.
        strong_score, similarity: The bundle's thresholds.
        box_extent: What the bundle's boxes go around.
    """

    clip: Clip
    frame_indices: npt.NDArray[np.int64]
    times_s: npt.NDArray[np.float64]
    frame_of_box: npt.NDArray[np.int64]
    boxes_xyxy_px: npt.NDArray[np.float32]
    scores: npt.NDArray[np.float32]
    embeddings: npt.NDArray[np.float32]
    sharpness: npt.NDArray[np.float32]
    person_of_box: tuple[str, ...]
    true_boxes: dict[str, int]
    width_px: int
    height_px: int
    strong_score: float
    similarity: float
    box_extent: BoxExtent = "visible"

    def frames(self) -> Iterator[tuple[int, float, slice]]:
        """(frame index, seconds, its boxes) in order."""
        starts = np.searchsorted(self.frame_of_box, self.frame_indices, side="left")
        ends = np.searchsorted(self.frame_of_box, self.frame_indices, side="right")
        for index, time_s, start, end in zip(self.frame_indices, self.times_s, starts, ends, strict=True):
            yield int(index), float(time_s), slice(int(start), int(end))


def clips(raw: Path, assets: Path, stores: Path = Path("conf/store")) -> tuple[Clip, ...]:
    """The clips, tuning ones first.

    Raises:
        DongsunError: A store file is absent or breaks the format.
    """

    def twin(split: str, camera: str, part: Part) -> Clip:
        folder = raw / split
        name = f"{split.removesuffix('/test')}:{camera}"
        store = load_store(stores / f"{split.removeprefix('twin-bench/').split('/')[0]}.yaml")
        film, truth = folder / f"{camera}.mp4", folder / f"{camera}.gt.txt"
        return Clip(name, part, film, truth, "demo", store.camera(camera))

    def pets(name: str, part: Part, first: int, end: int) -> Clip:
        truth = assets / "truth/pets2009_s2l1_mot_gt.txt"
        camera = load_store(stores / "pets2009.yaml").camera("view1")
        return Clip(name, part, assets / "video" / PETS, truth, "pets2009", camera, first, end)

    return (
        *(twin(f"twin-bench/demo/bench-{n}", c, "tune") for n in TEN_MINUTES for c in ("entrance", "aisle")),
        *(twin("corner-shop/test", c, "tune") for c in ("entrance", "aisle")),
        pets("pets:0-555", "tune", 0, 556),
        *(twin("demo/test", c, "report") for c in ("entrance", "aisle")),
        *(twin("pop-up/test", c, "report") for c in ("front", "inside")),
        *(twin("electronics-flagship/test", c, "report") for c in ("entrance", "hall")),
        pets("pets:506-794", "report", 506, 795),
    )


def recorded(clip: Clip, bundles: Path, cache: Path) -> Recording:
    """A clip's recording, read from the cache folder or made and written there.

    Raises:
        DongsunError: Film, truth or bundle can't be read, or the bundle has no re-ID model.
    """
    path = cache / f"{clip.name.replace('/', '-').replace(':', '-')}.npz"
    if not path.is_file():
        _record(clip, bundles, path)
    with np.load(path) as kept:
        arrays = {name: kept[name] for name in kept.files}
    people = tuple(str(name) for name in arrays["person_of_box"])
    true_boxes = dict(zip((str(n) for n in arrays["true_people"]), arrays["true_boxes"].tolist(), strict=True))
    width, height = (int(v) for v in arrays["size"])
    strong, similarity = (float(v) for v in arrays["thresholds"])
    extent: BoxExtent = "whole_body" if bool(arrays["whole_bodies"]) else "visible"
    return Recording(
        clip, arrays["frames"], arrays["times_s"], arrays["frame_of_box"], arrays["boxes"], arrays["scores"],
        arrays["embeddings"], arrays["sharpness"], people, true_boxes, width, height, strong, similarity, extent,
    )  # fmt: skip


def _record(clip: Clip, bundles: Path, path: Path) -> None:
    models = load_models(bundles / clip.bundle, None, 1, TrackingConstants().low_score)
    assert models.embedder is not None and models.similarity_threshold is not None, "these bundles have re-ID"
    spec = models.manifest.detector
    video = VideoFile(clip.video)
    frames, times, owner = [], [], []
    boxes, scores = [np.zeros((0, 4), np.float32)], [np.zeros(0, np.float32)]
    embeddings = [models.embedder.embed([])]
    sharpness: list[float] = []
    for frame in tqdm(video.frames(clip.first_frame, clip.end_frame), desc=clip.name, unit="frame", disable=None):
        found = models.detector.detect(frame.picture_bgr)
        found = found.keep(found.class_ids == spec.person_class)
        frames.append(frame.index)
        times.append(frame.stream_time_s)
        owner += [frame.index] * len(found)
        boxes.append(found.boxes_xyxy_px)
        scores.append(found.scores)
        crops = person_crops(frame.picture_bgr, found)
        embeddings.append(models.embedder.embed(crops))
        sharpness += [_sharpness(crop) for crop in crops]
    thresholds = (spec.score_threshold, models.similarity_threshold)
    # The truth is kept along: a clip filmed anew must not be judged by it, nor this one by a new truth.
    frame_of_box, all_boxes = np.array(owner, np.int64), np.concatenate(boxes)
    people, counts = _truth(clip, frame_of_box, all_boxes, np.array(frames), spec.box_extent)
    np.savez(
        path,
        person_of_box=np.array(people, np.str_),
        true_people=np.array(list(counts), np.str_),
        true_boxes=np.array(list(counts.values()), np.int64),
        frames=np.array(frames), times_s=np.array(times), frame_of_box=frame_of_box,
        boxes=all_boxes, scores=np.concatenate(scores), embeddings=np.concatenate(embeddings),
        sharpness=np.array(sharpness, np.float32),
        size=np.array([video.width_px, video.height_px]), thresholds=np.array(thresholds),
        whole_bodies=np.array(spec.box_extent == "whole_body"),
    )  # fmt: skip


def _sharpness(crop_bgr: FrameBgr) -> float:
    small = cv2.resize(crop_bgr, (64, 128), interpolation=cv2.INTER_AREA if len(crop_bgr) > 128 else cv2.INTER_LINEAR)
    return float(cv2.Laplacian(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), cv2.CV_32F).var())


def _truth(
    clip: Clip,
    frame_of_box: npt.NDArray[np.int64],
    boxes: npt.NDArray[np.float32],
    frames: npt.NDArray[np.int64],
    box_extent: BoxExtent,
) -> tuple[tuple[str, ...], dict[str, int]]:
    """Who is in each box (one to one, IoU 0.5), and how many boxes in view each person has in the frames."""
    names: dict[int, list[str]] = defaultdict(list)
    true: dict[int, list[npt.NDArray[np.float32]]] = defaultdict(list)
    counts: Counter[str] = Counter()
    if clip.truth.name.startswith("pets"):
        for index, people in read_true_paths(clip.truth, PETS_SCALE, int(frames[0]), int(frames[-1]) + 1).items():
            names[index], true[index] = list(people.names), list(people.boxes_xyxy_px)
            counts.update(people.names)
    else:
        visible = read_true_boxes(clip.truth)
        counts.update(box.person_id for box in visible if box.in_view)
        whole = clip.truth.with_name(clip.truth.name.replace(".gt.", ".amodal."))
        for box in read_true_boxes(whole) if box_extent == "whole_body" else visible:
            names[box.frame_index].append(box.person_id)
            true[box.frame_index].append(np.array(box.xyxy_px, np.float32))
    found = [""] * len(boxes)
    for index in np.unique(frame_of_box):
        rows = np.flatnonzero(frame_of_box == index)
        if not true.get(int(index)):
            continue
        overlap = iou_matrix(boxes[rows], np.stack(true[int(index)]))
        for i, j in zip(*linear_sum_assignment(overlap, maximize=True), strict=True):
            if overlap[i, j] >= LEAST_IOU:
                found[rows[i]] = names[int(index)][j]
    return tuple(found), dict(counts)


def detections(recording: Recording, rows: slice) -> Detections:
    """The boxes of one frame."""
    scores = recording.scores[rows]
    return Detections(recording.boxes_xyxy_px[rows], scores, np.zeros(len(scores), np.int64))
