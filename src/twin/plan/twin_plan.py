"""The `twin:` section of a store file: the shop, its people and its cameras, in metres."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError, model_validator
from shapely.geometry import Polygon

from dongsun.contract.errors import DongsunError
from dongsun.contract.store import LensConfig, StoreConfig
from dongsun.twin.camera.store_camera import StoreCamera
from dongsun.twin.plan.checks import check_plan
from dongsun.twin.plan.disturbances import Disturbances
from dongsun.twin.plan.frozen import FloorPoint, Frozen, Positive
from dongsun.twin.plan.layout import Counter, Door, Lighting, Shelf, Wall
from dongsun.twin.plan.traffic import TwinStaff, Visitors, Wardrobe
from dongsun.twin.plan.twin_camera import TwinCamera
from dongsun.twin.plan.yaml_lines import YamlFile


class TwinPlan(Frozen):
    """Everything the renderer and the crowd know of the shop.

    World: metres, x right, y away from the street on the plan, z up. `width_px`, `height_px` and `fps` are the
    defaults of every camera; the simulation notes positions `fps` times a second.
    """

    width_px: Annotated[int, Field(ge=64, multiple_of=2)] = 640
    height_px: Annotated[int, Field(ge=64, multiple_of=2)] = 360
    fps: Annotated[int, Field(ge=1, le=30)] = 10
    decoration_seed: int = 11
    floor: Annotated[tuple[FloorPoint, ...], Field(min_length=3)]
    height_m: Positive = 3.2
    doors: dict[str, Door] = Field(min_length=1)
    walls: tuple[Wall, ...] = ()
    shelves: tuple[Shelf, ...] = ()
    counters: dict[str, Counter] = Field(default={})
    lighting: Lighting = Lighting()
    visitors: Visitors = Visitors()
    staff: TwinStaff = TwinStaff()
    wardrobe: Wardrobe = Wardrobe()
    disturbances: Disturbances = Disturbances()
    cameras: dict[str, TwinCamera] = Field(min_length=1)
    lenses: dict[str, LensConfig] = Field(default={}, description="filled from the store's cameras by `twin_plan`")

    @property
    def floor_polygon(self) -> Polygon:
        """The shop's outer walls."""
        return Polygon(self.floor)

    @property
    def bounds_m(self) -> tuple[float, float, float, float]:
        """x0, y0, x1, y1 of the shop."""
        x0, y0, x1, y1 = self.floor_polygon.bounds
        return float(x0), float(y0), float(x1), float(y1)

    @property
    def furniture(self) -> tuple[Shelf | Counter, ...]:
        """Shelves, then counters."""
        return (*self.shelves, *self.counters.values())

    def camera(self, camera_id: str) -> StoreCamera:
        """Geometry of the camera called `camera_id`."""
        settings = self.cameras[camera_id]
        width, height = settings.width_px or self.width_px, settings.height_px or self.height_px
        return settings.geometry(width, height, self.lenses.get(camera_id, LensConfig()))

    def fps_of(self, camera_id: str) -> int:
        """Pictures a second of a camera."""
        return self.cameras[camera_id].fps or self.fps

    @model_validator(mode="after")
    def _rates_divide(self) -> "TwinPlan":
        for name, camera in self.cameras.items():
            if self.fps % (camera.fps or self.fps):
                raise ValueError(f"cameras.{name}.fps: {camera.fps} does not divide the plan's {self.fps}")
        return self


def twin_plan(store: StoreConfig, where: Path | str) -> TwinPlan:
    """Reads the store's `twin:` section.

    Args:
        store: The store.
        where: Its file, where there is one: the plan is then checked, and messages name the line.

    Raises:
        DongsunError: The section is absent, breaks the format, its cameras are not the store's, or the shop cannot be.
    """
    raw: dict[str, Any] = dict(store.twin)
    if not raw:
        raise DongsunError(
            expected="a store file with a `twin:` section",
            got="none",
            where=str(where),
            mend="describe the shop as conf/store/demo.yaml does, or name a store that has a twin",
        )
    file = YamlFile(where)
    try:
        plan = TwinPlan.model_validate(raw)
    except ValidationError as error:
        first = ("twin", *error.errors()[0]["loc"])
        problems = "; ".join(f"twin.{'.'.join(str(k) for k in e['loc'])}: {e['msg']}" for e in error.errors())
        raise DongsunError(
            expected="a twin section as conf/store/README.md describes",
            got=problems,
            where=file.place(first),
            mend="mend the keys named",
        ) from error
    if set(plan.cameras) != set(store.cameras):
        file.refuse(
            ("twin", "cameras"),
            expected=f"twin.cameras to be the store's cameras: {', '.join(store.cameras)}",
            got=", ".join(plan.cameras),
            mend="name the same cameras in both sections",
        )
    plan = plan.model_copy(update={"lenses": {name: camera.lens for name, camera in store.cameras.items()}})
    if Path(where).is_file():
        check_plan(plan, store, where)
    return plan
