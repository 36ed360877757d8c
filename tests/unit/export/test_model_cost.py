"""Costs counted on the graph against hand arithmetic and published figures, and timings that say what was timed."""

import os
from pathlib import Path

import numpy as np
import openvino as ov
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from dongsun.contract.errors import DongsunError
from dongsun.contract.preprocess import InputSpec
from dongsun.export.graph_work import count_work
from dongsun.export.model_cost import measure_cost, time_forms
from dongsun.export.reid_source import reid_to_openvino
from dongsun.train.reid.osnet import build_osnet

SPEC = InputSpec(height_px=16, width_px=8, channels="rgb", resize="stretch", scale=1 / 255)


@settings(deadline=None, max_examples=5)
@given(width=st.integers(1, 3), kernel=st.sampled_from([1, 3]), stride=st.sampled_from([1, 2]), size=st.integers(1, 5))
def test_a_small_net_costs_what_pencil_and_paper_say(width: int, kernel: int, stride: int, size: int) -> None:
    channels, pad = 4 * width, kernel // 2
    net = nn.Sequential(
        nn.Conv2d(3, channels, kernel, stride, pad),
        nn.ReLU(),
        nn.Conv2d(channels, channels, 3, 1, 1, groups=channels),
        nn.Conv2d(channels, channels, 1, groups=2, bias=False),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(channels, size),
    ).eval()
    work = count_work(reid_to_openvino(net, SPEC), (1, 3, 16, 8))
    pixels = (16 // stride) * (8 // stride)
    by_hand = pixels * (3 * channels * kernel**2 + channels * 9 + channels * channels // 2) + channels * size
    assert work.macs == by_hand
    assert work.parameters == sum(p.numel() for p in net.parameters())


class Attention(nn.Module):
    """Two queries over a map of 8 channels: products of activations, whose weights are no constants."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv = nn.Conv2d(3, 8, 4, 4)
        self.queries = nn.Parameter(torch.randn(2, 8))

    def forward(self, crops: Tensor) -> Tensor:
        tokens = self.conv(crops).flatten(2).transpose(1, 2)
        scores = torch.softmax(self.queries @ tokens.transpose(1, 2), dim=-1)
        return (scores @ tokens).flatten(1)


def test_attention_is_counted() -> None:
    work = count_work(reid_to_openvino(Attention().eval(), SPEC), (1, 3, 16, 8))
    tokens = 4 * 2
    assert work.macs == tokens * 8 * 3 * 16 + 2 * (2 * tokens * 8)


def test_counting_leaves_the_model_alone() -> None:
    model = reid_to_openvino(Attention().eval(), SPEC)
    count_work(model, (1, 3, 16, 8))
    assert model.input(0).get_partial_shape()[0].is_dynamic


def test_osnet_costs_what_its_paper_says() -> None:
    """Zhou et al. 2019: x0.25 has 0.2 M parameters and 82.3 M multiply-adds at 256x128."""
    trunk, head = build_osnet("osnet_x0_25", None)
    spec = InputSpec(height_px=256, width_px=128, channels="rgb", resize="stretch", scale=1 / 255)
    work = count_work(reid_to_openvino(nn.Sequential(trunk, head).eval(), spec), (1, 3, 256, 128))
    assert work.gmacs == pytest.approx(0.0823, rel=0.01)
    assert work.parameters == pytest.approx(0.2e6, rel=0.05)


@pytest.mark.skipif("DONGSUN_ASSETS" not in os.environ, reason="needs the Open Model Zoo's models")
@pytest.mark.parametrize(("name", "gflops", "parameters"), [("0277", 1.993, 2.103e6), ("0288", 0.174, 0.183e6)])
def test_open_model_zoo_counts_two_flops_a_mac(name: str, gflops: float, parameters: float) -> None:
    """Its cards also count element-wise work, hence the tolerance."""
    path = Path(os.environ["DONGSUN_ASSETS"]) / "reid" / f"person-reidentification-retail-{name}.xml"
    work = count_work(ov.Core().read_model(path), (1, 3, 256, 128))
    assert 2 * work.gmacs == pytest.approx(gflops, rel=0.06)
    assert work.parameters == pytest.approx(parameters, rel=0.01)


def test_what_cannot_be_counted_is_refused() -> None:
    net = nn.Sequential(nn.ConvTranspose2d(3, 4, 2), nn.AdaptiveAvgPool2d(1), nn.Flatten()).eval()
    with pytest.raises(DongsunError, match="ConvolutionBackpropData"):
        count_work(reid_to_openvino(net, SPEC), (1, 3, 16, 8))


def test_times_are_of_a_crop_and_say_their_threads() -> None:
    model = reid_to_openvino(Attention().eval(), SPEC)
    crop = np.zeros((20, 10, 3), np.uint8)
    cost = measure_cost(model, [crop], SPEC, threads=1, repeats=3)
    assert cost.threads == 1
    assert set(cost.fp32_ms_per_crop) == {1, 8}
    assert cost.int8_ms_per_crop == {}
    both = measure_cost(model, [crop], SPEC, int8=model, batches=(1,), threads=1, repeats=3)
    assert set(both.int8_ms_per_crop) == {1}
    assert 0 < both.int8_ms_per_crop[1] < 1000
    with pytest.raises(DongsunError, match="crops to time"):
        time_forms({"fp32": model}, [], SPEC, threads=1)
