"""The `twin:` section of a store file: the room, its shelves and its cameras, in metres."""

import math
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from dongsun.contract.errors import DongsunError
from dongsun.contract.store import StoreConfig
from dongsun.twin.camera import CameraLook, PinholeCamera

Positive = Annotated[float, Field(gt=0)]
FloorPoint = tuple[float, float]


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Room(_Frozen):
    """A rectangular shop: x from −width/2 to width/2, y from 0 (the street wall with the door) to depth."""

    width_m: Positive
    depth_m: Positive
    height_m: Positive = 3.2
    door_centre_x_m: float = 0.0
    door_width_m: Positive = 2.4

    @model_validator(mode="after")
    def _door_fits(self) -> "Room":
        if abs(self.door_centre_x_m) + self.door_width_m / 2 > self.width_m / 2 - 0.2:
            raise ValueError("the door does not fit into the street wall")
        return self


class Shelf(_Frozen):
    """A box of products on the floor."""

    x0_m: float
    y0_m: float
    x1_m: float
    y1_m: float
    height_m: Positive = 1.45

    @model_validator(mode="after")
    def _has_area(self) -> "Shelf":
        if self.x1_m - self.x0_m < 0.2 or self.y1_m - self.y0_m < 0.2:
            raise ValueError("a shelf needs x0 < x1 and y0 < y1, at least 0.2 m apart")
        return self


class FloorLine(_Frozen):
    """A counting line on the floor, from which `dongsun.twin.survey` computes the picture's."""

    start: FloorPoint
    end: FloorPoint
    inside: FloorPoint


class TwinCamera(_Frozen):
    """Where a camera hangs, and what it does to the picture."""

    position_m: tuple[float, float, float]
    yaw_deg: float
    pitch_deg: float = 27.0
    hfov_deg: Annotated[float, Field(gt=20, lt=120)] = 78.0
    exposure: Positive = 1.0
    gamma: Positive = 1.0
    saturation: Annotated[float, Field(ge=0)] = 1.0
    white_balance_bgr: tuple[Positive, Positive, Positive] = (1.0, 1.0, 1.0)
    blur_px: Positive = 0.55
    noise: Annotated[float, Field(ge=0)] = 4.0
    vignette: Annotated[float, Field(ge=0, le=1)] = 0.1
    crf: Annotated[int, Field(ge=0, le=51)] = 24
    lines: dict[str, FloorLine] = {}
    zones: dict[str, tuple[FloorPoint, ...]] = {}

    def pinhole(self, width_px: int, height_px: int) -> PinholeCamera:
        """The camera's geometry at a picture size."""
        return PinholeCamera(
            self.position_m,
            math.radians(self.yaw_deg),
            math.radians(self.pitch_deg),
            math.radians(self.hfov_deg),
            width_px,
            height_px,
        )

    def look(self) -> CameraLook:
        """What the camera does to the light."""
        return CameraLook(
            exposure=self.exposure,
            gamma=self.gamma,
            saturation=self.saturation,
            white_balance_bgr=self.white_balance_bgr,
            blur_px=self.blur_px,
            noise=self.noise,
            vignette=self.vignette,
        )


class TwinPlan(_Frozen):
    """Everything the renderer and the crowd know of the shop."""

    width_px: Annotated[int, Field(ge=64, multiple_of=2)] = 640
    height_px: Annotated[int, Field(ge=64, multiple_of=2)] = 360
    fps: Annotated[int, Field(ge=1, le=30)] = 10
    decoration_seed: int = 11
    room: Room
    shelves: tuple[Shelf, ...]
    cameras: dict[str, TwinCamera] = Field(min_length=1)

    @model_validator(mode="after")
    def _shelves_inside(self) -> "TwinPlan":
        half = self.room.width_m / 2
        for shelf in self.shelves:
            if shelf.x0_m < -half or shelf.x1_m > half or shelf.y0_m < 0 or shelf.y1_m > self.room.depth_m:
                raise ValueError(f"the shelf at ({shelf.x0_m}, {shelf.y0_m}) reaches out of the room")
        return self

    def pinhole(self, camera_id: str) -> PinholeCamera:
        """Geometry of the camera called `camera_id`."""
        return self.cameras[camera_id].pinhole(self.width_px, self.height_px)


def twin_plan(store: StoreConfig, where: Path | str) -> TwinPlan:
    """Reads the store's `twin:` section.

    Raises:
        DongsunError: The section is absent, breaks the format, or its cameras are not the store's.
    """
    raw: dict[str, Any] = dict(store.twin)
    if not raw:
        raise DongsunError(
            expected="a store file with a `twin:` section",
            got="none",
            where=str(where),
            mend="describe the room as conf/store/demo.yaml does, or name a store that has a twin",
        )
    try:
        plan = TwinPlan.model_validate(raw)
    except ValidationError as error:
        problems = "; ".join(f"twin.{'.'.join(str(k) for k in e['loc'])}: {e['msg']}" for e in error.errors())
        raise DongsunError(
            expected="a twin section as conf/store/README.md describes",
            got=problems,
            where=str(where),
            mend="mend the keys named",
        ) from error
    if set(plan.cameras) != set(store.cameras):
        raise DongsunError(
            expected=f"twin.cameras to be the store's cameras: {', '.join(store.cameras)}",
            got=", ".join(plan.cameras),
            where=str(where),
            mend="name the same cameras in both sections",
        )
    return plan
