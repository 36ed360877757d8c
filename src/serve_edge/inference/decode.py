"""Raw detector outputs → detections in frame pixels. numpy only; export's parity check uses it too."""

import numpy as np
import numpy.typing as npt

from dongsun.contract.bundle import DetectorOutput
from dongsun.contract.detections import Detections, iou_matrix
from dongsun.contract.preprocess import Letterbox

RawOutput = npt.NDArray[np.float32]

MAX_DETECTIONS = 300
"""Kept per picture, best first. COCO's protocol scores at most 100; a shop camera never sees 300 people."""

_BLOCK = 200


def decode_detections(
    raw: RawOutput, output: DetectorOutput, fit: Letterbox, *, classes: int, score_floor: float, nms_iou: float
) -> Detections:
    """Turns one picture's raw output into detections, best score first.

    Args:
        raw: `end2end_xyxy_score_class`: (1, k, 6); `raw_cxcywh_scores`: (1, 4 + classes, anchors). Input pixels.
        output: Which of the two it is.
        fit: How the frame was fitted into the input.
        classes: Number of classes of the model.
        score_floor: Detections below it are dropped.
        nms_iou: Overlap above which the weaker box of a class is suppressed (raw outputs only).

    Raises:
        ValueError: `raw` has another shape than `output` says.
    """
    if output == "end2end_xyxy_score_class":
        boxes, scores, class_ids = _end2end(raw, score_floor)
    else:
        boxes, scores, class_ids = _anchors(raw, classes, score_floor)
    order = np.argsort(-scores, kind="stable")
    boxes, scores, class_ids = boxes[order], scores[order], class_ids[order]
    if output == "raw_cxcywh_scores":
        kept = non_maximum_suppression(boxes, class_ids, nms_iou)
        boxes, scores, class_ids = boxes[kept], scores[kept], class_ids[kept]
    boxes = fit.to_frame(boxes[:MAX_DETECTIONS])
    found = Detections(boxes, scores[:MAX_DETECTIONS].astype(np.float32), class_ids[:MAX_DETECTIONS].astype(np.int64))
    # A box wholly in the letterbox border clips to nothing.
    return found.keep((boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1]))


def non_maximum_suppression(
    boxes_xyxy: npt.NDArray[np.float32], class_ids: npt.NDArray[np.int64], iou_limit: float
) -> npt.NDArray[np.int64]:
    """Greedy, class-aware suppression of boxes (n, 4) given best score first.

    Returns:
        int64 (k,): indices kept, ascending. A box goes if it overlaps a kept, better one of its class by more than
        `iou_limit`.
    """
    kept: list[int] = []
    remaining = np.arange(len(boxes_xyxy))

    def clash(rows: npt.NDArray[np.int64], columns: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        overlap = iou_matrix(boxes_xyxy[rows], boxes_xyxy[columns])
        return np.asarray(~(overlap <= iou_limit) & (class_ids[rows, None] == class_ids[None, columns]))

    while len(remaining):
        # All pairs of the best at once; in blocks, since evaluation keeps thousands of weak boxes.
        block, rest = remaining[:_BLOCK], remaining[_BLOCK:]
        clashes, gone = clash(block, block), np.zeros(len(block), bool)
        chosen: list[int] = []
        for place in range(len(block)):
            if not gone[place]:
                chosen.append(place)
                gone |= clashes[place]
        better = block[chosen]
        kept.extend(better.tolist())
        remaining = rest[~clash(better, rest).any(axis=0)] if len(rest) else rest
    return np.array(kept, dtype=np.int64)


def _end2end(
    raw: RawOutput, score_floor: float
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    if raw.ndim != 3 or raw.shape[0] != 1 or raw.shape[2] != 6:
        raise ValueError(f"an end-to-end output is (1, k, 6), got {raw.shape}")
    rows = raw[0]
    rows = rows[rows[:, 4] >= score_floor]
    return rows[:, :4].astype(np.float32), rows[:, 4].astype(np.float32), rows[:, 5].astype(np.int64)


def _anchors(
    raw: RawOutput, classes: int, score_floor: float
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    if raw.ndim != 3 or raw.shape[0] != 1 or raw.shape[1] != 4 + classes:
        raise ValueError(f"a raw output of {classes} classes is (1, {4 + classes}, anchors), got {raw.shape}")
    best = raw[0, 4:].max(axis=0)
    chosen = np.flatnonzero(best >= score_floor)
    columns = raw[0][:, chosen]
    class_ids = columns[4:].argmax(axis=0)
    centre, size = columns[:2].T, columns[2:4].T
    boxes = np.concatenate([centre - size / 2, centre + size / 2], axis=1)
    return boxes.astype(np.float32), best[chosen].astype(np.float32), class_ids.astype(np.int64)
