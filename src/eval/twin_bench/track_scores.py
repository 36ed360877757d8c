"""How well tracks hold on to people: HOTA, CLEAR MOT and identity scores, computed by TrackEval."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment
from trackeval.metrics import CLEAR, HOTA, Identity

from dongsun.contract.detections import iou_matrix
from dongsun.eval.tracking_metrics import NamedBoxes

_LEAST_IOU = 0.5
_EMPTY = NamedBoxes((), np.zeros((0, 4), np.float32))


@dataclass(frozen=True)
class TrackScores:
    """Of one camera.

    Attributes:
        hota, det_a, ass_a: Higher order tracking accuracy and its two halves, mean over IoU .05 to .95.
        mota: CLEAR MOT accuracy at IoU 0.5.
        idf1: Identity F1 at IoU 0.5.
        id_switches: Times that a person's track changed.
        true_boxes: Boxes judged.
    """

    hota: float
    det_a: float
    ass_a: float
    mota: float
    idf1: float
    id_switches: int
    true_boxes: int


def score_tracks(tracked: Mapping[int, NamedBoxes], true: Mapping[int, NamedBoxes], frames: int) -> TrackScores | None:
    """Scores tracks against true paths; None where nobody was to be seen.

    Sources: Luiten et al., *HOTA*, IJCV 2020; Bernardin & Stiefelhagen, *CLEAR MOT*, 2008; Ristani et al., 2016;
    as implemented by TrackEval.

    Args:
        tracked: Frame index → tracked boxes.
        true: Frame index → true boxes.
        frames: How many frames there are, from index 0.
    """
    data = _sequence(tracked, true, frames)
    if data["num_gt_dets"] == 0:
        return None
    quiet = {"PRINT_CONFIG": False}
    hota = HOTA().eval_sequence(data)
    clear = CLEAR(quiet).eval_sequence(data)
    identity = Identity(quiet).eval_sequence(data)
    return TrackScores(
        hota=float(np.mean(hota["HOTA"])),
        det_a=float(np.mean(hota["DetA"])),
        ass_a=float(np.mean(hota["AssA"])),
        mota=float(clear["MOTA"]),
        idf1=float(identity["IDF1"]),
        id_switches=int(clear["IDSW"]),
        true_boxes=int(data["num_gt_dets"]),
    )


def without_ignored(
    tracked: Mapping[int, NamedBoxes], true: Mapping[int, NamedBoxes], ignored: Mapping[int, NamedBoxes]
) -> dict[int, NamedBoxes]:
    """Tracks without the boxes that lie on somebody who needn't be found, as MOTChallenge treats distractors.

    Boxes are matched one to one to true and ignored people at once, so that a box on a judged person stays.
    """
    kept = {}
    for frame, boxes in tracked.items():
        spare = ignored.get(frame, _EMPTY)
        judged = true.get(frame, _EMPTY)
        people = np.concatenate([judged.boxes_xyxy_px, spare.boxes_xyxy_px])
        overlap = iou_matrix(boxes.boxes_xyxy_px, people)
        rows, columns = linear_sum_assignment(np.where(overlap >= _LEAST_IOU, overlap, 0.0), maximize=True)
        dropped = {
            int(r) for r, c in zip(rows, columns, strict=True) if overlap[r, c] >= _LEAST_IOU and c >= len(judged.names)
        }
        stays = [k for k in range(len(boxes.names)) if k not in dropped]
        kept[frame] = NamedBoxes(tuple(boxes.names[k] for k in stays), boxes.boxes_xyxy_px[stays])
    return kept


def _sequence(tracked: Mapping[int, NamedBoxes], true: Mapping[int, NamedBoxes], frames: int) -> dict[str, Any]:
    """What TrackEval's metric classes want of one sequence."""
    people, tracks = _numbers(true), _numbers(tracked)
    at = [(true.get(f, _EMPTY), tracked.get(f, _EMPTY)) for f in range(frames)]
    return {
        "num_timesteps": frames,
        "num_gt_ids": len(people),
        "num_tracker_ids": len(tracks),
        "num_gt_dets": sum(len(t.names) for t, _ in at),
        "num_tracker_dets": sum(len(p.names) for _, p in at),
        "gt_ids": [_ids(t, people) for t, _ in at],
        "tracker_ids": [_ids(p, tracks) for _, p in at],
        "similarity_scores": [
            iou_matrix(t.boxes_xyxy_px, p.boxes_xyxy_px).astype(np.float64).reshape(len(t.names), len(p.names))
            for t, p in at
        ],
    }


def _numbers(paths: Mapping[int, NamedBoxes]) -> dict[str, int]:
    names = sorted({name for boxes in paths.values() for name in boxes.names})
    return {name: k for k, name in enumerate(names)}


def _ids(boxes: NamedBoxes, numbers: Mapping[str, int]) -> npt.NDArray[np.int64]:
    return np.array([numbers[name] for name in boxes.names], dtype=np.int64)
