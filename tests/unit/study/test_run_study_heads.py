import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from dongsun.contract.errors import DongsunError
from dongsun.data.augmentation import AugmentRecipe, AugmentStep
from dongsun.data.sampling import Full
from dongsun.study.heads import work
from dongsun.study.heads.settings import GivenNet, HeadsGrid, NamedHead, TrainingPlan
from dongsun.study.run_study_heads import HeadsStudyStage
from dongsun.train.reid.heads.settings import AttentionHeadSettings, LinearHeadSettings
from dongsun.train.reid.settings import ReidSettings, YoloBackboneSettings
from dongsun.train.settings import TrainerSettings
from tests.unit.study.conftest import RememberingLog

PLAN = TrainingPlan(steps=3, learning_rate=1e-3)
RECIPE = AugmentRecipe("flip", (AugmentStep("HorizontalFlip", {"p": 0.5}),))


@pytest.fixture
def stage(data_dir: Path, checkpoint: Path, tmp_path: Path) -> HeadsStudyStage:
    heads = (NamedHead("linear", LinearHeadSettings()), NamedHead("attention", AttentionHeadSettings(1, 2, 16)))
    grid = HeadsGrid(
        checkpoint=checkpoint,
        frozen=PLAN,
        finetuned=PLAN,
        osnet_plan=PLAN,
        heads=heads,
        cuts=("P4",),
        seeds=(1, 2),
        given=(GivenNet("given", tmp_path / "none.xml"),),
    )
    reid = ReidSettings(
        backbone=YoloBackboneSettings(checkpoint),
        height_px=32,
        width_px=32,
        embedding_size=16,
        augmented_copies=1,
        persons_per_batch=4,
        images_per_person=2,
    )
    return HeadsStudyStage(
        data_dir, tmp_path / "no-store", tmp_path / "out", grid, reid, Full(), RECIPE, TrainerSettings(), device="cpu"
    )


@pytest.fixture
def quick_shipping(monkeypatch: pytest.MonkeyPatch) -> None:
    """Quantising takes longest, and has a test of its own below."""
    figures = {"gmacs": 0.1, "int8_ms_batch8": 1.0, "int8_cross_camera_map": 0.5}
    monkeypatch.setattr(work, "shipping_figures", lambda *_, **__: figures)


@pytest.mark.usefixtures("quick_shipping")
def test_the_whole_study_and_going_on_with_it(
    stage: HeadsStudyStage, log: RememberingLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = stage.run(log)
    with (stage.out_dir / "table.csv").open(encoding="utf-8") as stream:
        rows = {row["network"]: row for row in csv.DictReader(stream)}
    trained = [f"{kind}-P4-{head}" for kind in ("finetuned", "frozen") for head in ("linear", "attention")]
    assert list(rows) == [*trained, "given"]
    for name in trained:
        assert rows[name]["seeds"] == "2.0"
        assert 0 < float(rows[name]["cross_camera_map"]) <= 1
        assert rows[name]["int8_cross_camera_map"] == "0.5"
    assert "none.xml isn't there" in rows["given"]["absent"]
    text = (stage.out_dir / "table.md").read_text(encoding="utf-8")
    assert "across_time" in text and "no-store" in text  # absent, with the reason
    assert all(path.is_file() for path in result.artifacts)
    assert len(log.children) == 4 * 2 + 4 and not log.failed

    def no_training(*_: object, **__: object) -> None:
        raise AssertionError("a finished cell was trained again")

    monkeypatch.setattr(work, "train_network", no_training)
    monkeypatch.setattr(work, "shipping_figures", no_training)
    assert stage.run(RememberingLog()).metrics == result.metrics
    # Another seed is new work, the others are not.
    more = replace(stage, grid=replace(stage.grid, seeds=(1, 2, 3)))
    with pytest.raises(AssertionError, match="trained again"):
        more.run(RememberingLog())


def test_no_time_gives_an_honest_table(stage: HeadsStudyStage, log: RememberingLog) -> None:
    result = replace(stage, minutes=1e-9).run(log)
    assert not log.children and not result.metrics
    assert "run the study again" in result.summary


def test_an_absent_checkpoint_is_a_row_without_figures(stage: HeadsStudyStage, log: RememberingLog) -> None:
    gone = replace(stage, grid=replace(stage.grid, checkpoint=Path("gone.pt"), best_cuts=0))
    assert "gone.pt isn't there" in gone.run(log).summary


def test_no_data_is_refused_and_nothing_written(stage: HeadsStudyStage, log: RememberingLog, tmp_path: Path) -> None:
    with pytest.raises(DongsunError):
        replace(stage, data_dir=tmp_path / "none").run(log)
    assert not stage.out_dir.exists()


def test_a_head_ships_and_its_cells_say_what_they_are_of(stage: HeadsStudyStage, log: RememberingLog) -> None:
    small = replace(stage, grid=replace(stage.grid, heads=stage.grid.heads[:1], cuts=("P3",), seeds=(1,), best_cuts=0))
    small.run(log)
    folder = stage.out_dir / "cells"
    cell = json.loads(next(folder.glob("frozen-P3-linear-seed1-*.json")).read_text(encoding="utf-8"))["cell"]
    assert (cell["seed"], cell["settings"]["cut"], cell["settings"]["head"]) == (1, "P3", "linear")
    shipped = json.loads(next(folder.glob("frozen-P3-linear-shipped-*.json")).read_text(encoding="utf-8"))
    figures = shipped["outcome"]["metrics"]
    assert figures["gmacs"] > 0 and figures["parameters"] > 0 and figures["int8_ms_batch8"] > 0
    assert 0 < figures["int8_cross_camera_map"] <= 1
