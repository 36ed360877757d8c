import numpy as np
import pytest

from dongsun.contract.errors import DongsunError
from dongsun.data.augmentation import AugmentRecipe, AugmentStep, build_compose, contact_sheet


def picture(height: int = 60, width: int = 30, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 255, (height, width, 3), dtype=np.uint8)


FLIP = AugmentRecipe("flip", (AugmentStep("HorizontalFlip", {"p": 1.0}),))
NOISY = AugmentRecipe("noisy", (AugmentStep("RandomGamma", {"p": 0.5}), AugmentStep("MotionBlur", {"p": 0.5})))


def test_boxes_follow_the_picture():
    image = picture()
    result = build_compose(FLIP, boxes=True)(
        image=image, bboxes=np.array([[0.25, 0.5, 0.2, 0.4]], np.float32), class_labels=[1]
    )
    assert np.array_equal(result["image"], image[:, ::-1])
    assert np.allclose(result["bboxes"], [[0.75, 0.5, 0.2, 0.4]])
    assert list(result["class_labels"]) == [1]


def test_an_empty_recipe_changes_nothing():
    image = picture()
    assert np.array_equal(build_compose(AugmentRecipe("none"))(image=image)["image"], image)


def test_sheets_are_seeded_and_show_the_original_first():
    images = [picture(60, 30, 1), picture(80, 80, 2)]
    sheets = [contact_sheet(images, build_compose(NOISY), seed, variants=3, cell_height_px=60) for seed in (1, 1, 2)]
    assert sheets[0].shape == (120, 4 * 60, 3)
    assert np.array_equal(sheets[0], sheets[1])
    assert not np.array_equal(sheets[0], sheets[2])
    assert np.array_equal(sheets[0][:60, :30], images[0])
    boxed = contact_sheet(images, build_compose(NOISY, boxes=True), 1, variants=3, cell_height_px=60)
    assert boxed.shape == sheets[0].shape
    with pytest.raises(DongsunError, match="at least one picture"):
        contact_sheet([], build_compose(NOISY), 1)


@pytest.mark.parametrize(
    ("step", "text"),
    [
        (AugmentStep("MotionBlurr"), "name of an albumentations transform"),
        (AugmentStep("Compose"), "name of an albumentations transform"),
        (AugmentStep("MotionBlur", {"blur_limits": 3}), "blur_limits"),
        (AugmentStep("MotionBlur", {"blur_limit": "much"}), "valid options"),
    ],
)
def test_wrong_steps_are_refused(step, text):
    with pytest.raises(DongsunError, match=text):
        build_compose(AugmentRecipe("wrong", (step,)))
