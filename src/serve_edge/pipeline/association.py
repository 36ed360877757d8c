"""Which detection is which track."""

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from dongsun.contract.detections import iou_matrix

Boxes = npt.NDArray[np.float64]
"""float64 (n, 4), xyxy in pixels."""
Scores = npt.NDArray[np.float64]


def overlap_scores(predicted_xyxy_px: Boxes, seen_xyxy_px: Boxes, bottom_hidden: npt.NDArray[np.bool_]) -> Scores:
    """How well each predicted box (n, 4) fits each detection (m, 4): IoU less squared normalised distance, in (-1, 1].

    The distance term (Zheng et al., *Distance-IoU*, AAAI 2020) settles ties and reaches past boxes that just miss each
    other. A detection whose bottom is hidden is compared with the prediction cut at the same height: hidden legs must
    not lose a person. Distances are between the boxes' top centres, which hidden legs don't move.
    """
    if not len(predicted_xyxy_px) or not len(seen_xyxy_px):
        return np.zeros((len(predicted_xyxy_px), len(seen_xyxy_px)))
    overlap = iou_matrix(predicted_xyxy_px.astype(np.float32), seen_xyxy_px.astype(np.float32)).astype(np.float64)
    for j in np.flatnonzero(bottom_hidden):
        cut = predicted_xyxy_px.copy()
        cut[:, 3] = np.minimum(cut[:, 3], seen_xyxy_px[j, 3])
        cut[:, 3] = np.maximum(cut[:, 3], cut[:, 1] + 1)
        alone = iou_matrix(cut.astype(np.float32), seen_xyxy_px[j : j + 1].astype(np.float32))[:, 0]
        overlap[:, j] = np.maximum(overlap[:, j], alone)
    p, s = predicted_xyxy_px[:, None], seen_xyxy_px[None]
    dx = (p[..., 0] + p[..., 2] - s[..., 0] - s[..., 2]) / 2
    dy = p[..., 1] - s[..., 1]
    diagonal2 = (np.maximum(p[..., 2], s[..., 2]) - np.minimum(p[..., 0], s[..., 0])) ** 2 + (
        np.maximum(p[..., 3], s[..., 3]) - np.minimum(p[..., 1], s[..., 1])
    ) ** 2
    return np.asarray(overlap - (dx**2 + dy**2) / np.maximum(diagonal2, 1e-9))


def best_pairs(scores: Scores, least: float) -> list[tuple[int, int]]:
    """The one-to-one pairing of greatest total score (Hungarian method) among pairs of at least `least`.

    Args:
        scores: float64 (n, m).
        least: Pairs below it are never made.

    Returns:
        (row, column) pairs, rows ascending.
    """
    if scores.size == 0:
        return []
    allowed = scores >= least
    # A forbidden pair is worth no more than leaving both alone, so that it never displaces an allowed one.
    gain = np.where(allowed, scores, least) - least + np.where(allowed, 1e-6, 0.0)
    rows, columns = linear_sum_assignment(gain, maximize=True)
    return [(int(r), int(c)) for r, c in zip(rows, columns, strict=True) if allowed[r, c]]
