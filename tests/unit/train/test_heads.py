from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

from dongsun.train.reid.embedder import ReidEmbedder
from dongsun.train.reid.heads.attention import AttentionHead, sine_position
from dongsun.train.reid.heads.build import build_head
from dongsun.train.reid.heads.part_attention import PartAttentionHead, horizontal_bands
from dongsun.train.reid.heads.settings import (
    AttentionHeadSettings,
    HeadSettings,
    LinearHeadSettings,
    PartAttentionHeadSettings,
    PoolingHeadSettings,
)

SHAPE = (12, 4, 3)
HEADS: list[HeadSettings] = [
    LinearHeadSettings(),
    PoolingHeadSettings(pooling="gap"),
    PoolingHeadSettings(pooling="gem"),
    AttentionHeadSettings(queries=3, heads=2, width=16),
    AttentionHeadSettings(queries=1, heads=4, width=16, position="sincos"),
    PartAttentionHeadSettings(queries=3, heads=2, width=16),
    PartAttentionHeadSettings(queries=1, heads=4, width=16),
]


@pytest.mark.parametrize("settings", HEADS)
def test_shape_and_determinism(settings: HeadSettings) -> None:
    maps = torch.randn(5, *SHAPE, generator=torch.Generator().manual_seed(0))
    outputs = []
    for _ in range(2):
        torch.manual_seed(7)
        outputs.append(build_head(settings, SHAPE, 32).eval()(maps))
    assert outputs[0].shape == (5, 32)
    assert torch.equal(outputs[0], outputs[1])


@pytest.mark.parametrize("settings", HEADS)
def test_images_of_a_batch_do_not_mix(settings: HeadSettings) -> None:
    head = build_head(settings, SHAPE, 8).eval()
    maps = torch.randn(4, *SHAPE)
    one_by_one = torch.cat([head(one[None]) for one in maps])
    assert torch.allclose(head(maps), one_by_one, atol=1e-6)


@pytest.mark.parametrize("settings", HEADS)
def test_exports_to_onnx_with_any_batch(settings: HeadSettings, tmp_path: Path) -> None:
    torch.manual_seed(0)
    trunk = torch.nn.Conv2d(3, SHAPE[0], kernel_size=8, stride=8)
    model = ReidEmbedder(trunk, build_head(settings, SHAPE, 16), 16).eval()
    path = tmp_path / "model.onnx"
    torch.onnx.export(
        model,
        (torch.rand(2, 3, 32, 24),),
        str(path),
        input_names=["crops"],
        output_names=["embeddings"],
        dynamic_axes={"crops": {0: "n"}, "embeddings": {0: "n"}},
        dynamo=False,
    )
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    for batch in (1, 8):
        crops = torch.rand(batch, 3, 32, 24)
        (got,) = session.run(None, {"crops": crops.numpy()})
        with torch.inference_mode():
            np.testing.assert_allclose(got, model(crops).numpy(), atol=1e-5)


def test_embedder_gives_unit_rows() -> None:
    model = ReidEmbedder(torch.nn.Identity(), build_head(HEADS[3], SHAPE, 16), 16).eval()
    norms = model(torch.randn(6, *SHAPE)).norm(dim=1)
    assert torch.allclose(norms, torch.ones(6), atol=1e-6)


def test_score_maps_are_weights_over_places() -> None:
    head = AttentionHead(SHAPE, 8, queries=3, heads=2, width=16, learned_position=True, dropout=0.0).eval()
    maps = head.score_maps(torch.randn(5, *SHAPE))
    assert maps.shape == (5, 2, 3, SHAPE[1], SHAPE[2])
    assert torch.allclose(maps.sum(dim=(3, 4)), torch.ones(5, 2, 3), atol=1e-5)


def test_attention_equals_torchs_own() -> None:
    """Oracle: scaled dot-product attention of torch on the same queries, keys and values."""
    torch.manual_seed(0)
    head = AttentionHead(SHAPE, 8, queries=3, heads=2, width=16, learned_position=True, dropout=0.0).eval()
    feature_map = torch.randn(4, *SHAPE)
    places = head.norm((head.reduce(feature_map) + head.position).flatten(2).transpose(1, 2))
    keys = head.key(places).view(4, 12, 2, 8).transpose(1, 2)
    values = head.value(places).view(4, 12, 2, 8).transpose(1, 2)
    pooled = torch.nn.functional.scaled_dot_product_attention(head.query.expand(4, -1, -1, -1), keys, values)
    together = torch.cat([pooled.transpose(1, 2).flatten(1), places.mean(dim=1)], dim=1)
    assert torch.allclose(head(feature_map), head.project(together), atol=1e-5)


def test_part_attention_equals_torchs_own() -> None:
    """Oracle: scaled dot-product attention of torch, the learned places as its additive mask."""
    torch.manual_seed(0)
    head = PartAttentionHead(SHAPE, 8, queries=3, heads=2, width=16, dropout=0.0).eval()
    feature_map = torch.randn(4, *SHAPE)
    keys = head.norm(head.key(feature_map).flatten(2).transpose(1, 2)).view(4, 12, 2, 8).transpose(1, 2)
    values = feature_map.flatten(2).view(4, 2, 6, 12).transpose(2, 3)
    pooled = torch.nn.functional.scaled_dot_product_attention(
        head.query.expand(4, -1, -1, -1), keys, values, attn_mask=head.position
    )
    together = torch.cat([pooled.transpose(1, 2).flatten(1), feature_map.mean(dim=(2, 3))], dim=1)
    assert torch.allclose(head(feature_map), head.project(together), atol=1e-5)


def test_part_attention_begins_at_its_bands_and_can_average() -> None:
    """By the place alone, each query's weights fall off from its own band; levelled, they average."""
    head = PartAttentionHead((4, 8, 3), 8, queries=4, heads=1, width=16, dropout=0.0).eval()
    maps = torch.rand(2, 4, 8, 3)
    with torch.no_grad():
        head.query.zero_()
        by_row = head.score_maps(maps)[0, 0].sum(dim=2)  # (queries, rows)
        assert [set(row.topk(2).indices.tolist()) for row in by_row] == [{0, 1}, {2, 3}, {4, 5}, {6, 7}]
        head.position.zero_()
        mean = maps.mean(dim=(2, 3))
        assert torch.allclose(head(maps), head.project(mean.repeat(1, 5)), atol=1e-5)


def test_a_single_band_is_level() -> None:
    assert not horizontal_bands(1, 4, 2).any()


def test_part_attention_refuses_heads_that_do_not_divide() -> None:
    with pytest.raises(ValueError, match="multiples of heads"):
        PartAttentionHead(SHAPE, 8, queries=2, heads=5, width=16, dropout=0.0)


def test_position_tells_every_place_apart() -> None:
    position = sine_position(16, 8, 4).flatten(2)[0].T
    distances = torch.cdist(position, position) + torch.eye(32) * 9
    assert float(distances.min()) > 0.1


def test_generalised_mean_with_exponent_one_averages() -> None:
    head = build_head(PoolingHeadSettings(pooling="gem"), SHAPE, 8).eval()
    with torch.no_grad():
        head.exponent.fill_(1.0)  # type: ignore[union-attr,operator]
    maps = torch.rand(3, *SHAPE)
    assert torch.allclose(head(maps), head.project(maps.mean(dim=(2, 3))), atol=1e-5)  # type: ignore[operator]
