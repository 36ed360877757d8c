"""The detector's backbone as a trunk: cut at a layer, neck and head dropped, weights kept."""

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from dongsun.contract.errors import DongsunError
from dongsun.train.detector.weights import load_detection_model, new_detection_model
from dongsun.train.reid.settings import Cut

_STRIDE_OF = {"P3": 8, "P4": 16, "P5": 32}
_PROBE_PX = 64


@dataclass(frozen=True)
class BackboneCut:
    """How to rebuild a trunk's structure without its detector.

    Attributes:
        architecture: The detector's own description (ultralytics' `model.yaml`), plain JSON values.
        last_layer: Index of the last layer kept.
    """

    architecture: dict[str, Any]
    last_layer: int


def decompose_detector(checkpoint: Path, cut: Cut) -> tuple[nn.Sequential, BackboneCut]:
    """Cuts the backbone out of a detector.

    Args:
        checkpoint: `detector.pt` (YOLOv8, YOLO11, YOLO26).
        cut: `P3`, `P4`, `P5`: the last backbone layer of stride 8, 16, 32; or a layer's index within the backbone.

    Returns:
        The trunk, (n, 3, h, w) → (n, c, h / stride, w / stride), trainable, in eval mode; and how to rebuild it.

    Raises:
        DongsunError: No checkpoint there, weights that are not finite, or a cut outside a plain sequence of layers.
    """
    model = load_detection_model(checkpoint)
    architecture: dict[str, Any] = copy.deepcopy(model.yaml)
    backbone = model.model[: len(architecture["backbone"])]
    where = f"cut {cut!r} of {checkpoint}"
    _refuse_branches(backbone, where)
    last_layer = _layer_of(backbone, cut, where)
    trunk = nn.Sequential(*backbone[: last_layer + 1]).float().requires_grad_(True)
    _refuse_broken(trunk, where)
    return trunk.eval(), BackboneCut(architecture=architecture, last_layer=last_layer)


def verify_decomposition(checkpoint: Path, trunk: nn.Sequential, *, height_px: int, width_px: int) -> int:
    """Runs the whole detector and the trunk on the same random pictures and compares them layer by layer.

    Args:
        trunk: Of `decompose_detector(checkpoint, …)`, untrained.
        height_px: Size of the pictures …
        width_px: … that the trunk will see.

    Returns:
        How many layers were compared, all of them equal to the last bit.

    Raises:
        DongsunError: A layer of the trunk computes something else.
    """
    whole = load_detection_model(checkpoint).float().eval()
    pictures = torch.rand(2, 3, height_px, width_px, generator=torch.Generator().manual_seed(0))
    in_whole = _outputs(whole, whole.model[: len(trunk)], pictures, until=len(trunk))
    in_trunk = _outputs(trunk.eval(), trunk, pictures, until=len(trunk))
    for index, (expected, got) in enumerate(zip(in_whole, in_trunk, strict=True)):
        if not torch.equal(expected, got):
            difference = float((expected - got).abs().max()) if expected.shape == got.shape else float("nan")
            raise DongsunError(
                expected=f"layer {index} of the trunk to compute what the whole detector computes there",
                got=f"shape {tuple(got.shape)} against {tuple(expected.shape)}, greatest difference {difference:.3g}",
                where=str(checkpoint),
                mend="use a detector of the YOLOv8, YOLO11 or YOLO26 family, saved by the installed ultralytics",
            )
    return len(in_trunk)


def _outputs(model: nn.Module, layers: nn.Sequential, pictures: Tensor, *, until: int) -> list[Tensor]:
    """What the first `until` layers give when `model` runs."""
    seen: list[Tensor] = []
    # Copied at once: a later layer may work in place.
    hooks = [layer.register_forward_hook(lambda _m, _i, out: seen.append(out.clone())) for layer in layers]
    try:
        with torch.inference_mode():
            model(pictures)
    finally:
        for hook in hooks:
            hook.remove()
    return seen[:until]


def rebuild_trunk(cut: BackboneCut) -> nn.Sequential:
    """The same structure with fresh weights, for a state dict to be loaded into."""
    model = new_detection_model(copy.deepcopy(cut.architecture))
    return nn.Sequential(*model.model[: cut.last_layer + 1])


def _refuse_broken(trunk: nn.Sequential, where: str) -> None:
    broken = [name for name, value in trunk.state_dict().items() if not bool(value.isfinite().all())]
    if broken:
        raise DongsunError(
            expected="finite weights",
            got=f"{len(broken)} tensors with NaN or infinity, first {broken[0]}",
            where=where,
            mend="train the detector again, or give another checkpoint",
        )


def _refuse_branches(backbone: nn.Sequential, where: str) -> None:
    for index, layer in enumerate(backbone):
        if layer.f != -1:
            raise DongsunError(
                expected="a backbone whose every layer feeds the next",
                got=f"layer {index} takes its input from layer {layer.f}",
                where=where,
                mend="use a detector of the YOLOv8, YOLO11 or YOLO26 family",
            )


def _layer_of(backbone: nn.Sequential, cut: Cut, where: str) -> int:
    if isinstance(cut, int):
        if not 0 <= cut < len(backbone):
            raise DongsunError(
                expected=f"a backbone layer from 0 to {len(backbone) - 1}, or P3, P4, P5",
                got=str(cut),
                where=where,
                mend="set reid.backbone.cut",
            )
        return cut
    with torch.inference_mode():
        picture = torch.zeros(1, 3, _PROBE_PX, _PROBE_PX)
        strides = []
        for layer in backbone:
            picture = layer(picture)
            strides.append(_PROBE_PX // picture.shape[-1])
    wanted = _STRIDE_OF[cut]
    if wanted not in strides:
        raise DongsunError(
            expected=f"a backbone layer of stride {wanted}",
            got=f"strides {sorted(set(strides))}",
            where=where,
            mend="set reid.backbone.cut to a layer's index",
        )
    return len(strides) - 1 - strides[::-1].index(wanted)
