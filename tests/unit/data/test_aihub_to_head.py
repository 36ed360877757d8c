"""docs/aihub.md, step by step, on a small fake tree: every command composes and does what the page says."""

from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate

from dongsun.contract.stage import SilentRunLog, StageResult
from dongsun.data.fake_aihub import FakeTree, write_fake_tree

ROOT = Path(__file__).parents[3]


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("DONGSUN_ASSETS", "unset")
    folders = [f"paths.{name}={tmp_path}/{name}" for name in ("interim", "processed", "models")]

    def stage(verb: str, *overrides: str) -> StageResult:
        everything = ["store=aihub", *folders, f"paths.weights={ROOT}/weights", *overrides]
        with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
            composed = compose(verb.replace("-", "_"), overrides=everything)
        return instantiate(composed.stage, _convert_="all").run(SilentRunLog())

    return stage


def test_from_the_tree_to_a_trained_head_and_its_threshold(tmp_path, run):
    write_fake_tree(tmp_path / "raw", FakeTree(people=60, images=600, damaged=0.01))
    ingested = run("ingest", f"dataset.root={tmp_path}/raw")
    assert "persons train 36, validation 4, calibration 2, test 18" in ingested.summary
    sampled = run("sample", "sampling.reid.min_per_stratum=2", "sampling.validation_cap=25")
    assert abs(sampled.metrics["reid_validation"] - 25) <= 1
    trained = run("train-reid", "reid.epochs=1", "reid.augmented_copies=0", "augment/reid=light")
    assert trained.metrics["train_persons"] == 36
    assert (tmp_path / "models/reid/reid.pt").is_file()
    tuned = run("tune", "threshold.bootstrap=100", "threshold.target_false_match_rate=0.05")
    assert tuned.metrics["persons"] == 4
    assert -1 <= tuned.metrics["similarity"] <= 1
    assert (tmp_path / "models/threshold/threshold.json").is_file()
