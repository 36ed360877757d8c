"""Nobody recognisable is left in a picture: nothing fine survives, and what isn't known is hidden."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from dongsun.contract.bundle import DetectorSpec
from dongsun.contract.detections import Detections
from dongsun.contract.errors import DongsunError
from dongsun.contract.preprocess import InputSpec
from dongsun.serve_edge.privacy.blur import hide_face, hide_person
from dongsun.serve_edge.privacy.faces import FaceFinder
from dongsun.serve_edge.privacy.guard import PrivacyGuard

INPUT = InputSpec(height_px=64, width_px=64, channels="rgb", resize="letterbox", scale=1 / 255)
NOBODY = np.zeros((0, 4))


def spec(*names: str) -> DetectorSpec:
    return DetectorSpec(
        files={"FP32": "x"}, shipped_precision="FP32", input=INPUT, output="raw_cxcywh_scores", class_names=names,
        person_class=0, score_threshold=0.3,
    )  # fmt: skip


def found(*rows: tuple[float, float, float, float, int]) -> Detections:
    array = np.array(rows, np.float32).reshape(-1, 5)
    return Detections(array[:, :4], np.full(len(array), 0.9, np.float32), array[:, 4].astype(np.int64))


def texture() -> np.ndarray:
    """Every pixel unlike its neighbours: whatever survives shows."""
    return np.random.default_rng(0).integers(0, 256, (240, 320, 3), dtype=np.uint8)


def fine_energy(picture: np.ndarray, box: tuple[int, int, int, int]) -> float:
    x0, y0, x1, y1 = box
    return float(np.abs(cv2.Laplacian(picture[y0:y1, x0:x1].astype(np.float32), cv2.CV_32F)).mean())


@pytest.mark.parametrize("side", [6, 20, 60])
def test_no_detail_of_a_face_survives(side: int) -> None:
    picture, original = texture(), texture()
    hide_face(picture, np.array([100.0, 80, 100 + side, 80 + side]))
    box = (100, 80, 100 + side, 80 + side)
    assert fine_energy(picture, box) < 0.1 * fine_energy(original, box)


def test_two_faces_with_the_same_coarse_colours_come_out_the_same() -> None:
    """Irreversible: detail inside a cell doesn't reach the output at all."""
    a = np.full((120, 120, 3), 128, np.uint8)
    b = a.copy()
    b[::2, ::2], b[1::2, ::2] = 138, 118  # another fine pattern, the same mean over every 2×2
    b[::2, 1::2], b[1::2, 1::2] = 118, 138
    for picture in (a, b):
        hide_face(picture, np.array([30.0, 30, 90, 90]))
    inner = np.s_[36:84, 36:84]
    assert np.abs(a[inner].astype(int) - b[inner]).max() <= 2


def test_without_a_face_model_the_whole_person_is_hidden_and_the_rest_untouched() -> None:
    picture = texture()
    guard = PrivacyGuard(FaceFinder(None), spec("person"))
    hidden = guard.hide(picture, found((100, 50, 150, 200, 0)), NOBODY)
    assert fine_energy(hidden, (100, 50, 150, 200)) < 0.1 * fine_energy(picture, (100, 50, 150, 200))
    assert np.array_equal(hidden[:, :90], picture[:, :90])
    assert np.array_equal(picture, texture())  # the picture itself stays as it was


def test_a_head_vouches_for_its_own_person_only() -> None:
    picture = texture()
    guard = PrivacyGuard(FaceFinder(None), spec("person", "head"))
    with_head, without = (40, 50, 90, 200), (200, 50, 250, 200)
    hidden = guard.hide(picture, found((*with_head, 0), (*without, 0), (55, 52, 75, 75, 1)), NOBODY)
    assert fine_energy(hidden, (55, 52, 75, 75)) < 0.15 * fine_energy(picture, (55, 52, 75, 75))
    assert np.array_equal(hidden[120:190, 45:85], picture[120:190, 45:85])  # the body may be seen
    assert fine_energy(hidden, without) < 0.1 * fine_energy(picture, without)


def test_a_head_low_in_the_box_is_somebody_else_s() -> None:
    picture = texture()
    guard = PrivacyGuard(FaceFinder(None), spec("person", "head"))
    hidden = guard.hide(picture, found((100, 20, 160, 220, 0), (120, 150, 140, 170, 1)), NOBODY)
    assert fine_energy(hidden, (100, 20, 160, 220)) < 0.1 * fine_energy(picture, (100, 20, 160, 220))


def test_people_expected_but_not_detected_are_hidden() -> None:
    picture = texture()
    guard = PrivacyGuard(FaceFinder(None), spec("person"))
    hidden = guard.hide(picture, Detections.none(), np.array([[100.0, 50, 150, 200], [300, 200, 360, 300]]))
    assert fine_energy(hidden, (100, 50, 150, 200)) < 0.1 * fine_energy(picture, (100, 50, 150, 200))
    assert fine_energy(hidden, (302, 202, 318, 238)) < 0.1 * fine_energy(picture, (302, 202, 318, 238))


@pytest.mark.parametrize("box", [(0, 0, 4, 4), (-50, -50, -10, -10), (310, 230, 400, 400), (10, 10, 300, 14)])
def test_odd_boxes_are_borne(box: tuple[float, ...]) -> None:
    picture = texture()
    hide_person(picture, np.array(box, dtype=np.float64))
    hide_face(picture, np.array(box, dtype=np.float64))


def test_a_box_that_holds_a_head_alone_is_hidden_as_coarsely_as_a_face() -> None:
    picture, original = texture(), texture()
    hide_person(picture, np.array([100.0, 80, 160, 140]))
    assert fine_energy(picture, (100, 80, 160, 140)) < 0.1 * fine_energy(original, (100, 80, 160, 140))


def test_what_is_no_face_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DongsunError, match="no such file"):
        FaceFinder(tmp_path / "none.onnx")
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"not onnx")
    with pytest.raises(DongsunError, match="YuNet"):
        FaceFinder(broken)
