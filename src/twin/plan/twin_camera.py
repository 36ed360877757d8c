"""Where a camera hangs, and what it does to the picture."""

import math
from typing import Annotated

from pydantic import Field

from dongsun.contract.errors import DongsunError
from dongsun.contract.store import LensConfig
from dongsun.twin.camera.look import CameraLook
from dongsun.twin.camera.store_camera import StoreCamera
from dongsun.twin.plan.frozen import FloorPoint, Frozen, Positive


class FloorLine(Frozen):
    """A counting line on the floor, from which `dongsun.twin.plan.survey` computes the picture's."""

    start: FloorPoint
    end: FloorPoint
    inside: FloorPoint


class TwinCamera(Frozen):
    """A camera of the twin. Its lens is the store file's (`cameras.<id>.lens`)."""

    position_m: tuple[float, float, float]
    yaw_deg: float = Field(description="where it looks, anticlockwise from +x seen from above")
    pitch_deg: Annotated[float, Field(ge=-10, le=90)] = Field(default=27.0, description="how far it looks down")
    hfov_deg: Annotated[float, Field(gt=20, le=200)] = Field(default=78.0, description="horizontal field of view")
    width_px: Annotated[int, Field(ge=64, multiple_of=2)] | None = Field(default=None, description="the plan's")
    height_px: Annotated[int, Field(ge=64, multiple_of=2)] | None = Field(default=None, description="the plan's")
    fps: Annotated[int, Field(ge=1, le=30)] | None = Field(
        default=None, description="the plan's, or a whole fraction of it"
    )
    exposure: Positive = 1.0
    gamma: Positive = 1.0
    saturation: Annotated[float, Field(ge=0)] = 1.0
    white_balance_bgr: tuple[Positive, Positive, Positive] = (1.0, 1.0, 1.0)
    blur_px: Positive = 0.55
    noise: Annotated[float, Field(ge=0)] = 4.0
    vignette: Annotated[float, Field(ge=0, le=1)] = 0.1
    crf: Annotated[int, Field(ge=0, le=51)] = Field(default=24, description="H.264 quality, where no bit rate is given")
    bitrate_kbps: Annotated[int, Field(ge=50)] | None = None
    lines: dict[str, FloorLine] = Field(default={})
    zones: dict[str, Annotated[tuple[FloorPoint, ...], Field(min_length=3)]] = Field(default={})

    def geometry(self, width_px: int, height_px: int, lens: LensConfig) -> StoreCamera:
        """The camera's geometry at a picture size.

        Raises:
            DongsunError: The store's lens has another field of view, or one that its distortion does not allow.
        """
        if lens.hfov_deg is not None and abs(lens.hfov_deg - self.hfov_deg) > 1e-6:
            raise DongsunError(
                expected="the twin's camera and the store's lens to agree on the field of view",
                got=f"lens.hfov_deg {lens.hfov_deg:g}, but twin.cameras.<id>.hfov_deg {self.hfov_deg:g}",
                where="cameras.<id>.lens.hfov_deg",
                mend="write the same number in both sections",
            )
        return StoreCamera(
            self.position_m,
            math.radians(self.yaw_deg),
            math.radians(self.pitch_deg),
            math.radians(self.hfov_deg),
            width_px,
            height_px,
            lens,
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
