"""A killed `train-reid`, started again, ends with the weights of an uninterrupted one."""

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from dongsun.contract.errors import DongsunError
from dongsun.contract.stage import SilentRunLog
from dongsun.data.augmentation import AugmentRecipe, AugmentStep
from dongsun.train.reid.checkpoint import load_reid
from dongsun.train.reid.heads.settings import AttentionHeadSettings
from dongsun.train.reid.resume import work_directory
from dongsun.train.reid.settings import ReidSettings, YoloBackboneSettings
from dongsun.train.run_train_reid import TrainReidStage
from dongsun.train.settings import TrainerSettings

RECIPE = AugmentRecipe("flip", (AugmentStep("HorizontalFlip", {"p": 0.5}), AugmentStep("GaussNoise", {"p": 0.5})))
CHILD = """
import pickle, sys, time
import torch
torch.set_num_threads(1)
from dongsun.contract.stage import SilentRunLog
class Slow(SilentRunLog):
    def metrics(self, values, step=None):
        print("epoch", step, flush=True)
        time.sleep(0.05)
pickle.loads(open(sys.argv[1], "rb").read()).run(Slow())
"""


class Curve(SilentRunLog):
    """Notes the epochs, and fails as a full disk would when one of them comes."""

    def __init__(self, fails_at: int | None = None) -> None:
        self.steps: list[int | None] = []
        self._fails_at = fails_at

    def metrics(self, values: Mapping[str, float], step: int | None = None) -> None:
        self.steps.append(step)
        if step is not None and step == self._fails_at:
            raise OSError("disk full")


@pytest.fixture
def stage(reid_data: Path, make_checkpoint: Callable[..., Path], tmp_path: Path) -> TrainReidStage:
    settings = ReidSettings(
        backbone=YoloBackboneSettings(checkpoint=make_checkpoint("yolov8n"), cut="P3"),
        head=AttentionHeadSettings(width=16, queries=2, dropout=0.2),
        height_px=32,
        width_px=32,
        embedding_size=16,
        epochs=6,
        persons_per_batch=4,
        images_per_person=2,
        ema_decay=0.9,
        keep="last",
    )
    return TrainReidStage(reid_data, tmp_path / "out", settings, RECIPE, TrainerSettings(), seed=5, device="cpu")


def test_killed_and_started_again_equals_never_killed(stage: TrainReidStage, tmp_path: Path) -> None:
    (tmp_path / "stage.pickle").write_bytes(pickle.dumps(stage))
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(tmp_path / "stage.pickle")],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert child.stdout is not None
    for line in child.stdout:
        if line.startswith("epoch 3"):
            child.send_signal(signal.SIGKILL)
            break
    assert child.wait() == -signal.SIGKILL
    left = list((tmp_path / ".out.training").rglob("resume.ckpt"))
    assert len(left) == 1, "the kill left a point to go on from"
    assert torch.load(left[0], map_location="cpu", weights_only=True)["epoch"] in (1, 2)
    assert not (tmp_path / "out").exists()
    _goes_on_as_if_nothing_had_been(stage, tmp_path)


def test_failed_finetuning_goes_on_too(stage: TrainReidStage, tmp_path: Path) -> None:
    stage = replace(stage, reid=replace(stage.reid, trunk="finetune", epochs=3, keep="best"))
    with pytest.raises(OSError, match="disk full"):
        stage.run(Curve(fails_at=3))
    _goes_on_as_if_nothing_had_been(stage, tmp_path)


def _goes_on_as_if_nothing_had_been(stage: TrainReidStage, folder: Path) -> None:
    log = Curve()
    resumed = stage.run(log)
    assert log.steps == [*range(1, stage.reid.epochs + 1), None]
    assert not (folder / ".out.training").exists()
    whole = replace(stage, out_dir=folder / "whole").run(SilentRunLog())
    assert dict(resumed.metrics) == dict(whole.metrics)
    assert (folder / "out" / "history.csv").read_text() == (folder / "whole" / "history.csv").read_text()
    first, second = (load_reid(folder / name / "reid.pt").model.state_dict() for name in ("out", "whole"))
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_another_training_does_not_go_on_from_it(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), work_directory(tmp_path / "out", "one") as work:
        (work / "resume.ckpt").write_text("state", encoding="utf-8")
        raise KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt), work_directory(tmp_path / "out", "one") as work:
        assert (work / "resume.ckpt").is_file()
        raise KeyboardInterrupt
    with work_directory(tmp_path / "out", "two") as work:
        assert not list(work.parent.rglob("resume.ckpt"))
    assert list(tmp_path.iterdir()) == []


def test_wrong_input_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(DongsunError), work_directory(tmp_path / "out", "one"):
        raise DongsunError(expected="a", got="b", where="c", mend="d")
    assert list(tmp_path.iterdir()) == []
