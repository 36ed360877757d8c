"""Augmentation recipes: what a store's cameras do to pictures, as albumentations pipelines built from settings."""

import inspect
import os
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from pydantic.dataclasses import dataclass

from dongsun.contract.errors import DongsunError

# Must stand before the import: albumentations asks the network for its newest version otherwise.
os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
import albumentations as A


@dataclass(frozen=True)
class AugmentStep:
    """One transform.

    Attributes:
        name: Class name in albumentations, such as `MotionBlur`.
        options: Its arguments, `p` (probability) included.
    """

    name: str
    options: dict[str, Any] = Field(default_factory=dict)


@dataclass(frozen=True)
class AugmentRecipe:
    """A named list of transforms, applied in order to uint8 RGB pictures.

    Attributes:
        name: Shown in reports.
        steps: May be empty: nothing is changed.
        min_box_visibility: A box that keeps less of its area than this is dropped (boxes only).
    """

    name: str
    steps: tuple[AugmentStep, ...] = ()
    min_box_visibility: float = Field(default=0.2, ge=0.0, le=1.0)

    def transforms(self) -> list[Any]:
        """The albumentations transforms, for libraries that compose them themselves.

        Raises:
            DongsunError: albumentations has no such transform, or it refuses the options.
        """
        return [_transform(step, self.name) for step in self.steps]


def build_compose(recipe: AugmentRecipe, *, boxes: bool = False, seed: int | None = None) -> Any:
    """Makes the `A.Compose` of a recipe.

    Args:
        recipe: What to apply.
        boxes: True for detector frames: call with `image=`, `bboxes=` (normalised cx, cy, w, h) and
            `class_labels=`; the result has the same keys.
        seed: None draws from the operating system.
    """
    transforms = recipe.transforms()
    parameters = None
    # Where nothing moves boxes they are handed through, and albumentations would warn about the parameters.
    if boxes and any(isinstance(transform, A.DualTransform) for transform in transforms):
        parameters = A.BboxParams(
            format="yolo", label_fields=["class_labels"], min_visibility=recipe.min_box_visibility, clip=True
        )
    return A.Compose(transforms, bbox_params=parameters, seed=seed)


def contact_sheet(
    images: Sequence[NDArray[np.uint8]], compose: Any, seed: int, *, variants: int = 5, cell_height_px: int = 160
) -> NDArray[np.uint8]:
    """Shows what a pipeline does: a row a picture, the original first, then `variants` augmented ones.

    Args:
        images: uint8 (h, w, 3) RGB, of any sizes.
        compose: From `build_compose`, with or without boxes.
        seed: Equal seeds give equal sheets.
        variants: Augmented pictures a row.
        cell_height_px: Height of every cell; the width follows the widest picture.

    Returns:
        uint8 (rows * cell height, (1 + variants) * cell width, 3) RGB.

    Raises:
        DongsunError: No pictures.
    """
    if not images:
        raise DongsunError(
            expected="at least one picture", got="none", where="contact sheet", mend="sample some images first"
        )
    compose.set_random_seed(seed)
    width = max(round(image.shape[1] * cell_height_px / image.shape[0]) for image in images)
    rows = []
    for image in images:
        cells = [image, *(_augmented(compose, image) for _ in range(variants))]
        rows.append(np.hstack([_cell(cell, cell_height_px, width) for cell in cells]))
    return np.vstack(rows)


def _augmented(compose: Any, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    if "bboxes" in compose.processors:
        result = compose(image=image, bboxes=np.zeros((0, 4), np.float32), class_labels=[])
    else:
        result = compose(image=image)
    return np.asarray(result["image"], dtype=np.uint8)


def _cell(image: NDArray[np.uint8], height_px: int, width_px: int) -> NDArray[np.uint8]:
    scale = min(height_px / image.shape[0], width_px / image.shape[1])
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    cell = np.full((height_px, width_px, 3), 32, np.uint8)
    cell[: size[1], : size[0]] = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return cell


def _transform(step: AugmentStep, recipe: str) -> Any:
    kind = getattr(A, step.name, None)
    where = f"augmentation recipe {recipe}, step {step.name}"
    if not (isinstance(kind, type) and issubclass(kind, A.BasicTransform)):
        raise DongsunError(
            expected="the name of an albumentations transform", got=step.name, where=where, mend="correct conf/augment"
        )
    unknown = sorted(set(step.options) - _arguments(kind))
    if unknown:  # albumentations only warns about these, and then augments less than was asked for
        raise DongsunError(
            expected=f"arguments among {', '.join(sorted(_arguments(kind)))}",
            got=", ".join(unknown),
            where=where,
            mend="correct conf/augment",
        )
    try:
        return kind(**step.options)
    except (TypeError, ValueError) as error:
        raise DongsunError(
            expected="valid options", got=str(error), where=where, mend="correct conf/augment"
        ) from error


def _arguments(kind: type) -> set[str]:
    # albumentations wraps constructors; the signature sees through that.
    return set(inspect.signature(kind).parameters)
