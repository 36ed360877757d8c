import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from dongsun.contract.errors import DongsunError
from dongsun.train.reid.checkpoint import load_reid, save_reid
from dongsun.train.reid.heads.settings import (
    AttentionHeadSettings,
    HeadSettings,
    LinearHeadSettings,
    PartAttentionHeadSettings,
    PoolingHeadSettings,
)
from dongsun.train.reid.settings import OsnetSettings, ReidSettings, ReidTrunkSettings, YoloBackboneSettings
from dongsun.train.reid.structure import build_embedder


@pytest.mark.parametrize(
    "head", [LinearHeadSettings(), PoolingHeadSettings(), AttentionHeadSettings(), PartAttentionHeadSettings()]
)
def test_round_trip(head: HeadSettings, make_checkpoint: Callable[..., Path], tmp_path: Path) -> None:
    backbone = YoloBackboneSettings(checkpoint=make_checkpoint("yolo26n"), cut="P3")
    settings = ReidSettings(backbone=backbone, head=head, height_px=64, width_px=32, embedding_size=24)
    embedder, structure = build_embedder(settings)
    path = tmp_path / "reid.pt"
    save_reid(path, embedder, structure)
    loaded = load_reid(path)

    crops = torch.rand(3, 3, 64, 32)
    with torch.inference_mode():
        assert torch.equal(loaded.model(crops), embedder(crops))
    assert not loaded.model.training
    assert (loaded.embedding_size, loaded.input) == (24, settings.input)
    json.dumps(loaded.description)


def test_osnet_round_trip_and_local_weights(tmp_path: Path) -> None:
    settings = ReidSettings(backbone=OsnetSettings(), height_px=64, width_px=32)
    embedder, structure = build_embedder(settings)
    save_reid(tmp_path / "reid.pt", embedder, structure)
    loaded = load_reid(tmp_path / "reid.pt")
    assert loaded.embedding_size == 512
    with torch.inference_mode():
        assert loaded.model(torch.rand(2, 3, 64, 32)).shape == (2, 512)

    torch.save({"state_dict": {"conv1.conv.weight": torch.zeros(16, 3, 7, 7)}}, tmp_path / "other.pth")
    with pytest.raises(DongsunError, match="tensors that do not fit"):
        build_embedder(ReidSettings(backbone=OsnetSettings(weights=tmp_path / "other.pth")))
    with pytest.raises(DongsunError, match="nothing there"):
        build_embedder(ReidSettings(backbone=OsnetSettings(weights=tmp_path / "none.pth")))


@pytest.mark.parametrize(
    "head", [PartAttentionHeadSettings(heads=7, width=84), AttentionHeadSettings(heads=7, width=32)]
)
def test_a_head_that_does_not_fit_the_trunk_is_refused(
    head: HeadSettings, make_checkpoint: Callable[..., Path]
) -> None:
    backbone = YoloBackboneSettings(checkpoint=make_checkpoint("yolov8n"), cut="P3")
    with pytest.raises(DongsunError, match="a head that fits the trunk's map") as refused:
        build_embedder(ReidSettings(backbone=backbone, head=head, height_px=64, width_px=32))
    assert "heads (7)" in str(refused.value)
    assert "reid.head" in str(refused.value)


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"PK\x03\x04broken"])
def test_damaged_file_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "reid.pt"
    path.write_bytes(content)
    with pytest.raises(DongsunError, match="re-ID checkpoint"):
        load_reid(path)


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DongsunError, match="nothing there"):
        load_reid(tmp_path / "reid.pt")


def test_trunk_of_an_earlier_model_under_another_head(make_checkpoint: Callable[..., Path], tmp_path: Path) -> None:
    backbone = YoloBackboneSettings(checkpoint=make_checkpoint("yolov8n"), cut="P4")
    settings = ReidSettings(backbone=backbone, height_px=64, width_px=32, embedding_size=24)
    earlier, structure = build_embedder(settings)
    with torch.no_grad():
        earlier.trunk[0].conv.weight.mul_(1.5)  # type: ignore[index,union-attr,operator]
    save_reid(tmp_path / "reid.pt", earlier, structure)

    taken = ReidTrunkSettings(checkpoint=tmp_path / "reid.pt")
    other = ReidSettings(backbone=taken, head=PoolingHeadSettings(), height_px=96, width_px=64, embedding_size=16)
    embedder, new_structure = build_embedder(other)
    assert (new_structure.trunk, new_structure.embedding_size) == (structure.trunk, 16)
    before, after = earlier.trunk.state_dict(), embedder.trunk.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)

    osnet, structure = build_embedder(ReidSettings(backbone=OsnetSettings(), height_px=64, width_px=32))
    save_reid(tmp_path / "osnet.pt", osnet, structure)
    with pytest.raises(DongsunError, match="on a detector's backbone"):
        build_embedder(ReidSettings(backbone=ReidTrunkSettings(checkpoint=tmp_path / "osnet.pt")))
