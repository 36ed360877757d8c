import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
import torch

from dongsun.contract.errors import DongsunError
from dongsun.contract.stage import SilentRunLog
from dongsun.data.augmentation import AugmentRecipe, AugmentStep
from dongsun.train.reid.checkpoint import load_reid
from dongsun.train.reid.heads.settings import AttentionHeadSettings, LinearHeadSettings
from dongsun.train.reid.settings import ReidSettings, YoloBackboneSettings
from dongsun.train.run_train_reid import TrainReidStage
from dongsun.train.settings import TrainerSettings

RECIPE = AugmentRecipe("flip", (AugmentStep("HorizontalFlip", {"p": 0.5}), AugmentStep("GaussNoise", {"p": 0.5})))
Trunk = Literal["frozen", "finetune"]


@pytest.fixture
def stage(reid_data: Path, make_checkpoint: Callable[..., Path], tmp_path: Path) -> TrainReidStage:
    settings = ReidSettings(
        backbone=YoloBackboneSettings(checkpoint=make_checkpoint("yolov8n"), cut="P4"),
        head=AttentionHeadSettings(width=32, queries=2),
        height_px=64,
        width_px=32,
        embedding_size=32,
        epochs=3,
        augmented_copies=2,
        persons_per_batch=4,
        images_per_person=4,
        learning_rate=3e-3,
    )
    return TrainReidStage(reid_data, tmp_path / "out", settings, RECIPE, TrainerSettings(), seed=5, device="cpu")


@pytest.mark.parametrize("trunk", ["frozen", "finetune"])
def test_outputs_and_repeatability(stage: TrainReidStage, trunk: Trunk, tmp_path: Path) -> None:
    stage = replace(stage, reid=replace(stage.reid, trunk=trunk))
    result = stage.run(SilentRunLog())
    rows = list(csv.DictReader((stage.out_dir / "history.csv").open(encoding="utf-8")))
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    assert float(result.metrics["val_map"]) == pytest.approx(max(float(row["val_map"]) for row in rows), abs=1e-4)
    assert json.loads((stage.out_dir / "metrics.json").read_text(encoding="utf-8")) == dict(result.metrics)
    assert all(path.is_file() for path in result.artifacts)
    loaded = load_reid(stage.out_dir / "reid.pt")
    assert loaded.description == json.loads((stage.out_dir / "reid.json").read_text(encoding="utf-8"))

    again = replace(stage, out_dir=tmp_path / "again")
    again.run(SilentRunLog())
    first, second = loaded.model.state_dict(), load_reid(again.out_dir / "reid.pt").model.state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_frozen_trunk_stays_as_the_detector_left_it(stage: TrainReidStage) -> None:
    untrained = replace(stage, reid=replace(stage.reid, epochs=0), out_dir=stage.out_dir.with_name("untrained"))
    untrained.run(SilentRunLog())
    stage.run(SilentRunLog())
    before = load_reid(untrained.out_dir / "reid.pt").model.state_dict()
    after = load_reid(stage.out_dir / "reid.pt").model.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before if name.startswith("trunk."))
    assert not torch.equal(before["head.project.weight"], after["head.project.weight"])


def test_goes_on_from_an_earlier_checkpoint(stage: TrainReidStage) -> None:
    stage.run(SilentRunLog())
    start = stage.out_dir / "reid.pt"
    copied = replace(stage, reid=replace(stage.reid, start=start, epochs=0), out_dir=stage.out_dir.with_name("copied"))
    copied.run(SilentRunLog())
    first, second = (load_reid(path).model.state_dict() for path in (start, copied.out_dir / "reid.pt"))
    assert all(torch.equal(first[name], second[name]) for name in first)

    other = replace(stage, reid=replace(stage.reid, start=start, head=LinearHeadSettings()))
    with pytest.raises(DongsunError, match=r"reid\.start"):
        other.run(SilentRunLog())


def test_best_epoch_needs_validation_persons(stage: TrainReidStage) -> None:
    from dongsun.data.manifest import read_manifest, write_manifest
    from dongsun.data.records import ReidRecord

    manifest = stage.data_dir / "manifest.parquet"
    records = list(read_manifest(manifest, ReidRecord, ("train",)))
    with write_manifest(manifest, ReidRecord) as writer:
        for record in records:
            writer.write(record)
    with pytest.raises(DongsunError, match=r"reid\.keep=last"):
        stage.run(SilentRunLog())
    result = replace(stage, reid=replace(stage.reid, keep="last")).run(SilentRunLog())
    assert "val_map" not in result.metrics
    assert result.metrics["kept_epoch"] == 3.0
