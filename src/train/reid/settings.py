"""How the re-ID model is built and trained: `conf/reid/*.yaml`."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass

from dongsun.contract.preprocess import InputSpec
from dongsun.train.reid.heads.settings import AttentionHeadSettings, HeadSettings
from dongsun.train.reid.losses.settings import IdentityTripletSettings
from dongsun.train.reid.teacher_settings import TeacherSettings

_STRICT = ConfigDict(extra="forbid")
Cut = Literal["P3", "P4", "P5"] | int


@dataclass(frozen=True, config=_STRICT)
class YoloBackboneSettings:
    """The trunk is the backbone of a trained detector.

    Attributes:
        checkpoint: `detector.pt`.
        cut: Last layer kept: `P3`, `P4`, `P5` (strides 8, 16, 32) or the layer's index.
    """

    checkpoint: Path
    cut: Annotated[Cut, Field(union_mode="left_to_right")] = "P4"
    kind: Literal["yolo"] = "yolo"


@dataclass(frozen=True, config=_STRICT)
class ReidTrunkSettings:
    """The trunk is that of an earlier re-ID model, under a fresh head: trained to tell people apart, where a detector's
    backbone was trained to overlook what tells them apart.

    Attributes:
        checkpoint: `reid.pt`, with a trunk that was a detector's backbone.
    """

    checkpoint: Path
    kind: Literal["reid"] = "reid"


@dataclass(frozen=True, config=_STRICT)
class OsnetSettings:
    """The trunk and the head are OSNet's own, from torchreid: the baseline. `reid/head` is not used with it.

    Attributes:
        name: As torchreid's `build_model` names it.
        weights: A local state dict (classifier not needed); null is from scratch.
    """

    name: Literal["osnet_x0_25", "osnet_x0_5", "osnet_x0_75", "osnet_x1_0"] = "osnet_x0_25"
    weights: Path | None = None
    kind: Literal["osnet"] = "osnet"


BackboneSettings = Annotated[YoloBackboneSettings | ReidTrunkSettings | OsnetSettings, Field(discriminator="kind")]


@dataclass(frozen=True, config=_STRICT)
class ReidSettings:
    """The re-ID model and its training.

    Attributes:
        backbone: Where the trunk comes from.
        head: What turns its feature map into an embedding.
        loss: What is minimised.
        teacher: A model whose embeddings are learned from too; None trains without one.
        start: An earlier `reid.pt` of the same structure; its trunk and head are taken, and `backbone` is not read.
        height_px: Crops are stretched to this height …
        width_px: … and width.
        mean: Subtracted after scaling to 0..1, red, green, blue.
        std: Divided by thereafter.
        embedding_size: Length of the embedding.
        trunk: `frozen` keeps the trunk as it is and trains on its cached feature maps; `finetune` trains all.
        augmented_copies: Augmented variants of each crop in the cache of a frozen trunk.
        epochs: Each shows about as many crops as there are. 0 trains nothing.
        steps: Optimiser steps altogether, shared out evenly over `epochs` however many crops there are; None lets the
            number of crops decide. A multiple of `epochs`.
        persons_per_batch: P of P×K.
        images_per_person: K of P×K.
        learning_rate: At its peak, of the head.
        trunk_learning_rate_ratio: The trunk's learning rate over the head's.
        warmup_epochs: Epochs (fractions allowed) of rising learning rate; a cosine follows.
        weight_decay: Of AdamW.
        ema_decay: How much of itself the running average of the weights keeps in a step; the average is validated and
            kept instead of the weights. None trains without one.
        keep: `best` keeps the epoch of the highest mAP on validation persons, `last` the last one.
    """

    backbone: BackboneSettings
    head: HeadSettings = Field(default_factory=AttentionHeadSettings)
    loss: IdentityTripletSettings = Field(default_factory=IdentityTripletSettings)
    teacher: TeacherSettings | None = None
    start: Path | None = None
    height_px: int = Field(default=128, ge=32)
    width_px: int = Field(default=64, ge=32)
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    embedding_size: int = Field(default=256, ge=8)
    trunk: Literal["frozen", "finetune"] = "frozen"
    augmented_copies: int = Field(default=4, ge=0)
    epochs: int = Field(default=20, ge=0)
    steps: int | None = Field(default=None, ge=1)
    persons_per_batch: int = Field(default=8, ge=2)
    images_per_person: int = Field(default=8, ge=2)
    learning_rate: float = Field(default=1e-3, gt=0)
    trunk_learning_rate_ratio: float = Field(default=0.1, ge=0)
    warmup_epochs: float = Field(default=1.0, ge=0)
    weight_decay: float = Field(default=5e-4, ge=0)
    ema_decay: float | None = Field(default=None, gt=0, lt=1)
    keep: Literal["best", "last"] = "best"

    @model_validator(mode="after")
    def _steps_share_out(self) -> "ReidSettings":
        if self.steps is not None and (self.epochs == 0 or self.steps % self.epochs):
            raise ValueError(f"steps ({self.steps}) must be a multiple of epochs ({self.epochs})")
        return self

    @property
    def input(self) -> InputSpec:
        """The input that a station will feed."""
        return InputSpec(
            height_px=self.height_px,
            width_px=self.width_px,
            channels="rgb",
            resize="stretch",
            scale=1 / 255,
            mean=self.mean,
            std=self.std,
        )
