"""Maps shared by trainings: equal to maps computed anew, and cut down to a subset without copying."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from dongsun.data.augmentation import AugmentRecipe, AugmentStep
from dongsun.data.manifest import MANIFEST_NAME
from dongsun.train.reid.crops import read_crop_set
from dongsun.train.reid.draw import Draw
from dongsun.train.reid.feature_cache import cache_features
from dongsun.train.reid.feature_maps import MapDataset, TrainingMaps
from dongsun.train.reid.heads.settings import PoolingHeadSettings
from dongsun.train.reid.settings import ReidSettings, YoloBackboneSettings
from dongsun.train.reid.structure import build_embedder
from dongsun.train.reid.training import ReidTask, compute_maps, train_embedder
from dongsun.train.settings import TrainerSettings

RECIPE = AugmentRecipe("noise", (AugmentStep("GaussNoise", {"p": 1.0}),))


@pytest.fixture
def task(reid_data: Path, make_checkpoint: Callable[..., Path]) -> ReidTask:
    settings = ReidSettings(
        backbone=YoloBackboneSettings(checkpoint=make_checkpoint("yolov8n"), cut="P3"),
        head=PoolingHeadSettings(),
        height_px=32,
        width_px=32,
        embedding_size=16,
        augmented_copies=2,
        epochs=2,
        steps=8,
        persons_per_batch=3,
        images_per_person=2,
    )
    manifest = reid_data / MANIFEST_NAME
    train, validation = read_crop_set(manifest, "train"), read_crop_set(manifest, "validation")
    return ReidTask(train, validation, RECIPE, settings, TrainerSettings(), seed=1, device="cpu")


def _trained(task: ReidTask, work: Path, maps: TrainingMaps | None = None) -> dict[str, torch.Tensor]:
    work.mkdir(exist_ok=True)
    torch.manual_seed(task.seed)
    embedder, structure = build_embedder(task.settings)
    epochs: list[int] = []
    train_embedder(task, embedder, structure, work, lambda epoch, _: epochs.append(epoch), maps)
    assert epochs == [1, 2]
    return embedder.state_dict()


def _maps(task: ReidTask, work: Path) -> TrainingMaps:
    work.mkdir(exist_ok=True)
    embedder, structure = build_embedder(task.settings)
    return compute_maps(task, embedder, structure, work)


def test_shared_maps_train_as_maps_of_ones_own(task: ReidTask, tmp_path: Path) -> None:
    maps = _maps(task, tmp_path / "maps")
    own = _trained(task, tmp_path / "own")
    shared = _trained(task, tmp_path / "shared", maps)
    assert all(torch.equal(own[name], shared[name]) for name in own)
    assert not list((tmp_path / "shared").glob("*.npy"))


def test_a_subset_gives_the_maps_of_its_crops(task: ReidTask, tmp_path: Path) -> None:
    both = _maps(task, tmp_path / "maps")
    maps = both.train
    rows = [31, 4, 9, 8, 30, 5]
    part = maps.subset(rows)
    assert np.shares_memory(part.values, maps.values)
    names = [maps.crops.person_ids[person] for person in maps.persons[rows]]
    assert [part.crops.person_ids[person] for person in part.persons] == names
    assert set(part.persons.tolist()) == set(range(len(set(names))))
    assert (part.cameras.tolist(), part.frames.tolist()) == (maps.cameras[rows].tolist(), maps.frames[rows].tolist())
    got, persons, crops = MapDataset(part).__getitems__([Draw(2, 7), Draw(0, 3)])
    np.testing.assert_array_equal(got.numpy(), maps.values[[7 % 3, 3 % 3], [9, 31]].astype(np.float32))
    assert (persons.tolist(), crops.tolist()) == (part.persons[[2, 0]].tolist(), [2, 0])

    _trained(replace(task, train=part.crops), tmp_path / "part", TrainingMaps(part, both.validation))


def test_maps_of_other_crops_are_refused(task: ReidTask, tmp_path: Path) -> None:
    maps = _maps(task, tmp_path / "maps")
    fewer = TrainingMaps(maps.train.subset(range(8)), maps.validation)
    with pytest.raises(ValueError, match="train maps are of other crops"):
        _trained(task, tmp_path / "work", fewer)
    with pytest.raises(ValueError, match="frozen trunk only"):
        _trained(replace(task, settings=replace(task.settings, trunk="finetune")), tmp_path / "work", maps)


def test_a_killed_cache_goes_on_to_the_same_maps(task: ReidTask, tmp_path: Path) -> None:
    embedder, structure = build_embedder(task.settings)
    calls = 0

    def cached(path: Path, fails_after: int | None) -> np.ndarray:  # type: ignore[type-arg]
        def trunk_that_may_fail(*_: object) -> None:
            nonlocal calls
            calls += 1
            if fails_after is not None and calls > fails_after:
                raise OSError("killed")

        hook = embedder.trunk.register_forward_pre_hook(trunk_that_may_fail)
        try:
            return cache_features(
                embedder.trunk, task.train, structure.input, recipe=RECIPE, augmented_copies=2,
                map_shape=structure.map_shape, path=path, workers=0, device="cpu", resumable=True,
            ).values  # fmt: skip
        finally:
            hook.remove()

    with pytest.raises(OSError, match="killed"):
        cached(tmp_path / "maps.npy", fails_after=2)
    calls = 0
    resumed = cached(tmp_path / "maps.npy", None)
    assert calls == 1, "two of the three copies were kept"
    np.testing.assert_array_equal(resumed, cached(tmp_path / "whole.npy", None))
