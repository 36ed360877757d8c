"""The detector rests while nothing moves, and never longer than it may."""

import numpy as np

from dongsun.serve_edge.pipeline.motion_gate import MotionGate
from dongsun.serve_edge.stream.picture import Converter, Picture

RNG = np.random.default_rng(0)
CONVERTER = Converter()
SHOP = np.clip(np.linspace(30, 200, 640)[None, :, None] * np.ones((360, 1, 3)), 0, 255)


def picture(x: float | None = None, noise: float = 4.0, light: float = 0.0) -> np.ndarray:
    found = SHOP + RNG.normal(0, noise, SHOP.shape) + light
    if x is not None:
        found[200:280, int(x) : int(x) + 30] = 20
    return small(np.clip(found, 0, 255).astype(np.uint8))


def small(pixels: np.ndarray) -> np.ndarray:
    return Picture(pixels, CONVERTER).small_bgr()


def test_noise_keeps_it_shut_and_a_person_opens_it() -> None:
    gate = MotionGate(0.002, 100.0)
    assert gate.opens(picture(), 0.0)
    assert not any(gate.opens(picture(), 0.2 * k) for k in range(1, 50))
    assert gate.opens(picture(x=300), 20.0)
    assert not gate.opens(picture(x=300), 20.2)
    assert gate.opens(picture(x=310), 20.4)  # a third of the body's width farther


def test_creeping_and_fading_add_up() -> None:
    creeping, fading = MotionGate(0.002, 1e6), MotionGate(0.002, 1e6)
    creeping.opens(picture(x=100, noise=1), 0.0)
    fading.opens(picture(noise=1), 0.0)
    assert any(creeping.opens(picture(x=100 + 0.5 * k, noise=1), 1.0 * k) for k in range(1, 40))
    assert any(fading.opens(picture(noise=1, light=0.8 * k), 1.0 * k) for k in range(1, 40))


def test_it_looks_anyway() -> None:
    gate = MotionGate(0.5, 2.0)
    opened = [k for k in range(40) if gate.opens(picture(), 0.25 * k)]
    assert opened == [0, 8, 16, 24, 32]


def test_a_camera_that_changes_its_size_is_looked_at() -> None:
    gate = MotionGate(0.5, 100.0)
    assert gate.opens(picture(), 0.0)
    assert gate.opens(small(np.zeros((480, 640, 3), np.uint8)), 0.1)


def test_a_colour_as_bright_as_the_wall_is_seen() -> None:
    wall = np.full((180, 320, 3), 90, np.uint8)
    coat = wall.copy()
    coat[60:140, 100:125] = (30, 60, 180)  # luma 92
    gate = MotionGate(0.002, 100.0)
    assert gate.opens(small(wall), 0.0) and gate.opens(small(coat), 0.1)
