"""Detection metrics of the person class, by pycocotools."""

import contextlib
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from dongsun.contract.detections import Detections
from dongsun.contract.errors import DongsunError

_MOST_DETECTIONS = 300
_PERSON = 1


@dataclass(frozen=True)
class FrameTruth:
    """Who really stands in one frame, in its pixels.

    Attributes:
        boxes_xyxy_px: float32 (n, 4).
        ignored: bool (n,): too small or too hidden to be asked for. Such a box is neither missed nor, where a
            detection lies in it, a false alarm.
    """

    boxes_xyxy_px: npt.NDArray[np.float32]
    ignored: npt.NDArray[np.bool_]

    def __post_init__(self) -> None:
        if self.boxes_xyxy_px.shape != (len(self.ignored), 4):
            raise ValueError(f"truth needs boxes (n, 4) and flags (n,); got {self.boxes_xyxy_px.shape}")

    @staticmethod
    def judged(
        boxes_xyxy_px: npt.NDArray[np.float32],
        visibility: npt.NDArray[np.float32] | None = None,
        *,
        min_height_px: float = 0.0,
        min_visibility: float = 0.0,
    ) -> "FrameTruth":
        """Truth whose boxes lower than `min_height_px` or less visible than `min_visibility` are ignored."""
        heights = boxes_xyxy_px[:, 3] - boxes_xyxy_px[:, 1]
        ignored = heights < min_height_px
        if visibility is not None:
            ignored = ignored | (visibility < min_visibility)
        return FrameTruth(np.asarray(boxes_xyxy_px, dtype=np.float32), np.asarray(ignored, dtype=np.bool_))


@dataclass(frozen=True)
class DetectionMetrics:
    """Of the person class, in [0, 1].

    Attributes:
        map50: Average precision at IoU 0.5, interpolated at 101 recalls as COCO does.
        map50_95: Mean of the average precision at IoU 0.50, 0.55 … 0.95.
        precision, recall: At IoU 0.5, of detections with a score of at least `score_threshold`. Precision is 0 where
            nothing was detected.
        score_threshold: Of `precision` and `recall`.
        precision_by_recall: Precision at recalls 0, 0.01 … 1 (101 values), IoU 0.5: the curve to plot.
        frames: Frames judged.
        people: True boxes asked for.
        ignored: True boxes not asked for.
    """

    map50: float
    map50_95: float
    precision: float
    recall: float
    score_threshold: float
    precision_by_recall: tuple[float, ...]
    frames: int
    people: int
    ignored: int


def evaluate_detections(
    detections: Sequence[Detections],
    truth: Sequence[FrameTruth],
    *,
    score_threshold: float,
    person_class: int | None = None,
) -> DetectionMetrics:
    """Compares detections with truth, frame by frame.

    Matching is COCO's: by falling score, each detection takes the free true box of highest IoU. Ignored boxes are
    COCO's crowd boxes: overlap with them is intersection over the detection's area, and any number of detections may
    fall in. Give detections down to a low score (0.001 or so), or the average precision is cut short.

    Args:
        detections: One a frame.
        truth: One a frame, same order.
        score_threshold: At which precision and recall are told.
        person_class: Keep the detections of this class only; None keeps all.

    Raises:
        DongsunError: The sequences differ in length, or no true box is asked for.
    """
    _refuse_unusable(detections, truth)
    wanted = [d if person_class is None else d.keep(d.class_ids == person_class) for d in detections]
    # pycocotools prints its progress; ours is told by the caller.
    with contextlib.redirect_stdout(io.StringIO()):
        judge = _judge(wanted, truth)
    precision = judge.eval["precision"][:, :, 0, 0, 0]
    at_threshold = _precision_and_recall(judge.evalImgs, score_threshold)
    return DetectionMetrics(
        map50=float(precision[0].mean()),
        map50_95=float(precision.mean()),
        precision=at_threshold[0],
        recall=at_threshold[1],
        score_threshold=score_threshold,
        precision_by_recall=tuple(float(value) for value in precision[0]),
        frames=len(truth),
        people=int(sum((~frame.ignored).sum() for frame in truth)),
        ignored=int(sum(frame.ignored.sum() for frame in truth)),
    )


def _judge(detections: Sequence[Detections], truth: Sequence[FrameTruth]) -> Any:
    annotations = [
        _annotation(image_id, box, iscrowd=int(ignored))
        for image_id, frame in enumerate(truth)
        for box, ignored in zip(frame.boxes_xyxy_px, frame.ignored, strict=True)
    ]
    results = [
        {**_annotation(image_id, box, iscrowd=0), "score": float(score)}
        for image_id, frame in enumerate(detections)
        for box, score in zip(frame.boxes_xyxy_px, frame.scores, strict=True)
    ]
    judge = COCOeval(_dataset(annotations, len(truth)), _dataset(results, len(truth)), "bbox")
    judge.params.maxDets = [_MOST_DETECTIONS]
    judge.params.areaRng = [[0.0, 1e10]]
    judge.params.areaRngLbl = ["all"]
    judge.evaluate()
    judge.accumulate()
    return judge


def _dataset(annotations: Iterable[dict[str, Any]], images: int) -> Any:
    dataset = COCO()
    dataset.dataset = {
        "images": [{"id": image_id} for image_id in range(images)],
        "categories": [{"id": _PERSON, "name": "person"}],
        # Ids start at 1: COCOeval takes a match with id 0 for no match.
        "annotations": [{**annotation, "id": i} for i, annotation in enumerate(annotations, start=1)],
    }
    dataset.createIndex()
    return dataset


def _annotation(image_id: int, box_xyxy_px: npt.NDArray[np.float32], iscrowd: int) -> dict[str, Any]:
    x0, y0, x1, y1 = (float(value) for value in box_xyxy_px)
    width, height = x1 - x0, y1 - y0
    return {
        "image_id": image_id,
        "category_id": _PERSON,
        "bbox": [x0, y0, width, height],
        "area": width * height,
        "iscrowd": iscrowd,
    }


def _precision_and_recall(
    judged_images: Iterable[dict[str, Any] | None], score_threshold: float
) -> tuple[float, float]:
    right = wrong = asked = 0
    for image in judged_images:
        if image is None:
            continue
        counted = ~image["dtIgnore"][0].astype(bool) & (np.asarray(image["dtScores"]) >= score_threshold)
        matched = image["dtMatches"][0] > 0
        right += int((counted & matched).sum())
        wrong += int((counted & ~matched).sum())
        asked += int((~np.asarray(image["gtIgnore"], dtype=bool)).sum())
    return (right / (right + wrong) if right + wrong else 0.0), right / asked


def _refuse_unusable(detections: Sequence[Detections], truth: Sequence[FrameTruth]) -> None:
    if len(detections) != len(truth):
        raise DongsunError(
            expected="one Detections for every frame of truth",
            got=f"{len(detections)} and {len(truth)}",
            where="detection evaluation",
            mend="detect on every frame that has truth",
        )
    if not any((~frame.ignored).any() for frame in truth):
        raise DongsunError(
            expected="at least one person that a detector is asked to find",
            got=f"{len(truth)} frames without any",
            where="detection evaluation",
            mend="check the test split's labels, min_height_px and min_visibility",
        )
