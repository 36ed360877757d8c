"""The one preprocessing, against arithmetic done by hand and a naive loop."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dongsun.contract.detections import Detections, iou_matrix
from dongsun.contract.preprocess import InputSpec, letterbox_geometry, letterboxed, person_crops, stretched, to_batch


def spec(height: int, width: int, **changes: object) -> InputSpec:
    values: dict[str, object] = {
        "height_px": height, "width_px": width, "channels": "rgb", "resize": "letterbox", "scale": 1 / 255,
    }  # fmt: skip
    return InputSpec.model_validate(values | changes)


def test_values_channels_and_padding() -> None:
    frame = np.zeros((2, 4, 3), np.uint8)
    frame[..., 0], frame[..., 2] = 255, 51  # blue full, red a fifth
    batch, fit = letterboxed(frame, spec(4, 4))
    assert batch.shape == (1, 3, 4, 4) and batch.dtype == np.float32
    assert (fit.gain, fit.left_px, fit.top_px) == (1.0, 0, 1)
    assert batch[0, 0, 1, 0] == pytest.approx(0.2), "red first"
    assert batch[0, 2, 1, 0] == pytest.approx(1.0)
    assert batch[0, :, 0, 0] == pytest.approx([114 / 255] * 3), "the border is grey"


def test_mean_and_std_are_per_channel_in_model_order() -> None:
    picture = np.full((2, 2, 3), (10, 20, 30), np.uint8)
    batch = to_batch([picture], spec(2, 2, scale=1.0, mean=(30, 20, 10), std=(1, 2, 4)))
    assert batch.ravel() == pytest.approx(0)
    plain = to_batch([picture], spec(2, 2, channels="bgr", scale=1.0, mean=(0, 0, 0), std=(1, 2, 4)))
    assert plain[0, :, 0, 0] == pytest.approx([10, 10, 7.5])
    with pytest.raises(ValueError):
        to_batch([picture], spec(4, 2))


@given(st.integers(0, 9999), st.sampled_from(["rgb", "bgr"]), st.sampled_from([1.0, 1 / 255]), st.booleans())
def test_a_batch_has_the_very_bits_of_the_formula(seed: int, channels: str, scale: float, plain: bool) -> None:
    rng = np.random.default_rng(seed)
    pictures = [rng.integers(0, 256, (6, 10, 3), dtype=np.uint8) for _ in range(2)]
    norm = {} if plain else {"mean": (0.485, 0.0, 0.406), "std": (0.229, 0.224, 1.0)}
    wanted = spec(6, 10, channels=channels, scale=scale, **norm)
    stack = np.stack(pictures)[..., ::-1] if channels == "rgb" else np.stack(pictures)
    mean, std = (np.array(v, np.float32)[:, None, None] for v in (wanted.mean, wanted.std))
    naive = (stack.transpose(0, 3, 1, 2).astype(np.float32) * np.float32(scale) - mean) / std
    assert np.array_equal(to_batch(pictures, wanted), naive)


@given(st.integers(20, 900), st.integers(20, 900), st.integers(1, 20), st.integers(1, 20))
def test_boxes_come_back(height: int, width: int, rows: int, columns: int) -> None:
    fit = letterbox_geometry(height, width, spec(rows * 32, columns * 32))
    box = np.array([[0.1 * width, 0.2 * height, 0.7 * width, 0.9 * height]], np.float32)
    offset = np.array([fit.left_px, fit.top_px] * 2, np.float32)
    assert fit.to_frame(box * np.float32(fit.gain) + offset) == pytest.approx(box, abs=0.05)


def test_crops_are_inside_and_never_empty() -> None:
    frame = np.arange(10 * 8 * 3, dtype=np.uint8).reshape(10, 8, 3)
    boxes = np.array([[1.2, 2.7, 3.1, 5.0], [7.9, 9.9, 8.0, 10.0], [3, 3, 3, 3]], np.float32)
    crops = person_crops(frame, Detections(boxes, np.ones(3, np.float32), np.zeros(3, np.int64)))
    assert [c.shape[:2] for c in crops] == [(3, 3), (1, 1), (1, 1)]
    assert np.array_equal(crops[0], frame[2:5, 1:4])
    assert stretched(crops, spec(16, 8, resize="stretch")).shape == (3, 3, 16, 8)


@given(st.integers(0, 9999))
def test_iou_against_a_loop(seed: int) -> None:
    rng = np.random.default_rng(seed)

    def boxes(n: int) -> np.ndarray:
        corner = rng.uniform(0, 10, (n, 2))
        return np.hstack([corner, corner + rng.uniform(0, 5, (n, 2))]).astype(np.float32)

    a, b = boxes(4), boxes(3)
    for i, (ax0, ay0, ax1, ay1) in enumerate(a):
        for j, (bx0, by0, bx1, by1) in enumerate(b):
            overlap = max(0.0, min(ax1, bx1) - max(ax0, bx0)) * max(0.0, min(ay1, by1) - max(ay0, by0))
            union = (ax1 - ax0) * (ay1 - ay0) + (bx1 - bx0) * (by1 - by0) - overlap
            assert iou_matrix(a, b)[i, j] == pytest.approx(overlap / union if union > 0 else 0, abs=1e-5)


def test_detections_refuse_nonsense() -> None:
    with pytest.raises(ValueError):
        Detections(np.zeros((2, 4), np.float32), np.zeros(1, np.float32), np.zeros(2, np.int64))
    with pytest.raises(ValueError):
        Detections(np.full((1, 4), np.nan, np.float32), np.zeros(1, np.float32), np.zeros(1, np.int64))
    assert len(Detections.none()) == 0
