"""Diverged weights are refused by name, wherever they come from."""

from pathlib import Path

import numpy as np
import openvino as ov
import pytest
import torch
from torch import nn

from dongsun.contract.errors import DongsunError
from dongsun.contract.preprocess import InputSpec
from dongsun.export.finite_weights import refuse_broken_network
from dongsun.export.reid_source import reid_from_checkpoint, reid_from_openvino, reid_to_openvino
from dongsun.export.to_openvino import save_openvino
from dongsun.train.reid.checkpoint import LoadedReid

SPEC = InputSpec(height_px=16, width_px=8, channels="rgb", resize="stretch", scale=1 / 255)


def net() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.AdaptiveAvgPool2d(1), nn.Flatten()).eval()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_a_trained_network_is_refused_before_anything_is_written(value: float, tmp_path: Path) -> None:
    broken = net()
    with torch.no_grad():
        broken[0].weight[1, 2, 0, 0] = value
    loaded = LoadedReid(model=broken, input=SPEC, embedding_size=4, description={})
    with pytest.raises(DongsunError, match=r"NaN or infinity in 0\.weight\n.*where: here/reid\.pt"):
        reid_from_checkpoint(loaded, tmp_path, "here/reid.pt")
    assert list(tmp_path.iterdir()) == []


def test_buffers_count_too_and_sound_networks_pass() -> None:
    broken = net()
    refuse_broken_network(broken, "here")
    broken[1].running_var[0] = float("nan")
    with pytest.raises(DongsunError, match=r"1\.running_var"):
        refuse_broken_network(broken, "here")


def test_a_given_openvino_model_is_refused(tmp_path: Path) -> None:
    save_openvino(reid_to_openvino(net(), SPEC), tmp_path / "sound.xml")
    assert reid_from_openvino(tmp_path / "sound.xml", SPEC).embedding_size == 4
    weights = np.fromfile(tmp_path / "sound.bin", np.float32)
    weights[5] = np.nan
    weights.tofile(tmp_path / "sound.bin")
    with pytest.raises(DongsunError, match=r"NaN or infinity in .*"):
        reid_from_openvino(tmp_path / "sound.xml", SPEC)


def test_an_open_clamp_is_no_broken_weight(tmp_path: Path) -> None:
    clamped = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Hardtanh(0.0, float("inf")), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    save_openvino(reid_to_openvino(clamped.eval(), SPEC), tmp_path / "clamped.xml")
    assert isinstance(reid_from_openvino(tmp_path / "clamped.xml", SPEC).model, ov.Model)
