"""Every entry of the data layer's configuration groups makes the object that it names."""

from pathlib import Path

import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate

from dongsun.data.augmentation import AugmentRecipe, build_compose
from dongsun.data.readers.reader import Reader
from dongsun.data.sampling import SamplingPolicy

CONF = Path(__file__).parents[3] / "conf"


def entry(group: str, name: str):
    """One entry with the values that it interpolates."""
    needed = ["+seed=1", "+paths.raw=data/raw/x"]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        composed = compose(overrides=[f"+{group}={name}", *needed])
    for part in group.split("/"):
        composed = composed[part]
    return instantiate(composed, _convert_="all")


def names(group: str) -> list[str]:
    return sorted(path.stem for path in (CONF / group).glob("*.yaml"))


@pytest.mark.parametrize("name", names("dataset"))
def test_datasets(name):
    assert isinstance(entry("dataset", name).source, str)
    assert hasattr(entry("dataset", name), "read")


def test_a_reader_is_recognised():
    assert isinstance(entry("dataset", "twin"), Reader)


@pytest.mark.parametrize("name", names("sampling"))
def test_samplings(name):
    values = entry("sampling", name)
    assert isinstance(values["reid"], SamplingPolicy)
    assert isinstance(values["detector"], SamplingPolicy)


@pytest.mark.parametrize("group", ["augment/detector", "augment/reid"])
@pytest.mark.parametrize("name", ["cctv", "light", "none"])
def test_augmentations_run(group, name):
    recipe = entry(group, name)
    assert isinstance(recipe, AugmentRecipe)
    boxes = group.endswith("detector")
    transform = build_compose(recipe, boxes=boxes, seed=1)
    image = np.full((96, 64, 3), 120, np.uint8)
    more = {"bboxes": np.array([[0.5, 0.5, 0.2, 0.3]], np.float32), "class_labels": [0]} if boxes else {}
    for _ in range(20):
        result = transform(image=image, **more)
        assert result["image"].shape == image.shape and result["image"].dtype == np.uint8
