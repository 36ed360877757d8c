"""Identity metrics of tracks against true paths."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from dongsun.contract.detections import iou_matrix


@dataclass(frozen=True)
class NamedBoxes:
    """Boxes of one frame with the name of each.

    Attributes:
        names: One a box, unique in the frame.
        boxes_xyxy_px: float32 (n, 4).
    """

    names: tuple[str, ...]
    boxes_xyxy_px: npt.NDArray[np.float32]

    def __post_init__(self) -> None:
        if self.boxes_xyxy_px.shape != (len(self.names), 4):
            raise ValueError(f"{len(self.names)} names need boxes ({len(self.names)}, 4)")


@dataclass(frozen=True)
class TrackingMetrics:
    """How much of the people's paths is covered under one name each.

    Attributes:
        idf1: 2 IDTP / (true boxes + tracked boxes).
        id_precision: IDTP / tracked boxes.
        id_recall: IDTP / true boxes.
        true_people: Names in the truth.
        tracks: Names among the tracks.
    """

    idf1: float
    id_precision: float
    id_recall: float
    true_people: int
    tracks: int


def evaluate_tracks(
    tracked: Mapping[int, NamedBoxes], true: Mapping[int, NamedBoxes], *, least_iou: float = 0.5
) -> TrackingMetrics:
    """IDF1 by the best one-to-one assignment of tracks to people over the whole recording.

    Source: Ristani et al., *Performance Measures and a Data Set for Multi-Target, Multi-Camera Tracking*, 2016. Every
    pair of a track and a person scores the frames in which their boxes overlap by `least_iou`; the assignment with
    the greatest sum gives IDTP.

    Args:
        tracked: Frame index → tracked boxes.
        true: Frame index → true boxes.
        least_iou: Inclusive.
    """
    shared: Counter[tuple[str, str]] = Counter()
    for frame, boxes in tracked.items():
        if frame in true:
            overlaps = iou_matrix(boxes.boxes_xyxy_px, true[frame].boxes_xyxy_px) >= least_iou
            shared.update((boxes.names[t], true[frame].names[p]) for t, p in zip(*np.nonzero(overlaps), strict=True))
    tracks = sorted({name for boxes in tracked.values() for name in boxes.names})
    people = sorted({name for boxes in true.values() for name in boxes.names})
    score = np.array([[shared[track, person] for person in people] for track in tracks])
    score = score.reshape(len(tracks), len(people))
    right = int(score[linear_sum_assignment(score, maximize=True)].sum())
    tracked_boxes = sum(len(boxes.names) for boxes in tracked.values())
    true_boxes = sum(len(boxes.names) for boxes in true.values())
    return TrackingMetrics(
        idf1=2 * right / (tracked_boxes + true_boxes) if tracked_boxes + true_boxes else 1.0,
        id_precision=right / tracked_boxes if tracked_boxes else 0.0,
        id_recall=right / true_boxes if true_boxes else 0.0,
        true_people=len(people),
        tracks=len(tracks),
    )
