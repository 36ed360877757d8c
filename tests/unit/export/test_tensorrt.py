"""Q/DQ that TensorRT accepts, and the lint that says so."""

from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
import torch
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from torch import nn

from dongsun.contract.preprocess import InputSpec
from dongsun.export.calibration import CalibrationSet, calibration_set
from dongsun.export.qdq_lint import qdq_problems
from dongsun.export.runners import onnx_runner, torch_runner
from dongsun.export.tensorrt import pack_tensorrt
from dongsun.export.tensorrt_recipe import BuildRecipe
from dongsun.export.torch_to_onnx import INPUT_NAME, write_onnx

SPEC = InputSpec(height_px=32, width_px=16, channels="rgb", resize="stretch", scale=1 / 255)


@pytest.fixture
def small_net() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.SiLU(), nn.Conv2d(8, 8, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    ).eval()


@pytest.fixture
def calibration(tmp_path: Path) -> CalibrationSet:
    generator = np.random.default_rng(0)
    paths = [tmp_path / f"{index}.png" for index in range(6)]
    for path in paths:
        cv2.imwrite(str(path), generator.integers(0, 255, (40, 20, 3), dtype=np.uint8))
    return calibration_set(paths, SPEC, 6, "crops")


def test_packed_onnx_is_legal_and_near_pytorch(
    small_net: nn.Module, calibration: CalibrationSet, tmp_path: Path
) -> None:
    write_onnx(small_net, SPEC, "embeddings", tmp_path / "reid.onnx")
    packed = pack_tensorrt(tmp_path / "reid.onnx", calibration, tmp_path / "tensorrt")
    assert qdq_problems(onnx.load(packed)) == ()
    recipe = BuildRecipe.model_validate_json((tmp_path / "tensorrt" / "reid-recipe.json").read_bytes())
    assert recipe.onnx == packed.name == "reid-qdq.onnx"
    assert recipe.profile.largest == (16, 3, 32, 16)
    assert "--optShapes=images:4x3x32x16" in recipe.tensorrt_11
    assert "--int8" not in recipe.tensorrt_11
    batch = np.concatenate(list(calibration))
    expected, given = torch_runner(small_net)(batch), onnx_runner(packed)(batch)
    assert np.abs(expected - given).max() < 0.1 * np.abs(expected).max()


class _Reader(CalibrationDataReader):  # type: ignore[misc]
    def __init__(self, calibration: CalibrationSet) -> None:
        self._batches = iter(calibration)

    def get_next(self) -> dict[str, np.ndarray] | None:
        batch = next(self._batches, None)
        return None if batch is None else {INPUT_NAME: batch}


@pytest.mark.parametrize(
    ("activation", "symmetric", "complaint"),
    [(QuantType.QUInt8, False, "uint8"), (QuantType.QInt8, False, "asymmetric")],
)
def test_the_lint_catches_what_tensorrt_would_refuse(
    small_net: nn.Module,
    calibration: CalibrationSet,
    tmp_path: Path,
    activation: QuantType,
    symmetric: bool,
    complaint: str,
) -> None:
    write_onnx(small_net, SPEC, "embeddings", tmp_path / "m.onnx")
    quantize_static(
        str(tmp_path / "m.onnx"),
        str(tmp_path / "q.onnx"),
        _Reader(calibration),
        quant_format=QuantFormat.QDQ,
        activation_type=activation,
        weight_type=QuantType.QInt8,
        extra_options={"ActivationSymmetric": symmetric, "WeightSymmetric": True},
    )
    assert any(complaint in problem for problem in qdq_problems(onnx.load(tmp_path / "q.onnx")))


def test_the_lint_wants_quantisation_at_all(small_net: nn.Module, tmp_path: Path) -> None:
    write_onnx(small_net, SPEC, "embeddings", tmp_path / "m.onnx")
    assert qdq_problems(onnx.load(tmp_path / "m.onnx")) == ("there is no Q/DQ node at all",)
