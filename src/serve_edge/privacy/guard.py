"""Hiding everyone in a picture before it may be written."""

import numpy as np
import numpy.typing as npt

from dongsun.contract.bundle import DetectorSpec
from dongsun.contract.detections import Detections
from dongsun.contract.preprocess import FrameBgr
from dongsun.serve_edge.privacy.blur import hide_face, hide_person
from dongsun.serve_edge.privacy.faces import FaceFinder, Faces

_HEAD_CLASS = "head"
_HEAD_SHARE = 0.4
"""A person's face lies in the upper part of the box, even of somebody bending or cut at the waist."""

Boxes = npt.NDArray[np.float64]


class PrivacyGuard:
    """Blurs every face, and the whole of everyone whose face isn't found: what it doesn't know, it hides.

    A face comes from the face model (over the whole picture and again over every person, enlarged) or is the head that
    the detector itself found. It vouches for one person only, in whose upper part it lies. Everybody without one is
    hidden whole: turned away, too small, seen badly, or not detected in this frame at all but expected by the tracker.

    Args:
        finder: Finds faces.
        detector: Of the bundle; tells whether it knows heads.
    """

    def __init__(self, finder: FaceFinder, detector: DetectorSpec) -> None:
        self._finder = finder
        self._person_class = detector.person_class
        names = detector.class_names
        self._head_class = names.index(_HEAD_CLASS) if _HEAD_CLASS in names else None

    def hide(self, picture_bgr: FrameBgr, found: Detections, expected_xyxy_px: Boxes) -> FrameBgr:
        """A copy of the picture with nobody recognisable in it.

        Args:
            picture_bgr: The picture.
            found: Every detection in it, weak ones too, all classes.
            expected_xyxy_px: Boxes (n, 4) where the tracker expects people that were not detected.
        """
        persons = found.boxes_xyxy_px[found.class_ids == self._person_class].astype(np.float64)
        faces = np.concatenate([self._finder.find(picture_bgr), self._heads(found)])
        faces = np.concatenate([faces, *(self._faces_of(picture_bgr, box) for box in persons)])
        hidden = picture_bgr.copy()
        vouched = _persons_with_face(persons, faces)
        for face in faces:
            hide_face(hidden, face)
        for box in persons[~vouched]:
            hide_person(hidden, box)
        for box in expected_xyxy_px:
            hide_person(hidden, box)
        return hidden

    def _heads(self, found: Detections) -> Faces:
        if self._head_class is None:
            return np.zeros((0, 4))
        return np.asarray(found.boxes_xyxy_px[found.class_ids == self._head_class], dtype=np.float64)

    def _faces_of(self, picture_bgr: FrameBgr, person: npt.NDArray[np.float64]) -> Faces:
        height, width = picture_bgr.shape[:2]
        x0, y0 = max(int(person[0]), 0), max(int(person[1]), 0)
        x1, y1 = min(int(np.ceil(person[2])), width), min(int(np.ceil(person[3])), height)
        faces = self._finder.find(picture_bgr[y0:y1, x0:x1])
        return np.asarray(faces + np.array([x0, y0, x0, y0]), dtype=np.float64)


def _persons_with_face(persons: Boxes, faces: Faces) -> npt.NDArray[np.bool_]:
    """Which persons (n, 4) have a face of their own among faces (m, 4): each face goes to the nearest head place."""
    vouched = np.zeros(len(persons), dtype=np.bool_)
    for x0, y0, x1, y1 in faces:
        x, y = (x0 + x1) / 2, (y0 + y1) / 2
        height = persons[:, 3] - persons[:, 1]
        inside = (persons[:, 0] <= x) & (x <= persons[:, 2])
        inside &= (persons[:, 1] <= y) & (y <= persons[:, 1] + _HEAD_SHARE * height)
        if inside.any():
            distance = np.hypot((persons[:, 0] + persons[:, 2]) / 2 - x, persons[:, 1] - y)
            vouched[int(np.where(inside, distance, np.inf).argmin())] = True
    return vouched
