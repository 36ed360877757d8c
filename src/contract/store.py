"""The store file `conf/store/<id>.yaml`: the only per-store file, read alike by training, evaluation and station."""

import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from dongsun.contract.errors import DongsunError
from dongsun.contract.geometry import signed_distance

UnitInterval = Annotated[float, Field(ge=0.0, le=1.0)]
NormalisedPoint = tuple[UnitInterval, UnitInterval]
Anchor = Literal["foot", "centre"]
"""Which point of a person's box stands for the person: bottom centre, or centre."""


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class LineConfig(_Frozen):
    """A directed counting line; a crossing toward `inside` is `in`. Coordinates are normalised to the picture."""

    line_from: NormalisedPoint = Field(alias="from", description="one end of the segment")
    line_to: NormalisedPoint = Field(alias="to", description="the other end of the segment")
    inside: NormalisedPoint = Field(description="any point on the store's inner side")
    anchor: Anchor = Field(default="foot", description="which point of the box must cross")

    @model_validator(mode="after")
    def _inside_is_on_a_side(self) -> "LineConfig":
        if self.line_from == self.line_to:
            raise ValueError("`from` and `to` are the same point")
        if abs(signed_distance(self.inside, self.line_from, self.line_to)) < 1e-6:
            raise ValueError("`inside` lies on the line itself, so it names no side")
        return self


class ZoneConfig(_Frozen):
    """A polygon whose visitors and dwell are measured. Coordinates are normalised to the picture."""

    polygon: tuple[NormalisedPoint, ...] = Field(min_length=3, description="corners in order, at least three")
    anchor: Anchor = Field(default="foot", description="which point of the box must be inside")


class LensConfig(_Frozen):
    """How the lens bends the picture: coefficients as OpenCV calibrates them (`dongsun.contract.lens`)."""

    model: Literal["pinhole", "fisheye"] = "pinhole"
    k1: float = 0.0
    k2: float = 0.0
    k3: float = 0.0
    k4: float = Field(default=0.0, description="fisheye only")
    hfov_deg: Annotated[float, Field(gt=0, le=200)] | None = Field(
        default=None, description="real horizontal field of view; needed unless the lens is a plain pinhole"
    )

    @property
    def bends(self) -> bool:
        """Whether straight lines come out bent."""
        return self.model == "fisheye" or any((self.k1, self.k2, self.k3, self.k4))

    @model_validator(mode="after")
    def _can_be_straightened(self) -> "LensConfig":
        if self.model == "pinhole" and self.k4:
            raise ValueError("`k4` belongs to `model: fisheye`; a pinhole has k1, k2 and k3")
        if self.bends and self.hfov_deg is None:
            raise ValueError("`hfov_deg` is needed to straighten a lens that bends the picture")
        if self.model == "pinhole" and self.hfov_deg is not None and self.hfov_deg > 170:
            raise ValueError("a pinhole sees at most 170°; say `model: fisheye`")
        return self


class CameraConfig(_Frozen):
    """One camera: where its pictures come from and what is counted in them."""

    source: str = Field(default="", description="rtsp:// address, video file, or folder of frames")
    lens: LensConfig = LensConfig()
    floor_points: tuple[tuple[UnitInterval, UnitInterval, float, float], ...] = Field(
        default=(), description="[picture x, picture y (normalised), floor x, floor y (metres)], at least four or none"
    )
    lines: dict[str, LineConfig] = {}
    zones: dict[str, ZoneConfig] = {}

    @field_validator("floor_points")
    @classmethod
    def _enough_points(cls, points: tuple[Any, ...]) -> tuple[Any, ...]:
        if 0 < len(points) < 4:
            raise ValueError("a floor homography needs at least four points (or none at all)")
        return points


class FloorPlanConfig(_Frozen):
    """The plan that heatmaps are drawn on."""

    image: str
    metres_per_pixel: Annotated[float, Field(gt=0)]


class StaffConfig(_Frozen):
    """How staff are told from visitors: by where they stay long, or by their uniform."""

    zones: tuple[str, ...] = Field(default=(), description="zones in which only staff stay long, as behind a counter")
    zone_s: Annotated[float, Field(gt=0)] = Field(
        default=120.0, description="seconds in those zones, over the business day, that make somebody staff"
    )
    uniform_gallery: str | None = Field(
        default=None, description=".npz with an embedding of each uniform, beside this file (conf/store/README.md)"
    )
    uniform_gallery_stores_embeddings: bool = Field(
        default=False, description="must be true with `uniform_gallery`: that file keeps embeddings on disk"
    )
    uniform_similarity: Annotated[float, Field(gt=0, le=1)] | None = Field(
        default=None, description="somebody this like a uniform wears it; the bundle's threshold by default"
    )

    @model_validator(mode="after")
    def _risk_is_named(self) -> "StaffConfig":
        if self.uniform_gallery and not self.uniform_gallery_stores_embeddings:
            raise ValueError(
                "`uniform_gallery` keeps embeddings of clothing on disk, which nothing else of a station does; "
                "say `uniform_gallery_stores_embeddings: true` if that is meant"
            )
        return self


class StoreConfig(_Frozen):
    """A store, as its one file describes it."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$", description="lower case, digits and hyphens")
    timezone: str = "Asia/Seoul"
    business_day_starts: str = Field(default="06:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    floor_plan: FloorPlanConfig | None = None
    cameras: dict[str, CameraConfig] = Field(min_length=1)
    staff: StaffConfig = StaffConfig()
    twin: dict[str, Any] = Field(default={}, description="how the synthetic twin of this store is rendered")

    @field_validator("timezone")
    @classmethod
    def _known_timezone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"{name!r} is no IANA time zone such as Asia/Seoul") from error
        return name

    def camera(self, camera_id: str) -> CameraConfig:
        """The camera called `camera_id`.

        Raises:
            DongsunError: The store has no such camera.
        """
        if camera_id not in self.cameras:
            raise DongsunError(
                expected=f"one of the cameras {', '.join(self.cameras)}",
                got=repr(camera_id),
                where=f"store {self.id}",
                mend="name a camera of the store file, or add it there",
            )
        return self.cameras[camera_id]


_ENVIRONMENT = re.compile(r"\$\{oc\.env:([A-Z0-9_]+)(?:,([^}]*))?\}")


def load_store(path: Path) -> StoreConfig:
    """Reads a store file; `${oc.env:NAME}` and `${oc.env:NAME,default}` are filled from the environment.

    Raises:
        DongsunError: The file is absent, is no YAML, or breaks the format; the message names the key.
    """
    if not path.is_file():
        raise DongsunError(
            expected="a store file", got="nothing there", where=str(path), mend="give the path of conf/store/<id>.yaml"
        )
    try:
        raw = yaml.safe_load(_ENVIRONMENT.sub(_from_environment, path.read_text(encoding="utf-8")))
    except yaml.YAMLError as error:
        raise DongsunError(
            expected="YAML", got=str(error), where=str(path), mend="mend the syntax at the line named"
        ) from error
    return parse_store(raw, where=str(path))


def parse_store(raw: Any, *, where: str) -> StoreConfig:
    """Validates the mapping read from a store file.

    Raises:
        DongsunError: Something in it breaks the format; the message names every offending key.
    """
    try:
        return StoreConfig.model_validate(raw)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(str(k) for k in e['loc']) or 'file'}: {e['msg']}" for e in error.errors())
        raise DongsunError(
            expected="a store description (see conf/store/README.md)",
            got=problems,
            where=where,
            mend="mend the keys named",
        ) from error


def _from_environment(match: re.Match[str]) -> str:
    return os.environ.get(match[1], match[2] or "")
