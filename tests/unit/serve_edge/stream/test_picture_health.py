"""Pictures that show nothing."""

import numpy as np
import pytest

from dongsun.serve_edge.stream.captured_frame import GapReason
from dongsun.serve_edge.stream.picture_health import PictureHealth

RNG = np.random.default_rng(3)


def shop(brightness: float = 1.0, noise: float = 2.0) -> np.ndarray:
    ramp = np.linspace(20, 220, 320)[None, :, None] * np.ones((180, 1, 3))
    return np.clip(ramp * brightness + RNG.normal(0, noise, (180, 320, 3)), 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("picture", "fault"),
    [
        (shop(), None),
        (shop(brightness=0.1), None),  # a dark shop with its lamps off is still a shop
        (np.full((180, 320, 3), 16, np.uint8), GapReason.BLACK),
        (np.clip(RNG.normal(10, 3, (180, 320, 3)), 0, 255).astype(np.uint8), GapReason.BLACK),
        (np.full((180, 320, 3), (0, 135, 0), np.uint8), GapReason.BLANK),
        (np.full((180, 320, 3), 128, np.uint8), GapReason.BLANK),
    ],
)
def test_one_picture(picture: np.ndarray, fault: GapReason | None) -> None:
    assert PictureHealth(10).fault(picture, 0.0) == fault


def test_a_picture_that_stands_is_frozen_and_the_first_that_moves_is_not() -> None:
    health, still = PictureHealth(10), shop()
    faults = [health.fault(still, time_s) for time_s in (0.0, 5.0, 9.9, 10.0, 60.0)]
    assert faults == [None, None, None, GapReason.FROZEN, GapReason.FROZEN]
    assert health.fault(shop(), 61.0) is None
    assert health.fault(still, 62.0) is None


def test_noise_alone_is_life() -> None:
    health = PictureHealth(10)
    assert all(health.fault(shop(noise=4.0), float(t)) is None for t in range(40))
