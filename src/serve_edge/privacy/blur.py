"""Making a region of a picture unrecognisable, for good."""

import cv2
import numpy as np
import numpy.typing as npt

from dongsun.contract.preprocess import FrameBgr

_FACE_CELLS = 4
"""Cells across a face: 4 × 4 colours hold no likeness (people fail to recognise familiar faces below about 10 × 10)."""
_FACE_MARGIN = 0.35
"""Face boxes end at brows and chin; this share of their size more covers hair, ears and a box set badly."""
_PERSON_MARGIN = 0.08
"""Person boxes are a few per cent off; the head lies at their very edge."""
_LEAST_CELL_PX = 4.0
"""A face of a few pixels must lose them all the same."""
_PERSON_CELLS_TALL = 10
"""Cells down a whole person: a head (1/7.5 of the height) gets one or two."""

Box = npt.NDArray[np.float64]


def hide_face(picture_bgr: FrameBgr, face_xyxy_px: Box) -> None:
    """Hides a face and a margin about it, in place."""
    box = _grown(face_xyxy_px, _FACE_MARGIN)
    side = max(box[2] - box[0], box[3] - box[1])
    _mosaic(picture_bgr, box, side / (_FACE_CELLS * (1 + 2 * _FACE_MARGIN)))


def hide_person(picture_bgr: FrameBgr, person_xyxy_px: Box) -> None:
    """Hides a whole person, in place."""
    box = _grown(person_xyxy_px, _PERSON_MARGIN)
    # A box that is cut may hold little but a head: then its width rules.
    cell = max((box[3] - box[1]) / _PERSON_CELLS_TALL, (box[2] - box[0]) / _FACE_CELLS)
    _mosaic(picture_bgr, box, cell)


def _mosaic(picture_bgr: FrameBgr, box: Box, cell_px: float) -> None:
    """Averages cells, then smooths them over: what averaging lost can't be computed back; no block edges distract."""
    height, width = picture_bgr.shape[:2]
    x0, y0 = max(int(np.floor(box[0])), 0), max(int(np.floor(box[1])), 0)
    x1, y1 = min(int(np.ceil(box[2])), width), min(int(np.ceil(box[3])), height)
    if x1 <= x0 or y1 <= y0:
        return
    region = picture_bgr[y0:y1, x0:x1]
    cell_px = max(cell_px, _LEAST_CELL_PX)
    cells = (max(1, int((x1 - x0) // cell_px)), max(1, int((y1 - y0) // cell_px)))
    coarse = cv2.resize(region, cells, interpolation=cv2.INTER_AREA)
    picture_bgr[y0:y1, x0:x1] = cv2.resize(coarse, (x1 - x0, y1 - y0), interpolation=cv2.INTER_LINEAR)


def _grown(box: Box, share: float) -> Box:
    dx, dy = (box[2] - box[0]) * share, (box[3] - box[1]) * share
    return np.array([box[0] - dx, box[1] - dy, box[2] + dx, box[3] + dy])
