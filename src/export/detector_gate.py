"""The detector's task metric in every form that could ship, through the station's own runtime."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from dongsun.contract.bundle import DetectorSpec
from dongsun.contract.detections import Detections
from dongsun.contract.errors import DongsunError
from dongsun.contract.preprocess import FrameBgr, letterboxed
from dongsun.eval.detection_metrics import FrameTruth, evaluate_detections
from dongsun.eval.embed_manifest import read_picture_bgr
from dongsun.export.detection_parity import disagreements
from dongsun.export.runners import Run
from dongsun.serve_edge.inference.decode import decode_detections

Detect = Callable[[FrameBgr], Detections]
SCORE_FLOOR = 0.001
"""Low, or the precision-recall curve is cut short."""
_SURE = 0.5
_NAMED = 5


@dataclass(frozen=True)
class GateFrames:
    """Frames with something to hold detections against.

    Attributes:
        split: `validation`, `test`, or `calibration` where nothing is labelled.
        paths: The pictures.
        truth: One a picture; None where nothing is labelled and FP32's own boxes stand in.
    """

    split: str
    paths: tuple[Path, ...]
    truth: tuple[FrameTruth, ...] | None


@dataclass(frozen=True)
class DetectorScore:
    """Task metric of one form on one split.

    Attributes:
        map50: In [0, 1].
        map50_95: In [0, 1].
        detections: One a frame, from `SCORE_FLOOR` on.
    """

    map50: float
    map50_95: float
    detections: tuple[Detections, ...]


def detect_all(detect: Detect, frames: GateFrames, form: str) -> tuple[Detections, ...]:
    """Runs a detector over the frames, with progress."""
    bar = tqdm(frames.paths, desc=f"{form} on {frames.split}", unit="frame", disable=None)
    return tuple(detect(read_picture_bgr(path)) for path in bar)


def detector_score(
    detections: tuple[Detections, ...], frames: GateFrames, reference: Sequence[Detections], spec: DetectorSpec
) -> DetectorScore:
    """mAP of `detections` against the truth, or against the confident boxes of `reference` where there is none."""
    truth = frames.truth or _stand_ins(reference, frames, spec)
    metrics = evaluate_detections(
        detections, truth, score_threshold=spec.score_threshold, person_class=spec.person_class
    )
    return DetectorScore(metrics.map50, metrics.map50_95, detections)


def refuse_drop(
    before: DetectorScore, after: DetectorScore, frames: GateFrames, spec: DetectorSpec, limit_points: float, form: str
) -> None:
    """Refuses a form that lost more than the limit.

    Raises:
        DongsunError: It names the frames whose boxes differ most.
    """
    drop = 100 * (before.map50 - after.map50)
    if drop <= limit_points:
        return
    counts = np.array(disagreements(before.detections, after.detections, spec.score_threshold))
    worst = [index for index in np.argsort(-counts, kind="stable")[:_NAMED] if counts[index]]
    named = ", ".join(f"{frames.paths[index]} ({counts[index]} boxes)" for index in worst)
    raise DongsunError(
        expected=f"a drop of at most {limit_points} points of mAP50 from FP32 to {form}",
        got=f"{drop:.2f} points ({100 * before.map50:.2f} to {100 * after.map50:.2f}) on {len(frames.paths)} frames "
        f"of {frames.split}; most different: {named or 'none by more than a score'}",
        where=f"parity gate of the detector, {frames.split}",
        mend="calibrate on frames like these, keep export.accuracy_control on, ship FP32 "
        "(export.shipped_detector=FP32), or raise export.limits.map50_points knowingly",
    )


def framed(run: Run, spec: DetectorSpec) -> Detect:
    """Wraps a raw model (PyTorch, ONNX) in the station's own preprocessing and decoding."""

    def detect(frame: FrameBgr) -> Detections:
        batch, fit = letterboxed(frame, spec.input)
        return decode_detections(
            run(batch),
            spec.output,
            fit,
            classes=len(spec.class_names),
            score_floor=SCORE_FLOOR,
            nms_iou=spec.nms_iou,
        )

    return detect


def _stand_ins(reference: Sequence[Detections], frames: GateFrames, spec: DetectorSpec) -> tuple[FrameTruth, ...]:
    truth = tuple(_confident_boxes(one, spec) for one in reference)
    if not any((~frame.ignored).any() for frame in truth):
        raise DongsunError(
            expected="people in the unlabelled frames, to compare INT8 with FP32 on",
            got=f"{len(frames.paths)} frames in which FP32 finds nobody with a score of {_SURE} or more",
            where=f"parity gate of the detector, {frames.split}",
            mend="give footage with people (export.detector_manifest), or ship FP32 (export.shipped_detector=FP32)",
        )
    return truth


def _confident_boxes(reference: Detections, spec: DetectorSpec) -> FrameTruth:
    """FP32's person boxes as truth; those neither sure nor weak are not asked for, because a nudge moves them."""
    people = reference.keep((reference.class_ids == spec.person_class) & (reference.scores >= spec.score_threshold / 2))
    return FrameTruth(people.boxes_xyxy_px, np.asarray(people.scores < max(_SURE, spec.score_threshold)))
