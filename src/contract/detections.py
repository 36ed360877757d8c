"""Detections of one frame."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

BoxExtent = Literal["visible", "whole_body"]
"""What a person's box goes around: what can be seen of them, or the whole body with what furniture and others hide."""


@dataclass(frozen=True)
class Detections:
    """What a detector saw in one frame, in the frame's own pixels.

    Attributes:
        boxes_xyxy_px: float32 (n, 4), x right, y down, clipped to the frame.
        scores: float32 (n,), in [0, 1].
        class_ids: int64 (n,), index into the bundle's class names.
    """

    boxes_xyxy_px: npt.NDArray[np.float32]
    scores: npt.NDArray[np.float32]
    class_ids: npt.NDArray[np.int64]

    def __post_init__(self) -> None:
        n = len(self.scores)
        if self.boxes_xyxy_px.shape != (n, 4) or self.scores.shape != (n,) or self.class_ids.shape != (n,):
            raise ValueError(
                f"detections need boxes (n, 4), scores (n,), class_ids (n,); got {self.boxes_xyxy_px.shape}, "
                f"{self.scores.shape}, {self.class_ids.shape}"
            )
        if not np.isfinite(self.boxes_xyxy_px).all() or not np.isfinite(self.scores).all():
            raise ValueError("detections hold a value that is not finite")

    def __len__(self) -> int:
        return len(self.scores)

    def keep(self, mask: npt.NDArray[np.bool_]) -> "Detections":
        """The detections where `mask` (bool (n,)) is true, in the same order."""
        return Detections(self.boxes_xyxy_px[mask], self.scores[mask], self.class_ids[mask])

    @staticmethod
    def none() -> "Detections":
        """No detection at all."""
        return Detections(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int64))


def iou_matrix(a_xyxy: npt.NDArray[np.float32], b_xyxy: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Intersection over union of every pair: (n, 4) and (m, 4) → float32 (n, m)."""
    # Coordinate by coordinate: numpy is slow along an axis of two.
    ax0, ay0, ax1, ay1 = a_xyxy.T[:, :, None]
    bx0, by0, bx1, by1 = b_xyxy.T[:, None, :]
    width = np.maximum(np.minimum(ax1, bx1) - np.maximum(ax0, bx0), 0)
    height = np.maximum(np.minimum(ay1, by1) - np.maximum(ay0, by0), 0)
    intersection = width * height
    area_a = np.maximum(ax1 - ax0, 0) * np.maximum(ay1 - ay0, 0)
    area_b = np.maximum(bx1 - bx0, 0) * np.maximum(by1 - by0, 0)
    union = area_a + area_b - intersection
    return np.asarray(intersection / np.maximum(union, 1e-9), dtype=np.float32)
