"""Painted surfaces of the shop: floor, pavement, walls and shelves of sober products. BGR uint8."""

import cv2
import numpy as np
import numpy.typing as npt

Texture = npt.NDArray[np.uint8]
PIXELS_PER_METRE = 160


def floor_tiles(rng: np.random.Generator, base_bgr: tuple[float, float, float], tiles: int = 4) -> Texture:
    """A square of `tiles`² floor tiles with joints and stains, to be repeated."""
    size = 512
    picture = np.full((size, size, 3), 1.0) * np.array(base_bgr) * rng.uniform(0.85, 1.05)
    picture += cv2.GaussianBlur(rng.normal(0, 60, (size, size)), (0, 0), 9)[..., None] + rng.normal(
        0, 4, (size, size, 3)
    )
    for k in range(0, size, size // tiles):
        picture[k : k + 3] *= 0.78
        picture[:, k : k + 3] *= 0.78
    return _to_bytes(picture)


def plaster(rng: np.random.Generator, base_bgr: tuple[float, float, float]) -> Texture:
    """A painted wall with a skirting board at its foot (the texture's last rows)."""
    picture = np.full((256, 512, 3), 1.0) * np.array(base_bgr)
    picture += cv2.GaussianBlur(rng.normal(0, 40, (256, 512)), (0, 0), 14)[..., None]
    picture[-9:] *= 0.55
    for _ in range(2):  # a few posters
        x, y = int(rng.integers(20, 420)), int(rng.integers(60, 110))
        picture[y : y + 50, x : x + 36] = _muted(rng.uniform(60, 220, 3), 0.5)
        picture[y + 12 : y + 22, x + 4 : x + 32] = rng.integers(120, 240)
    return _to_bytes(picture)


def street(rng: np.random.Generator) -> Texture:
    """What is seen through the door: a bright facade over the road."""
    picture = np.full((200, 800, 3), 205.0)
    picture[120:] = (176, 180, 182)
    for x in range(20, 780, 95):
        picture[25:105, x : x + 60] = rng.uniform(0.55, 0.8) * np.array([190, 185, 170])
    return _to_bytes(picture + rng.normal(0, 3, picture.shape))


def shelf_front(rng: np.random.Generator, length_m: float, height_m: float) -> Texture:
    """Rows of packs on shelves, muted: a shop's products are less colourful than one thinks."""
    width, height = int(length_m * PIXELS_PER_METRE), int(height_m * PIXELS_PER_METRE)
    rows = max(3, round(height_m / 0.33))
    row_height = height // rows
    picture = np.full((height, width, 3), 55.0)
    for row in range(rows):
        top = row * row_height
        picture[top : top + row_height] = rng.integers(45, 80)
        x = int(rng.integers(0, 6))
        family = _muted(rng.uniform(40, 240, 3), 0.5)
        while x < width - 12:
            pack = _muted(0.65 * family + 0.35 * rng.uniform(20, 245, 3), 0.65) * rng.uniform(0.75, 1.0)
            label = 0.5 * pack + 0.5 * _muted(rng.uniform(60, 240, 3), 0.4)
            pack_width, pack_height = int(rng.integers(8, 28)), int(row_height * rng.uniform(0.5, 0.84))
            for _ in range(int(rng.integers(2, 7))):
                if x + pack_width > width or rng.random() < 0.06:
                    break
                bottom = top + row_height - 8
                picture[bottom - pack_height : bottom, x : x + pack_width - 1] = pack * rng.uniform(0.93, 1.05)
                middle = bottom - int(pack_height * 0.62)
                picture[middle : middle + max(3, pack_height // 4), x + 1 : x + pack_width - 2] = label
                picture[bottom - pack_height : bottom, x + pack_width - 2 : x + pack_width - 1] *= 0.7
                x += pack_width
            x += int(rng.integers(1, 8))
        picture[top + row_height - 8 : top + row_height] = rng.integers(150, 205)
        for tag in range(8, width - 15, int(rng.integers(38, 64))):
            picture[top + row_height - 7 : top + row_height - 1, tag : tag + 13] = (
                (90, 200, 220) if rng.random() < 0.2 else 232
            )
    return _to_bytes(cv2.GaussianBlur(picture, (0, 0), 0.8))


def wood(rng: np.random.Generator) -> tuple[float, float, float]:
    """A desk's colour: pale wood, white or grey."""
    b, g, r = ((120.0, 155.0, 185.0), (205.0, 208.0, 210.0), (120.0, 122.0, 125.0))[int(rng.integers(3))]
    return b, g, r


def panel(rng: np.random.Generator, base_bgr: tuple[float, float, float]) -> Texture:
    """A smooth front with a dark plinth at its foot."""
    picture = np.full((96, 192, 3), 1.0) * np.array(base_bgr)
    picture += cv2.GaussianBlur(rng.normal(0, 30, (96, 192)), (0, 0), sigmaX=20, sigmaY=2)[..., None]
    picture[:, ::64] *= 0.8
    picture[-8:] *= 0.5
    return _to_bytes(picture)


def plain(grey: float) -> Texture:
    """One colour."""
    return np.full((8, 8, 3), grey, np.uint8)


def _muted(colour: npt.NDArray[np.float64], saturation: float) -> npt.NDArray[np.float64]:
    return np.asarray(colour.mean() + (colour - colour.mean()) * saturation, np.float64)


def _to_bytes(picture: npt.NDArray[np.float64]) -> Texture:
    return np.clip(picture, 0, 255).astype(np.uint8)
