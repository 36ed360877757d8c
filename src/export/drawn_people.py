"""Seeded drawings of people for the self-test. Nobody real is ever in them."""

import cv2
import numpy as np

from dongsun.contract.preprocess import FrameBgr

_SKIN_BGR = ((120, 160, 220), (80, 115, 175), (60, 85, 125))


def drawn_scene(height_px: int, width_px: int, people: int, seed: int) -> FrameBgr:
    """A room with `people` standing figures, uint8 (h, w, 3) BGR; the same arguments always give the same bytes."""
    generator = np.random.default_rng(seed)
    wall, floor = generator.integers(150, 215, 3), generator.integers(80, 140, 3)
    rows = np.linspace(0, 1, height_px)[:, None, None]
    scene = np.where(rows < 0.45, wall - 25 * rows, floor + 45 * rows) * np.ones((1, width_px, 1))
    canvas = np.ascontiguousarray(scene.clip(0, 255).astype(np.uint8))
    for place in range(people):
        centre_x = int(width_px * (place + 0.5 + generator.uniform(-0.15, 0.15)) / people)
        tall = height_px * generator.uniform(0.55, 0.8)
        foot_y = int(height_px * generator.uniform(0.88, 0.95))
        _draw_person(canvas, centre_x, foot_y, tall, generator)
    softened = cv2.GaussianBlur(canvas, (3, 3), 0).astype(np.int16)
    noise = generator.integers(-6, 7, softened.shape, dtype=np.int16)
    return np.asarray((softened + noise).clip(0, 255), dtype=np.uint8)


def drawn_crop(height_px: int, width_px: int, seed: int) -> FrameBgr:
    """One figure that fills the picture, uint8 (h, w, 3) BGR."""
    generator = np.random.default_rng(seed)
    canvas = np.full((height_px, width_px, 3), generator.integers(90, 200, 3), dtype=np.uint8)
    _draw_person(canvas, width_px // 2, int(height_px * 0.97), height_px * 0.92, generator)
    noise = generator.integers(-6, 7, canvas.shape, dtype=np.int16)
    return np.asarray((canvas.astype(np.int16) + noise).clip(0, 255), dtype=np.uint8)


def _draw_person(canvas: FrameBgr, x: int, foot_y: int, tall: float, generator: np.random.Generator) -> None:
    """A standing figure of seven and a half heads."""

    def colour() -> tuple[int, int, int]:
        blue, green, red = (int(value) for value in generator.integers(20, 230, 3))
        return blue, green, red

    skin, shirt, trousers = _SKIN_BGR[int(generator.integers(len(_SKIN_BGR)))], colour(), colour()
    head = tall / 7.5
    thick = max(2, int(head * 0.62))

    def at(dx: float, up: float) -> tuple[int, int]:
        return int(x + dx * head), int(foot_y - up * head)

    cv2.ellipse(canvas, at(0, 0), (int(head * 1.4), max(1, int(head * 0.3))), 0, 0, 360, (60, 60, 60), -1, cv2.LINE_AA)
    for side in (-1, 1):
        cv2.line(canvas, at(side * 0.35, 3.6), at(side * 0.5, 0.35), trousers, thick, cv2.LINE_AA)
        cv2.ellipse(canvas, at(side * 0.6, 0.15), (max(1, int(head * 0.45)), max(1, int(head * 0.2))), 0, 0, 360,
                    (25, 25, 30), -1, cv2.LINE_AA)  # fmt: skip
        cv2.line(canvas, at(side * 0.85, 5.9), at(side * 1.15, 4.4), shirt, max(2, int(thick * 0.75)), cv2.LINE_AA)
        cv2.line(canvas, at(side * 1.15, 4.4), at(side * 1.1, 3.4), skin, max(2, int(thick * 0.6)), cv2.LINE_AA)
    torso = np.array([at(-0.9, 6.2), at(0.9, 6.2), at(0.7, 3.5), at(-0.7, 3.5)], dtype=np.int32)
    cv2.fillConvexPoly(canvas, torso, shirt, cv2.LINE_AA)
    cv2.line(canvas, at(0, 6.6), at(0, 6.1), skin, max(2, int(head * 0.4)), cv2.LINE_AA)
    cv2.ellipse(canvas, at(0, 7.0), (max(1, int(head * 0.38)), max(1, int(head * 0.5))), 0, 0, 360, skin, -1,
                cv2.LINE_AA)  # fmt: skip
    cv2.ellipse(canvas, at(0, 7.2), (max(1, int(head * 0.4)), max(1, int(head * 0.36))), 0, 180, 360, (30, 30, 35), -1,
                cv2.LINE_AA)  # fmt: skip
