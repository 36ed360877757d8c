"""What is needed to rebuild a re-ID network before its state dict is loaded; stored in `reid.pt` and `reid.json`."""

from typing import Annotated, Any, Literal

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import nn

from dongsun.contract.errors import DongsunError
from dongsun.contract.preprocess import InputSpec
from dongsun.train.reid.decompose import BackboneCut, decompose_detector, rebuild_trunk
from dongsun.train.reid.embedder import ReidEmbedder
from dongsun.train.reid.heads.build import build_head
from dongsun.train.reid.heads.settings import HeadSettings
from dongsun.train.reid.osnet import OSNET_EMBEDDING_SIZE, build_osnet
from dongsun.train.reid.settings import OsnetSettings, ReidSettings, ReidTrunkSettings, YoloBackboneSettings


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class YoloTrunk(_Frozen):
    """A detector's backbone up to a layer."""

    kind: Literal["yolo"] = "yolo"
    architecture: dict[str, Any] = Field(description="ultralytics' own description of the detector")
    last_layer: int


class OsnetTrunk(_Frozen):
    """OSNet with its own head."""

    kind: Literal["osnet"] = "osnet"
    name: str


class ReidStructure(_Frozen):
    """Structure and input of a re-ID network."""

    format: Literal[1] = 1
    trunk: Annotated[YoloTrunk | OsnetTrunk, Field(discriminator="kind")]
    head: HeadSettings | None = Field(description="None: the trunk's family brings its own")
    map_shape: tuple[int, int, int] = Field(description="(c, h, w) between trunk and head")
    embedding_size: int = Field(gt=0)
    input: InputSpec


def build_embedder(settings: ReidSettings) -> tuple[ReidEmbedder, ReidStructure]:
    """A network with a fresh head (OSNet: its own) on the trunk that the settings name; in eval mode.

    Raises:
        DongsunError: The trunk's checkpoint is absent or does not fit.
    """
    backbone = settings.backbone
    if isinstance(backbone, OsnetSettings):
        trunk, head = build_osnet(backbone.name, backbone.weights)
        structure = ReidStructure(
            trunk=OsnetTrunk(name=backbone.name),
            head=None,
            map_shape=_map_shape(trunk, settings.input),
            embedding_size=OSNET_EMBEDDING_SIZE,
            input=settings.input,
        )
        return _assembled(trunk, head, structure), structure
    yolo_trunk, description = _yolo_trunk(backbone)
    structure = ReidStructure(
        trunk=description,
        head=settings.head,
        map_shape=_map_shape(yolo_trunk, settings.input),
        embedding_size=settings.embedding_size,
        input=settings.input,
    )
    try:
        new_head = build_head(settings.head, structure.map_shape, settings.embedding_size)
    except ValueError as error:
        raise DongsunError(
            expected=f"a head that fits the trunk's map of {structure.map_shape} (channels, height, width)",
            got=str(error),
            where="reid.head",
            mend="change reid.head's sizes",
        ) from error
    return _assembled(yolo_trunk, new_head, structure), structure


def _yolo_trunk(backbone: YoloBackboneSettings | ReidTrunkSettings) -> tuple[nn.Module, YoloTrunk]:
    if isinstance(backbone, ReidTrunkSettings):
        from dongsun.train.reid.checkpoint import load_embedder  # which rebuilds by this file

        earlier, structure = load_embedder(backbone.checkpoint)
        if not isinstance(structure.trunk, YoloTrunk):
            raise DongsunError(
                expected="a re-ID model on a detector's backbone",
                got=f"a trunk of kind {structure.trunk.kind}",
                where=str(backbone.checkpoint),
                mend="give another reid.pt: reid.backbone.checkpoint",
            )
        return earlier.trunk, structure.trunk
    trunk, cut = decompose_detector(backbone.checkpoint, backbone.cut)
    return trunk, YoloTrunk(architecture=cut.architecture, last_layer=cut.last_layer)


def rebuild_embedder(structure: ReidStructure) -> ReidEmbedder:
    """The network that `structure` describes, its weights still random; in eval mode."""
    trunk: nn.Module
    if isinstance(structure.trunk, OsnetTrunk):
        trunk, head = build_osnet(structure.trunk.name, None)
        return _assembled(trunk, head, structure)
    trunk = rebuild_trunk(BackboneCut(structure.trunk.architecture, structure.trunk.last_layer))
    if structure.head is None:
        raise ValueError("a detector's backbone has no head of its own")
    return _assembled(trunk, build_head(structure.head, structure.map_shape, structure.embedding_size), structure)


def _assembled(trunk: nn.Module, head: nn.Module, structure: ReidStructure) -> ReidEmbedder:
    return ReidEmbedder(trunk, head, structure.embedding_size).eval()


def _map_shape(trunk: nn.Module, spec: InputSpec) -> tuple[int, int, int]:
    with torch.inference_mode():
        shape = trunk.eval()(torch.zeros(1, 3, spec.height_px, spec.width_px)).shape
    return int(shape[1]), int(shape[2]), int(shape[3])
