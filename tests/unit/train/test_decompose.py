from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from dongsun.contract.errors import DongsunError
from dongsun.train.detector.weights import load_detection_model, new_detection_model
from dongsun.train.reid.decompose import decompose_detector, rebuild_trunk, verify_decomposition

CHANNELS = {
    "yolov8n": {"P3": 64, "P4": 128, "P5": 256},
    "yolo11n": {"P3": 128, "P4": 128, "P5": 256},
    "yolo26n": {"P3": 128, "P4": 128, "P5": 256},
}
LAST_LAYER = {"yolov8n": {"P3": 4, "P4": 6, "P5": 9}, "yolo11n": {"P3": 4, "P4": 6, "P5": 10}}
LAST_LAYER["yolo26n"] = LAST_LAYER["yolo11n"]
STRIDE = {"P3": 8, "P4": 16, "P5": 32}


@pytest.mark.parametrize("architecture", CHANNELS)
@pytest.mark.parametrize("cut", STRIDE)
def test_trunk_computes_what_the_whole_detector_computes_at_that_layer(
    architecture: str, cut: str, make_checkpoint: Callable[..., Path]
) -> None:
    checkpoint = make_checkpoint(architecture)
    pictures = torch.rand(2, 3, 64, 96, generator=torch.Generator().manual_seed(1))
    whole = load_detection_model(checkpoint)
    seen: list[torch.Tensor] = []
    whole.model[LAST_LAYER[architecture][cut]].register_forward_hook(lambda _m, _i, output: seen.append(output))

    trunk, description = decompose_detector(checkpoint, cut)  # type: ignore[arg-type]
    with torch.inference_mode():
        whole(pictures)
        got = trunk(pictures)

    assert got.shape == (2, CHANNELS[architecture][cut], 64 // STRIDE[cut], 96 // STRIDE[cut])
    assert torch.equal(got, seen[0])
    assert all(parameter.requires_grad for parameter in trunk.parameters())
    assert description.last_layer == LAST_LAYER[architecture][cut]


@pytest.fixture
def make_lived_in(tmp_path: Path) -> Callable[[str], Path]:
    """A checkpoint whose batch norms look used: means, variances, scales and shifts all over the place."""

    def make(architecture: str) -> Path:
        torch.manual_seed(1)
        model = new_detection_model(architecture)
        for layer in model.modules():
            if isinstance(layer, torch.nn.BatchNorm2d):
                torch.nn.init.normal_(layer.running_mean, std=0.3)
                torch.nn.init.uniform_(layer.running_var, 0.3, 3.0)
                torch.nn.init.uniform_(layer.weight, 0.5, 1.5)
                torch.nn.init.normal_(layer.bias, std=0.3)
        torch.save({"model": model, "train_args": {}}, tmp_path / f"{architecture}.pt")
        return tmp_path / f"{architecture}.pt"

    return make


@pytest.mark.parametrize("architecture", CHANNELS)
def test_every_kept_layer_equals_the_whole_detectors(architecture: str, make_lived_in: Callable[[str], Path]) -> None:
    """Oracle: the trunk's layers run one after the other, against what the whole detector's layers gave."""
    checkpoint = make_lived_in(architecture)
    trunk, description = decompose_detector(checkpoint, "P5")
    whole = load_detection_model(checkpoint)
    expected: list[torch.Tensor] = []
    for layer in whole.model:
        layer.register_forward_hook(lambda _m, _i, output: expected.append(output))
    picture = torch.rand(2, 3, 64, 32, generator=torch.Generator().manual_seed(2))
    with torch.inference_mode():
        whole(picture)
        for index, layer in enumerate(trunk):
            picture = layer(picture)
            assert torch.equal(picture, expected[index]), index
            assert float(picture.std()) > 0.01
    assert verify_decomposition(checkpoint, trunk, height_px=64, width_px=32) == description.last_layer + 1


def test_a_trunk_that_computes_something_else_is_found_out(make_lived_in: Callable[[str], Path]) -> None:
    checkpoint = make_lived_in("yolov8n")
    trunk, _ = decompose_detector(checkpoint, "P4")
    with torch.no_grad():
        trunk[3].bn.running_var[0] *= 1.01  # type: ignore[union-attr,operator]
    with pytest.raises(DongsunError, match=r"(?s)layer 3 of the trunk .* greatest difference"):
        verify_decomposition(checkpoint, trunk, height_px=64, width_px=32)


def test_rebuilt_trunk_takes_the_state(make_checkpoint: Callable[..., Path]) -> None:
    trunk, description = decompose_detector(make_checkpoint("yolo26n"), 4)
    again = rebuild_trunk(description).eval()
    again.load_state_dict(trunk.state_dict())
    picture = torch.rand(1, 3, 64, 32)
    with torch.inference_mode():
        assert torch.equal(again(picture), trunk(picture))


def test_layer_outside_the_backbone_is_refused(make_checkpoint: Callable[..., Path]) -> None:
    with pytest.raises(DongsunError, match="from 0 to 9"):
        decompose_detector(make_checkpoint("yolov8n"), 15)


def test_missing_detector_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DongsunError, match="train-detector"):
        decompose_detector(tmp_path / "detector.pt", "P4")
