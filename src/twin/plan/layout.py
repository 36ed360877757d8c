"""What stands still: walls, doors, shelves, counters, lamps."""

from typing import Annotated

from pydantic import Field, model_validator

from dongsun.twin.plan.frozen import FloorPoint, Frozen, Positive, TimeOfDay


class Door(Frozen):
    """An opening in the outer wall, a stretch of one of its edges; people come and go by it."""

    start: FloorPoint = Field(alias="from", description="one jamb, on an edge of `floor`")
    end: FloorPoint = Field(alias="to", description="the other jamb, on the same edge")
    weight: Positive = Field(default=1.0, description="how often visitors choose it, relative to the other doors")


class Wall(Frozen):
    """An inner wall."""

    start: FloorPoint = Field(alias="from")
    end: FloorPoint = Field(alias="to")
    height_m: Positive | None = Field(default=None, description="up to the ceiling by default")
    thickness_m: Positive = 0.12


class Box(Frozen):
    """Furniture with an upright, axis-parallel footprint."""

    x0_m: float
    y0_m: float
    x1_m: float
    y1_m: float
    height_m: Positive = 1.45

    @model_validator(mode="after")
    def _has_area(self) -> "Box":
        if self.x1_m - self.x0_m < 0.2 or self.y1_m - self.y0_m < 0.2:
            raise ValueError("needs x0_m < x1_m and y0_m < y1_m, at least 0.2 m apart")
        return self


class Shelf(Box):
    """A box of products; visitors stand before it and look."""


class Counter(Box):
    """A till or help desk: people queue at it, staff stand behind it."""

    height_m: Positive = 1.0
    queue: Annotated[tuple[FloorPoint, ...], Field(min_length=2)] | None = Field(
        default=None, description="the place where one is served, then the corners of the way the queue stands along"
    )
    staff_spots: tuple[FloorPoint, ...] = Field(default=(), description="where staff stand")
    service_mean_s: Positive = 25.0


class Lighting(Frozen):
    """Lamps and daylight. Levels are relative: 1 is the lamps' full strength, or full day at the door."""

    lamp_spacing_m: Positive = 3.0
    lamp_strength: Positive = 1.15
    lamps: tuple[tuple[TimeOfDay, Annotated[float, Field(ge=0, le=2)]], ...] = Field(
        default=(("00:00", 1.0),), description="level of the lamps from each time of day on (steps)"
    )
    daylight: tuple[tuple[TimeOfDay, Annotated[float, Field(ge=0, le=2)]], ...] = Field(
        default=(("00:00", 1.0),), description="daylight through the doors at times of day (straight lines between)"
    )
