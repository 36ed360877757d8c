import csv
from dataclasses import replace
from pathlib import Path

import pytest

from dongsun.contract.errors import DongsunError
from dongsun.data.augmentation import AugmentRecipe, AugmentStep
from dongsun.study.run_study_sampling import SamplingStudyStage
from dongsun.study.sampling import work
from dongsun.study.sampling.settings import SamplingGrid
from dongsun.train.reid.heads.settings import LinearHeadSettings
from dongsun.train.reid.settings import OsnetSettings, ReidSettings, YoloBackboneSettings
from dongsun.train.settings import TrainerSettings
from tests.unit.study.conftest import IMAGES, PEOPLE, RememberingLog

RECIPE = AugmentRecipe("flip", (AugmentStep("HorizontalFlip", {"p": 0.5}),))
CROPS = PEOPLE["train"] * IMAGES
BATCH = 4 * 2
EPOCHS = 3


@pytest.fixture
def stage(data_dir: Path, checkpoint: Path, tmp_path: Path) -> SamplingStudyStage:
    reid = ReidSettings(
        backbone=YoloBackboneSettings(checkpoint),
        head=LinearHeadSettings(),
        height_px=32,
        width_px=32,
        embedding_size=16,
        augmented_copies=1,
        persons_per_batch=4,
        images_per_person=2,
    )
    grid = SamplingGrid(shares=(0.5,), seeds=(1, 2), epochs=EPOCHS)
    return SamplingStudyStage(data_dir, tmp_path / "out", grid, reid, RECIPE, TrainerSettings(), device="cpu")


def test_the_whole_study_and_going_on_with_it(
    stage: SamplingStudyStage, log: RememberingLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = stage.run(log)
    with (stage.out_dir / "table.csv").open(encoding="utf-8") as stream:
        rows = {row["trial"]: row for row in csv.DictReader(stream)}
    parts = [f"{p}-50-{b}" for b in ("epochs", "steps") for p in ("systematic", "random")]
    assert list(rows) == ["full", *parts, "full-short-50"]
    full = float(rows["full"]["images_seen"])
    assert full == EPOCHS * (CROPS // BATCH) * BATCH
    assert float(rows["full"]["crops"]) == CROPS
    for policy in ("systematic", "random"):
        assert float(rows[f"{policy}-50-steps"]["images_seen"]) == full
        assert float(rows[f"{policy}-50-epochs"]["images_seen"]) < 0.75 * full
        assert 0 < float(rows[f"{policy}-50-epochs"]["cross_camera_map"]) <= 1
    assert float(rows["full-short-50"]["crops"]) == CROPS
    assert float(rows["full-short-50"]["images_seen"]) == EPOCHS * (CROPS // 2 // BATCH) * BATCH
    assert "full-short-50" in (stage.out_dir / "table.md").read_text(encoding="utf-8").rpartition("### A part less")[2]
    assert 18 <= float(rows["systematic-50-epochs"]["crops"]) <= 30
    assert all(path.is_file() for path in result.artifacts)
    assert len(log.children) == 6 * 2

    def no_training(*_: object, **__: object) -> None:
        raise AssertionError("a finished cell was trained again")

    monkeypatch.setattr(work, "train_network", no_training)
    assert stage.run(RememberingLog()).metrics == result.metrics


def test_a_seed_repeats_itself(stage: SamplingStudyStage, log: RememberingLog, tmp_path: Path) -> None:
    small = replace(stage, grid=replace(stage.grid, seeds=(1,)))
    first = small.run(log).metrics
    assert replace(small, out_dir=tmp_path / "again").run(log).metrics == first


def test_osnet_has_no_frozen_trunk_to_share(stage: SamplingStudyStage, log: RememberingLog) -> None:
    with pytest.raises(DongsunError, match="detector's backbone"):
        replace(stage, reid=replace(stage.reid, backbone=OsnetSettings())).run(log)
