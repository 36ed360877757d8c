"""Ultralytics training on pictures of exactly the deployed shape, with the project's augmentation recipe.

Ultralytics trains on squares; a station feeds, say, 384x640. Training on the square would waste the border and show the
network another share of padding than it will meet. Here frames are letterboxed to the deployed height and width as
`dongsun.contract.preprocess.letterboxed` does it, and then augmented within that shape.
"""

from typing import Any

import numpy as np
import torch
from ultralytics.data.augment import Compose, LetterBox, Mosaic, RandomPerspective
from ultralytics.data.dataset import YOLODataset
from ultralytics.models.yolo.detect import DetectionTrainer
from ultralytics.utils.torch_utils import strip_optimizer

from dongsun.contract.errors import DongsunError
from dongsun.data.augmentation import AugmentRecipe, build_compose
from dongsun.train.device import computes_bf16


class _FitFrame:
    """Letterboxes a single frame to the input; a mosaic's canvas passes (the affine step crops it)."""

    def __init__(self, shape: tuple[int, int], mosaic_side_px: int) -> None:
        self._letterbox = LetterBox(new_shape=shape, scaleup=True)
        self._canvas = (mosaic_side_px, mosaic_side_px)

    def __call__(self, labels: dict[str, Any]) -> dict[str, Any]:
        return labels if labels["img"].shape[:2] == self._canvas else self._letterbox(labels)


class _RecipeStep:
    """Applies the project's recipe to a frame and its boxes.

    Ultralytics could compose the transforms itself, but would feed them BGR and ignore `min_box_visibility`.
    """

    def __init__(self, recipe: AugmentRecipe) -> None:
        self._compose = build_compose(recipe, boxes=True)
        self._seed: int | None = None

    def __call__(self, labels: dict[str, Any]) -> dict[str, Any]:
        seed = torch.initial_seed() % 2**32  # differs per loading process, repeats per run
        if seed != self._seed:
            self._compose.set_random_seed(seed)
            self._seed = seed
        instances = labels["instances"]
        height, width = labels["img"].shape[:2]
        instances.convert_bbox("xywh")
        instances.normalize(width, height)
        result = self._compose(
            image=np.ascontiguousarray(labels["img"][..., ::-1]),
            bboxes=instances.bboxes,
            class_labels=labels["cls"].ravel(),
        )
        labels["img"] = np.ascontiguousarray(result["image"][..., ::-1])
        labels["cls"] = np.asarray(result["class_labels"], dtype=np.float32).reshape(-1, 1)
        instances.update(np.asarray(result["bboxes"], dtype=np.float32).reshape(-1, 4))
        return labels


class RectangularDataset(YOLODataset):  # type: ignore[misc]  # ultralytics is untyped
    """A YOLO-layout folder, served in one fixed height and width."""

    def __init__(self, *args: Any, shape: tuple[int, int], recipe: AugmentRecipe, **kwargs: Any) -> None:
        self._shape = shape
        self._recipe = recipe
        super().__init__(*args, **kwargs)

    def build_transforms(self, hyp: Any) -> Compose:
        """Mosaic → letterbox → affine → recipe, all within the input's shape."""
        transforms = super().build_transforms(hyp)
        formatting = transforms.transforms[-1]
        if not self.augment:
            return Compose([LetterBox(new_shape=self._shape, scaleup=True), formatting])
        height, width = self._shape
        steps: list[Any] = [
            Mosaic(self, imgsz=self.imgsz, p=hyp.mosaic),
            _FitFrame(self._shape, 2 * self.imgsz),
            RandomPerspective(degrees=hyp.degrees, translate=hyp.translate, scale=hyp.scale, size=(width, height)),
        ]
        if self._recipe.steps:
            steps.append(_RecipeStep(self._recipe))
        steps.append(formatting)
        return Compose(steps)


class RectangularTrainer(DetectionTrainer):  # type: ignore[misc]
    """Ultralytics' detection trainer on `RectangularDataset`s, its data given instead of looked up."""

    def __init__(
        self, data: dict[str, Any], shape: tuple[int, int], recipe: AugmentRecipe, overrides: dict[str, Any]
    ) -> None:
        self._given_data = data
        self._shape = shape
        self._recipe = recipe
        super().__init__(overrides=overrides)

    def get_dataset(self) -> dict[str, Any]:
        """The data set that the adapter laid out; nothing is searched for or downloaded."""
        return self._given_data

    def preprocess_batch(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Ultralytics' own scaling, then channels last, which convolutions on a CPU want."""
        batch = super().preprocess_batch(batch)
        if self.device.type == "cpu":
            batch["img"] = batch["img"].contiguous(memory_format=torch.channels_last)
        return batch

    def use_fast_cpu(self, *, half: bool) -> None:
        """Lays the weights out for a CPU and, where it computes bf16 itself, trains in bf16 mixed precision.

        To be called once the model is built. Ultralytics offers mixed precision on GPUs only; on a CPU its switch leads
        to `torch.autocast("cpu")`, whose arithmetic is bf16 and needs no loss scaling.
        """
        self.model.to(memory_format=torch.channels_last)
        self.amp = half and computes_bf16()

    def final_eval(self) -> None:
        """Strips what only training needs from the checkpoints; their figures are already known per epoch."""
        for checkpoint in (self.last, self.best):
            strip_optimizer(checkpoint)

    def build_dataset(self, img_path: str, mode: str = "train", batch: int | None = None) -> RectangularDataset:
        """The frames under `img_path`, in the input's shape; augmented when `mode` is `train`."""
        dataset = RectangularDataset(
            img_path=img_path,
            imgsz=self.args.imgsz,
            batch_size=batch,
            augment=mode == "train",
            hyp=self.args,
            rect=False,
            cache=None,
            stride=32,
            pad=0.0,
            prefix=f"{mode}: ",
            task="detect",
            data=self.data,
            shape=self._shape,
            recipe=self._recipe,
        )
        expected = self.data[f"{mode}_frames"]
        if len(dataset) != expected:
            raise DongsunError(
                expected=f"{expected} readable, labelled frames",
                got=f"{len(dataset)}",
                where=f"the {mode} frames of the detector manifest",
                mend="run `dongsun ingest` again; it lists unreadable pictures and labels",
            )
        return dataset
