"""Which model teaches, and how: `conf/reid/teacher/*.yaml`."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from dongsun.contract.preprocess import InputSpec

_STRICT = ConfigDict(extra="forbid")


@dataclass(frozen=True, config=_STRICT)
class OsnetTeacher:
    """An OSNet checkpoint, fed as torchreid feeds it.

    Attributes:
        weights: A local state dict (classifier not needed).
        name: As torchreid's `build_model` names it.
    """

    weights: Path
    name: Literal["osnet_x0_25", "osnet_x0_5", "osnet_x0_75", "osnet_x1_0"] = "osnet_x0_25"
    kind: Literal["osnet"] = "osnet"

    @property
    def input(self) -> InputSpec:
        """256x128, ImageNet's mean and deviation."""
        return InputSpec(
            height_px=256,
            width_px=128,
            channels="rgb",
            resize="stretch",
            scale=1 / 255,
            mean=(0.485, 0.456, 0.406),
            std=(0.229, 0.224, 0.225),
        )


@dataclass(frozen=True, config=_STRICT)
class OpenVinoTeacher:
    """A finished OpenVINO model; nothing in the file tells how it is fed, so that is said here.

    Attributes:
        model: The `.xml`, its `.bin` beside it.
        height_px: Crops are stretched to this height …
        width_px: … and width.
        channels: Order of the channels.
        scale: Pixels are multiplied by this first.
        mean: Subtracted then, in the order of `channels`.
        std: Divided by thereafter.
    """

    model: Path
    height_px: int = Field(default=256, ge=1)
    width_px: int = Field(default=128, ge=1)
    channels: Literal["rgb", "bgr"] = "bgr"
    scale: float = Field(default=1.0, gt=0)
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    kind: Literal["openvino"] = "openvino"

    @property
    def input(self) -> InputSpec:
        """How crops are fed to it."""
        return InputSpec(
            height_px=self.height_px,
            width_px=self.width_px,
            channels=self.channels,
            resize="stretch",
            scale=self.scale,
            mean=self.mean,
            std=self.std,
        )


TeacherModel = Annotated[OsnetTeacher | OpenVinoTeacher, Field(discriminator="kind")]


@dataclass(frozen=True, config=_STRICT)
class TeacherSettings:
    """Distillation: the pupil's embeddings are drawn to what the teacher makes of the plain crops.

    Attributes:
        model: Who teaches.
        weight: Of the teacher's loss beside identity and triplet.
        lesson: `relations` teaches the similarities between the images of a batch, `embeddings` the teacher's own
            embeddings, through a linear map that is dropped after training.
    """

    model: TeacherModel
    weight: float = Field(default=1.0, gt=0)
    lesson: Literal["relations", "embeddings"] = "relations"
