"""Tiny drawn people: a person keeps skin, hair and clothes, a view has its own light and pose."""

from colorsys import hsv_to_rgb

import cv2
import numpy as np
from numpy.typing import NDArray

from dongsun.data.fake_aihub.settings import FakeTree
from dongsun.data.seeding import random_for


def draw_person(tree: FakeTree, number: int, view: int) -> NDArray[np.uint8]:
    """One picture of a person, uint8 (height, width, 3) BGR; equal arguments give equal pictures."""
    person = random_for(tree.seed, "look", str(number))
    upper, lower = (_bgr(person.random(), person.random(), person.uniform(0.25, 0.95)) for _ in range(2))
    stripes, bag, hair = person.random() < 0.4, person.random() < 0.4, _bgr(0.08, 0.5, person.uniform(0.05, 0.5))
    pose = random_for(tree.seed, "view", str(number), str(view))
    width, height = tree.width_px, tree.height_px
    picture = np.full((height, width, 3), pose.randrange(90, 190), np.uint8)
    left = round(width * (0.25 + pose.uniform(-0.08, 0.08)))
    right = round(width * (0.75 + pose.uniform(-0.08, 0.08)))
    middle = (left + right) // 2
    waist, neck = round(height * pose.uniform(0.5, 0.58)), round(height * 0.2)
    cv2.rectangle(picture, (left, neck), (right, waist), upper, -1)
    if stripes:
        picture[neck:waist:4, left:right] = _bgr(person.random(), 0.8, 0.9)
    cv2.rectangle(picture, (left + 1, waist), (right - 1, height - 2), lower, -1)
    picture[waist + 4 :, middle] = 40
    cv2.circle(picture, (middle, neck // 2 + 1), max(2, neck // 2), hair, -1)
    picture[neck // 2 : neck, middle - 1 : middle + 2] = _bgr(0.07, 0.4, 0.8)
    if bag:
        cv2.rectangle(picture, (right - 1, waist - 6), (right + 3, waist + 4), _bgr(person.random(), 0.7, 0.6), -1)
    light = np.array([pose.uniform(0.8, 1.15) for _ in range(3)], np.float32)
    return np.asarray(np.clip(picture * light, 0, 255), dtype=np.uint8)


def _bgr(hue: float, saturation: float, value: float) -> tuple[int, int, int]:
    red, green, blue = (round(255 * channel) for channel in hsv_to_rgb(hue, saturation, value))
    return blue, green, red
