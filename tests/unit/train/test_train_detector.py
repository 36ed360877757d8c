import csv
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from dongsun.contract.errors import DongsunError
from dongsun.contract.stage import SilentRunLog
from dongsun.data.augmentation import AugmentRecipe, AugmentStep
from dongsun.train.detector.description import read_description
from dongsun.train.detector.settings import DetectorSettings, GeometryAugmentation
from dongsun.train.detector.weights import load_detection_model
from dongsun.train.run_train_detector import TrainDetectorStage
from dongsun.train.settings import TrainerSettings

PLAIN = AugmentRecipe("none")


def stage(data: Path, out: Path, detector: DetectorSettings, recipe: AugmentRecipe = PLAIN) -> TrainDetectorStage:
    return TrainDetectorStage(data, out, detector, recipe, TrainerSettings(detector_batch=2), seed=3, device="cpu")


def settings(architecture: str, weights: str | None, **others: object) -> DetectorSettings:
    values = {"height_px": 64, "width_px": 96, "epochs": 1, "architecture": architecture, "weights": weights, **others}
    return DetectorSettings(**values)  # type: ignore[arg-type]


class Curve(SilentRunLog):
    def __init__(self) -> None:
        self.points: list[tuple[int | None, Mapping[str, float]]] = []

    def metrics(self, values: Mapping[str, float], step: int | None = None) -> None:
        self.points.append((step, values))


def test_outputs_curve_and_repeatability(detector_data: Path, tmp_path: Path) -> None:
    recipe = AugmentRecipe("flip", (AugmentStep("HorizontalFlip", {"p": 0.5}), AugmentStep("GaussNoise", {"p": 0.5})))
    detector = settings("yolov8n", None, epochs=2, geometry=GeometryAugmentation(mosaic=0.5))
    log = Curve()
    result = stage(detector_data, tmp_path / "a", detector, recipe).run(log)
    assert [step for step, _ in log.points] == [1, 2, None]
    rows = list(csv.DictReader((tmp_path / "a" / "history.csv").open(encoding="utf-8")))
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert json.loads((tmp_path / "a" / "metrics.json").read_text(encoding="utf-8")) == dict(result.metrics)
    assert all(path.is_file() for path in result.artifacts)
    description = read_description(tmp_path / "a")
    assert description.class_names == ("person", "head")
    assert (description.input.height_px, description.input.width_px) == (64, 96)
    assert (description.output, description.trained_from) == ("raw_cxcywh_scores", "scratch")
    assert not list(detector_data.rglob("*.cache")), "ultralytics wrote into the data"

    stage(detector_data, tmp_path / "b", detector, recipe).run(SilentRunLog())
    first, second = (load_detection_model(tmp_path / name / "detector.pt").state_dict() for name in "ab")
    assert all(torch.equal(first[name], second[name]) for name in first)


@pytest.mark.parametrize("architecture", ["yolov8n", "yolo26n"])
def test_what_start_weights_know_of_people_is_kept(
    architecture: str, make_checkpoint: Callable[..., Path], detector_data: Path, tmp_path: Path
) -> None:
    """The class branch keeps its hidden width, and the row of `person` moves from its old place to the new one."""
    names = tuple("person" if index == 5 else f"thing{index}" for index in range(80))
    start = make_checkpoint(architecture, names)
    frozen = 22 if architecture == "yolov8n" else 23  # all but the head
    detector = settings(architecture, str(start), learning_rate=1e-12, weight_decay=0.0, freeze=frozen)
    stage(detector_data, tmp_path / "out", detector).run(SilentRunLog())

    before = load_detection_model(start).model[-1]
    after = load_detection_model(tmp_path / "out" / "detector.pt").model[-1]
    branches = ["cv3"] + (["one2one_cv3"] if architecture == "yolo26n" else [])
    for branch in branches:
        for old, new in zip(getattr(before, branch), getattr(after, branch), strict=True):
            assert new[-1].weight.shape == (2, *old[-1].weight.shape[1:])
            assert torch.allclose(new[-1].weight[0], old[-1].weight[5], atol=1e-3)  # stored in half precision
            assert torch.allclose(new[-1].bias[0], old[-1].bias[5], atol=1e-2)
            assert not torch.allclose(new[-1].weight[1], old[-1].weight[5], atol=1e-3)


def test_killed_or_failed_training_leaves_the_old_model(detector_data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "detector.pt").write_text("old", encoding="utf-8")
    next((detector_data / "images").glob("003.png")).write_bytes(b"broken")
    with pytest.raises(DongsunError, match="readable, labelled frames"):
        stage(detector_data, out, settings("yolov8n", None)).run(SilentRunLog())
    assert (out / "detector.pt").read_text(encoding="utf-8") == "old"
    assert [path.name for path in out.parent.iterdir() if path.name.startswith(".")] == []


def test_no_frames_and_no_lists_are_refused(detector_data: Path, tmp_path: Path) -> None:
    job = stage(detector_data, tmp_path / "out", settings("yolov8n", None))
    (detector_data / "train.txt").write_text("", encoding="utf-8")
    with pytest.raises(DongsunError, match="an empty list"):
        job.run(SilentRunLog())
    (detector_data / "train.txt").unlink()
    with pytest.raises(DongsunError, match="dongsun sample"):
        job.run(SilentRunLog())
    with pytest.raises(DongsunError, match="manifest"):
        replace(job, data_dir=tmp_path / "nowhere").run(SilentRunLog())


def test_description_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DongsunError, match="train-detector"):
        read_description(tmp_path)
    (tmp_path / "detector.json").write_text(json.dumps({"architecture": "x"}), encoding="utf-8")
    with pytest.raises(DongsunError, match="Field required"):
        read_description(tmp_path)
