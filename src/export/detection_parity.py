"""How near two forms of one detector come, output by output and box by box."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dongsun.contract.bundle import DetectorSpec
from dongsun.contract.detections import Detections, iou_matrix
from dongsun.contract.preprocess import Batch, Letterbox
from dongsun.export.runners import RawOutput, Run, in_batches
from dongsun.serve_edge.inference.decode import decode_detections

_MATCH_IOU = 0.5


@dataclass(frozen=True)
class DetectionParity:
    """A form of a detector against PyTorch on the same inputs.

    Attributes:
        score_difference: Largest difference of a score over all outputs (ranked scores for end-to-end outputs).
        matched: Share of PyTorch's confident boxes that the form finds too, at IoU 0.5; 1.0 where there are none.
        mean_iou: Of the matched boxes; 1.0 where there are none.
        confident: PyTorch's confident boxes compared.
        batch_gap: Largest difference of a score between batch 8 and batch 1 of the form itself.
        worst_input: Index of the input that agrees least.
    """

    score_difference: float
    matched: float
    mean_iou: float
    confident: int
    batch_gap: float
    worst_input: int


def detection_parity(reference: RawOutput, run: Run, batch: Batch, spec: DetectorSpec) -> DetectionParity:
    """Compares `run` on `batch` (n, 3, h, w) with PyTorch's outputs `reference` for the same batch."""
    single, eight = in_batches(run, batch, 1), in_batches(run, batch, 8)
    differences = np.abs(_scores(single, spec) - _scores(reference, spec)).reshape(len(batch), -1).max(axis=1)
    overlaps = [
        matched_iou(_decoded(one, spec), _decoded(other, spec), spec.score_threshold)
        for one, other in zip(reference, single, strict=True)
    ]
    all_overlaps = np.concatenate(overlaps)
    matched = all_overlaps >= _MATCH_IOU
    missing = np.array([int((o < _MATCH_IOU).sum()) for o in overlaps])
    return DetectionParity(
        score_difference=float(differences.max()),
        matched=float(matched.mean()) if len(matched) else 1.0,
        mean_iou=float(all_overlaps[matched].mean()) if matched.any() else 1.0,
        confident=len(matched),
        batch_gap=float(np.abs(_scores(eight, spec) - _scores(single, spec)).max()),
        worst_input=int(np.lexsort((differences, missing))[-1]),
    )


def matched_iou(reference: Detections, given: Detections, score_threshold: float) -> np.ndarray:
    """For every box of `reference` at or above the threshold: IoU with the best box of its class in `given`.

    `given` may hold weaker detections: a score that slips below the threshold is no lost box.

    Returns:
        float32 (k,), 0 where nothing of the class was found.
    """
    confident = reference.keep(reference.scores >= score_threshold)
    if not len(given):
        return np.zeros(len(confident), np.float32)
    overlap = iou_matrix(confident.boxes_xyxy_px, given.boxes_xyxy_px)
    overlap[confident.class_ids[:, None] != given.class_ids[None, :]] = 0
    return np.asarray(overlap.max(axis=1), dtype=np.float32)


def disagreements(
    reference: Sequence[Detections], given: Sequence[Detections], score_threshold: float
) -> tuple[int, ...]:
    """Per frame: confident boxes that one of the two found and the other did not, at IoU 0.5."""
    return tuple(
        int((matched_iou(one, other, score_threshold) < _MATCH_IOU).sum())
        + int((matched_iou(other, one, score_threshold) < _MATCH_IOU).sum())
        for one, other in zip(reference, given, strict=True)
    )


def _scores(raw: RawOutput, spec: DetectorSpec) -> RawOutput:
    """float32 (n, …): class scores, or the ranked scores of an end-to-end output (boxes of equal score may swap)."""
    return raw[:, :, 4] if spec.output == "end2end_xyxy_score_class" else raw[:, 4:]


def _decoded(row: RawOutput, spec: DetectorSpec) -> Detections:
    whole = Letterbox(1.0, 0, 0, spec.input.width_px, spec.input.height_px)
    return decode_detections(
        row[None],
        spec.output,
        whole,
        classes=len(spec.class_names),
        score_floor=spec.score_threshold / 2,
        nms_iou=spec.nms_iou,
    )
