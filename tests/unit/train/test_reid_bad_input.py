"""What a user may get wrong: a clear error, and nothing written."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import openvino as ov
import openvino.opset13 as ops
import pytest
import torch

from dongsun.contract.errors import DongsunError
from dongsun.contract.stage import SilentRunLog
from dongsun.data.augmentation import AugmentRecipe
from dongsun.data.manifest import read_manifest, write_manifest
from dongsun.data.records import ReidRecord
from dongsun.train.detector.weights import new_detection_model
from dongsun.train.reid.osnet import build_osnet
from dongsun.train.reid.settings import OsnetSettings, ReidSettings, YoloBackboneSettings
from dongsun.train.reid.teacher_settings import OpenVinoTeacher, OsnetTeacher, TeacherSettings
from dongsun.train.run_train_reid import TrainReidStage
from dongsun.train.settings import TrainerSettings

Spoil = Callable[[TrainReidStage, Path], TrainReidStage]


@pytest.fixture
def stage(reid_data: Path, make_checkpoint: Callable[..., Path], tmp_path: Path) -> TrainReidStage:
    settings = ReidSettings(
        backbone=YoloBackboneSettings(checkpoint=make_checkpoint("yolov8n"), cut="P3"),
        height_px=32,
        width_px=32,
        embedding_size=16,
        epochs=1,
        persons_per_batch=4,
        images_per_person=2,
    )
    recipe = AugmentRecipe("none")
    return TrainReidStage(reid_data, tmp_path / "models" / "reid", settings, recipe, TrainerSettings(), 5, device="cpu")


def _keep_records(stage: TrainReidStage, keep: Callable[[ReidRecord], bool]) -> TrainReidStage:
    manifest = stage.data_dir / "manifest.parquet"
    records = list(read_manifest(manifest, ReidRecord, ("train", "validation")))
    with write_manifest(manifest, ReidRecord) as writer:
        for record in records:
            if keep(record):
                writer.write(record)
    return stage


def _one_image_each(stage: TrainReidStage, _: Path) -> TrainReidStage:
    return _keep_records(stage, lambda record: record.split != "train" or record.frame_index == 0)


def _validation_seen_once(stage: TrainReidStage, _: Path) -> TrainReidStage:
    return _keep_records(stage, lambda record: record.split != "validation" or record.frame_index == 0)


def _broken_crop(stage: TrainReidStage, _: Path) -> TrainReidStage:
    (stage.data_dir / "crops" / "2_3.png").write_bytes(b"no picture")
    return stage


def _trunk(stage: TrainReidStage, **changes: object) -> TrainReidStage:
    backbone = stage.reid.backbone
    assert isinstance(backbone, YoloBackboneSettings)
    return replace(stage, reid=replace(stage.reid, backbone=replace(backbone, **changes)))  # type: ignore[arg-type]


def _nan_trunk(stage: TrainReidStage, folder: Path) -> TrainReidStage:
    model = new_detection_model("yolov8n")
    with torch.no_grad():
        model.model[2].cv1.conv.weight[0, 0, 0, 0] = float("nan")
    torch.save({"model": model, "train_args": {}}, folder / "nan.pt")
    return _trunk(stage, checkpoint=folder / "nan.pt")


def _nan_osnet(stage: TrainReidStage, folder: Path) -> TrainReidStage:
    trunk, _ = build_osnet("osnet_x0_25", None)
    state = {f"conv1.{name}": value for name, value in trunk[0].state_dict().items()}
    state["conv1.conv.weight"][0] = float("nan")
    from torchreid.reid.models import build_model

    whole = build_model("osnet_x0_25", num_classes=1, pretrained=False).state_dict() | state
    torch.save(whole, folder / "nan.pth")
    return replace(stage, reid=replace(stage.reid, backbone=OsnetSettings(weights=folder / "nan.pth")))


def _taught(stage: TrainReidStage, model: OsnetTeacher | OpenVinoTeacher) -> TrainReidStage:
    return replace(stage, reid=replace(stage.reid, teacher=TeacherSettings(model=model)))


def _graph(folder: Path, *, input_shape: list[int], pooled_axes: list[int], factor: float = 1.0) -> Path:
    picture = ops.parameter(input_shape, name="picture", dtype=np.float32)
    pooled = ops.reduce_mean(picture, ops.constant(pooled_axes), keep_dims=False)
    ov.save_model(ov.Model([ops.multiply(pooled, ops.constant(np.float32(factor)))], [picture]), folder / "teacher.xml")
    return folder / "teacher.xml"


def _teacher_of_another_size(stage: TrainReidStage, folder: Path) -> TrainReidStage:
    model = _graph(folder, input_shape=[1, 3, 64, 64], pooled_axes=[2, 3])
    return _taught(stage, OpenVinoTeacher(model=model, height_px=64, width_px=32))


def _teacher_of_another_output(stage: TrainReidStage, folder: Path) -> TrainReidStage:
    model = _graph(folder, input_shape=[1, 3, 64, 32], pooled_axes=[3])
    return _taught(stage, OpenVinoTeacher(model=model, height_px=64, width_px=32))


def _teacher_that_sees_nothing(stage: TrainReidStage, folder: Path) -> TrainReidStage:
    model = _graph(folder, input_shape=[1, 3, 64, 32], pooled_axes=[2, 3], factor=0.0)
    return _taught(stage, OpenVinoTeacher(model=model, height_px=64, width_px=32))


def _damaged_teacher(stage: TrainReidStage, folder: Path) -> TrainReidStage:
    for suffix in (".xml", ".bin"):
        (folder / f"teacher{suffix}").write_bytes(b"no model")
    return _taught(stage, OpenVinoTeacher(model=folder / "teacher.xml"))


def _other_osnet(stage: TrainReidStage, folder: Path) -> TrainReidStage:
    torch.save({"conv1.conv.weight": torch.zeros(64, 3, 7, 7)}, folder / "other.pth")
    return _taught(stage, OsnetTeacher(weights=folder / "other.pth"))


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (_one_image_each, "two training persons with two crops each"),
        (_validation_seen_once, "3, 0 of them seen so"),
        (_broken_crop, "readable picture of a person"),
        (lambda stage, _: _trunk(stage, cut=99), "from 0 to 9"),
        (lambda stage, folder: _trunk(stage, checkpoint=folder / "none.pt"), "train-detector"),
        (_nan_trunk, "1 tensors with NaN or infinity"),
        (_nan_osnet, "1 tensors with NaN or infinity"),
        (_teacher_of_another_size, r"input \[1,3,64,64\]"),
        (_teacher_of_another_output, r"output \[2, 3, 64\] for 2 pictures"),
        (_teacher_that_sees_nothing, "finite and differ"),
        (_damaged_teacher, "intact re-ID model"),
        (_other_osnet, "tensors that do not fit"),
        (lambda stage, folder: _taught(stage, OsnetTeacher(weights=folder / "none.pth")), r"reid\.teacher=null"),
        (lambda stage, folder: _taught(stage, OpenVinoTeacher(model=folder / "no.xml")), r"reid\.teacher=null"),
    ],
)
def test_refused_clearly_and_nothing_written(spoil: Spoil, says: str, stage: TrainReidStage, tmp_path: Path) -> None:
    spoilt = spoil(stage, tmp_path)
    with pytest.raises(DongsunError, match=says):
        spoilt.run(SilentRunLog())
    out = stage.out_dir.parent
    assert not out.exists() or list(out.iterdir()) == []


def test_one_camera_and_persons_with_one_image_are_fine(stage: TrainReidStage) -> None:
    def keep(record: ReidRecord) -> bool:
        return record.camera_id == "c0" and (record.person_id not in ("p0", "p4") or record.frame_index == 0)

    result = _keep_records(stage, keep).run(SilentRunLog())
    assert result.metrics["train_persons"] == 4.0
    assert 0.0 < result.metrics["val_map"] <= 1.0
