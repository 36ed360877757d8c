from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from ultralytics.utils import IterableSimpleNamespace

from dongsun.contract.preprocess import letterboxed
from dongsun.data.augmentation import AugmentRecipe, AugmentStep
from dongsun.train.detector.rectangular import RectangularDataset
from dongsun.train.detector.settings import DetectorSettings

FLIP = AugmentRecipe("flip", (AugmentStep("HorizontalFlip", {"p": 1.0}),))


def dataset(
    folder: Path, shape: tuple[int, int], recipe: AugmentRecipe, *, augment: bool, **geometry: float
) -> RectangularDataset:
    values = {"mosaic": 0.0, "translate": 0.0, "scale": 0.0, "degrees": 0.0, "copy_paste": 0.0, "mixup": 0.0}
    values |= {"cutmix": 0.0, "shear": 0.0, "perspective": 0.0, "hsv_h": 0.0, "hsv_s": 0.0, "hsv_v": 0.0}
    values |= {"fliplr": 0.0, "flipud": 0.0, "mask_ratio": 4, "bgr": 0.0, **geometry}
    from ultralytics.cfg import get_cfg

    hyp: IterableSimpleNamespace = get_cfg(overrides=values)
    return RectangularDataset(
        img_path=str(folder / "images"),
        imgsz=max(shape),
        batch_size=2,
        augment=augment,
        hyp=hyp,
        rect=False,
        cache=None,
        stride=32,
        pad=0.0,
        task="detect",
        data={"names": {0: "person", 1: "head"}, "nc": 2, "channels": 3},
        shape=shape,
        recipe=recipe,
    )


@pytest.mark.parametrize("augment", [False, True])
@pytest.mark.parametrize("shape", [(96, 128), (64, 128), (128, 96)])
def test_pictures_have_the_deployed_shape(detector_data: Path, shape: tuple[int, int], augment: bool) -> None:
    items = dataset(detector_data, shape, FLIP, augment=augment, mosaic=0.5, scale=0.3, translate=0.1)
    for index in range(len(items)):
        assert tuple(items[index]["img"].shape) == (3, *shape)


def test_a_validation_frame_is_what_a_station_feeds(detector_data: Path) -> None:
    items = dataset(detector_data, (96, 128), FLIP, augment=False)
    spec = DetectorSettings(height_px=96, width_px=128).input
    for index, path in enumerate(items.im_files):
        station, _ = letterboxed(np.asarray(cv2.imread(path), dtype=np.uint8), spec)
        training = items[index]["img"].numpy().astype(np.float32) / 255  # ultralytics' Format step makes it RGB
        np.testing.assert_allclose(training, station[0], atol=1e-6)


@pytest.mark.parametrize("mosaic", [0.0, 1.0])
def test_boxes_follow_the_picture(detector_data: Path, mosaic: float) -> None:
    items = dataset(detector_data, (192, 256), FLIP, augment=True, mosaic=mosaic, translate=0.05, scale=0.2)
    plain = dataset(detector_data, (192, 256), AugmentRecipe("none"), augment=False)
    checked = 0
    for _ in range(3):
        for index in range(len(items)):
            checked += _bright_inside(items[index])
    assert checked > 12
    assert sum(_bright_inside(plain[index]) for index in range(len(plain))) >= 12


def _bright_inside(item: dict[str, Any]) -> int:
    picture = item["img"].numpy().astype(float).mean(axis=0)
    height, width = picture.shape
    checked = 0
    for cx, cy, w, h in item["bboxes"].numpy():
        x0, x1 = int((cx - w / 4) * width), int(np.ceil((cx + w / 4) * width))
        y0, y1 = int((cy - h / 4) * height), int(np.ceil((cy + h / 4) * height))
        if x1 - x0 >= 3 and y1 - y0 >= 3:
            assert picture[y0:y1, x0:x1].mean() > 150
            checked += 1
    return checked


def test_recipe_sees_rgb(detector_data: Path) -> None:
    """A recipe that drops red must darken the first channel of the network's RGB input."""
    for path in (detector_data / "images").glob("*.png"):
        cv2.imwrite(str(path), np.full((120, 160, 3), 200, np.uint8))
    shift = {"r_shift_limit": (-150, -150), "g_shift_limit": (0, 0), "b_shift_limit": (0, 0), "p": 1.0}
    drop_red = AugmentRecipe("red", (AugmentStep("RGBShift", shift),))
    picture = dataset(detector_data, (96, 128), drop_red, augment=True)[0]["img"].numpy()
    assert picture[0].mean() < 80
    assert picture[1].mean() > 150
