from collections.abc import Callable
from pathlib import Path

import numpy as np
import openvino as ov
import openvino.opset13 as ops
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dongsun.contract.preprocess import stretched
from dongsun.contract.stage import SilentRunLog
from dongsun.data.augmentation import AugmentRecipe
from dongsun.data.manifest import MANIFEST_NAME
from dongsun.train.reid.crops import read_crop_set, read_picture
from dongsun.train.reid.losses.distillation import embedding_loss, relation_loss
from dongsun.train.reid.settings import ReidSettings, YoloBackboneSettings
from dongsun.train.reid.teacher import teacher_embeddings
from dongsun.train.reid.teacher_settings import OpenVinoTeacher, OsnetTeacher, TeacherSettings
from dongsun.train.run_train_reid import TrainReidStage
from dongsun.train.settings import TrainerSettings


@pytest.fixture
def colour_teacher(tmp_path: Path) -> OpenVinoTeacher:
    """Embeds a crop by its mean colour in 0..1; BGR, 16x8, batch fixed to one as published models have it."""
    picture = ops.parameter([1, 3, 16, 8], np.float32)
    model = ov.Model([ops.reduce_mean(picture, ops.constant([2, 3]), keep_dims=False)], [picture])
    ov.save_model(model, tmp_path / "teacher.xml")
    return OpenVinoTeacher(model=tmp_path / "teacher.xml", height_px=16, width_px=8, channels="bgr", scale=1 / 255)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 999), count=st.integers(2, 7))
def test_relation_loss_equals_the_naive_loop(seed: int, count: int) -> None:
    random = torch.Generator().manual_seed(seed)
    pupil, teacher = torch.randn(count, 4, generator=random), torch.randn(count, 6, generator=random)
    teacher /= teacher.norm(dim=1, keepdim=True)
    squares = [
        (float(torch.cosine_similarity(pupil[i], pupil[j], dim=0)) - float(teacher[i] @ teacher[j])) ** 2
        for i in range(count)
        for j in range(count)
        if i != j
    ]
    assert float(relation_loss(pupil, teacher)) == pytest.approx(sum(squares) / len(squares), abs=1e-5)


def test_a_pupil_like_its_teacher_has_nothing_to_learn() -> None:
    teacher = torch.nn.functional.normalize(torch.randn(6, 5), dim=1)
    rotation = torch.linalg.qr(torch.randn(5, 5))[0]
    assert float(relation_loss(3.0 * teacher @ rotation, teacher)) == pytest.approx(0.0, abs=1e-6)
    assert float(embedding_loss(3.0 * teacher, teacher)) == pytest.approx(0.0, abs=1e-6)
    assert float(embedding_loss(-teacher, teacher)) == pytest.approx(2.0, abs=1e-6)


def test_openvino_teacher_sees_what_its_settings_say(reid_data: Path, colour_teacher: OpenVinoTeacher) -> None:
    crops = read_crop_set(reid_data / MANIFEST_NAME, "train")
    got = teacher_embeddings(colour_teacher, crops, workers=0)
    pictures = stretched([read_picture(path) for path in crops.paths], colour_teacher.input)
    expected = pictures.mean(axis=(2, 3))
    expected -= expected.mean(axis=0)
    np.testing.assert_allclose(got.numpy(), expected / np.linalg.norm(expected, axis=1, keepdims=True), atol=1e-4)


def test_osnet_teacher_gives_osnets_embedding(reid_data: Path, tmp_path: Path) -> None:
    from torchreid.reid.models import build_model

    torch.manual_seed(0)
    network = build_model("osnet_x0_25", num_classes=3, pretrained=False).eval()
    torch.save(network.state_dict(), tmp_path / "osnet.pth")
    crops = read_crop_set(reid_data / MANIFEST_NAME, "train").subset(range(3))
    teacher = OsnetTeacher(weights=tmp_path / "osnet.pth")
    pictures = torch.from_numpy(stretched([read_picture(path) for path in crops.paths], teacher.input))
    with torch.inference_mode():
        vectors = network(pictures)
    expected = torch.nn.functional.normalize(vectors - vectors.mean(dim=0), dim=1)
    assert torch.allclose(teacher_embeddings(teacher, crops, workers=0), expected, atol=1e-5)


@pytest.mark.parametrize("lesson", ["relations", "embeddings"])
@pytest.mark.parametrize("trunk", ["frozen", "finetune"])
def test_taught_training_learns_from_the_teacher(
    lesson: str,
    trunk: str,
    reid_data: Path,
    colour_teacher: OpenVinoTeacher,
    make_checkpoint: Callable[..., Path],
    tmp_path: Path,
) -> None:
    backbone = YoloBackboneSettings(checkpoint=make_checkpoint("yolov8n"), cut="P3")
    taught = TeacherSettings(model=colour_teacher, lesson=lesson, weight=5.0)  # type: ignore[arg-type]
    chosen = ReidSettings(
        backbone=backbone, teacher=taught, height_px=32, width_px=32, embedding_size=8, trunk=trunk, epochs=4,
        persons_per_batch=4, images_per_person=4, learning_rate=5e-3, warmup_epochs=0.0, keep="last",
    )  # type: ignore[arg-type]  # fmt: skip
    rows: list[float] = []

    class Curve(SilentRunLog):
        def metrics(self, values: object, step: int | None = None) -> None:
            if step is not None:
                rows.append(values["train_teacher_loss"])  # type: ignore[index]

    recipe = AugmentRecipe("none")
    TrainReidStage(reid_data, tmp_path / "out", chosen, recipe, TrainerSettings(), 5, device="cpu").run(Curve())
    assert rows[-1] < 0.7 * rows[0]
