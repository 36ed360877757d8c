"""What `dongsun study heads` compares: `conf/study_heads.yaml`."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from dongsun.contract.preprocess import InputSpec
from dongsun.train.reid.heads.settings import HeadSettings
from dongsun.train.reid.settings import Cut, ReidSettings

_STRICT = ConfigDict(extra="forbid")
_NAME = Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")
_IMAGENET_MEAN, _IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True, config=_STRICT)
class TrainingPlan:
    """How long and how fast networks of one kind train; what isn't named is `conf/reid/yolo_backbone.yaml`'s.

    Attributes:
        steps: Optimiser steps, the same for every network of the study that may learn as much.
        learning_rate: At its peak, of the head.
        trunk_learning_rate_ratio: Of a trunk that trains.
    """

    steps: int = Field(ge=1)
    learning_rate: float = Field(gt=0)
    trunk_learning_rate_ratio: float = Field(default=1.0, ge=0)


@dataclass(frozen=True, config=_STRICT)
class NamedHead:
    """A head under the name that the table gives it."""

    name: Annotated[str, _NAME]
    settings: HeadSettings


@dataclass(frozen=True, config=_STRICT)
class OsnetBaseline:
    """OSNet, trained on the same crops for as many steps.

    Attributes:
        row: Its row of the table.
        name: As torchreid names it.
        weights: What it starts from; None is a random start. A path that isn't there makes the row absent.
        learning_rate: At its peak, in place of the plan's: each start has its own best.
        triplet_weight: In place of the study's loss; 0 trains by identity alone, as torchreid's own recipe does.
    """

    row: Annotated[str, _NAME]
    name: Literal["osnet_x0_25", "osnet_x0_5", "osnet_x0_75", "osnet_x1_0"]
    weights: Path | None = None
    learning_rate: float | None = Field(default=None, gt=0)
    triplet_weight: float | None = Field(default=None, ge=0)
    height_px: int = Field(default=256, ge=32)
    width_px: int = Field(default=128, ge=32)
    mean: tuple[float, float, float] = _IMAGENET_MEAN
    std: tuple[float, float, float] = _IMAGENET_STD


@dataclass(frozen=True, config=_STRICT)
class NamedRecipe:
    """A network with a recipe all of its own, trained as it says (its epochs and steps too) on the study's crops."""

    row: Annotated[str, _NAME]
    settings: ReidSettings


@dataclass(frozen=True, config=_STRICT)
class GivenNet:
    """A finished network, judged as it is.

    Attributes:
        row: Its row of the table.
        path: An OpenVINO `.xml`, or OSNet weights (`.pth`); a path that isn't there makes the row absent.
        osnet: OSNet's name where `path` holds its weights.
    """

    row: Annotated[str, _NAME]
    path: Path
    osnet: Literal["osnet_x0_25", "osnet_x0_5", "osnet_x0_75", "osnet_x1_0"] | None = None
    height_px: int = Field(default=256, ge=32)
    width_px: int = Field(default=128, ge=32)
    channels: Literal["rgb", "bgr"] = "bgr"
    scale: float = Field(default=1.0, gt=0)
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)

    @property
    def input(self) -> InputSpec:
        """How crops are fed."""
        return InputSpec(
            height_px=self.height_px,
            width_px=self.width_px,
            channels=self.channels,
            resize="stretch",
            scale=self.scale,
            mean=self.mean,
            std=self.std,
        )


@dataclass(frozen=True, config=_STRICT)
class HeadsGrid:
    """The cells of the study.

    Attributes:
        checkpoint: The detector whose backbone is decomposed.
        frozen: Training of a head on a trunk that stays as it is, at every cut.
        finetuned: Training of everything, at the best cuts.
        osnet_plan: Training of the baselines.
        heads: Heads to compare.
        cuts: Cuts to compare.
        seeds: Each network is trained once with each.
        best_cuts: How many cuts are finetuned: those whose best head finds the validation people best, frozen.
        reid_trunk: An earlier `reid.pt` on a detector's backbone: the heads are compared on its trunk too, frozen and
            finetuned. None leaves these rows out.
        osnet: Baselines, trained alike.
        also: Networks with recipes of their own.
        given: Networks judged as they are.
    """

    checkpoint: Path
    frozen: TrainingPlan
    finetuned: TrainingPlan
    osnet_plan: TrainingPlan
    heads: tuple[NamedHead, ...] = Field(min_length=1)
    cuts: tuple[Annotated[Cut, Field(union_mode="left_to_right")], ...] = Field(min_length=1)
    seeds: tuple[int, ...] = Field(min_length=1)
    best_cuts: int = Field(default=1, ge=0)
    reid_trunk: Path | None = None
    osnet: tuple[OsnetBaseline, ...] = ()
    also: tuple[NamedRecipe, ...] = ()
    given: tuple[GivenNet, ...] = ()
