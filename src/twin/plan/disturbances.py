"""What makes counting hard in real shops: things that look like people, and light that changes."""

from typing import Annotated

from pydantic import Field

from dongsun.twin.plan.frozen import FloorPoint, Frozen, Positive


class Poster(Frozen):
    """A life-size picture of a person on a wall: nobody is there."""

    at: FloorPoint = Field(description="middle of its foot on the floor plan, just before a wall")
    facing_deg: float = Field(description="where it faces, anticlockwise from +x")
    bottom_m: Annotated[float, Field(ge=0)] = 0.4
    height_m: Positive = 1.7
    person: Annotated[int, Field(ge=1)] = Field(default=900_001, description="whose picture")


class Mannequin(Frozen):
    """A dressed doll that stands still."""

    at: FloorPoint
    facing_deg: float = -90.0
    person: Annotated[int, Field(ge=1)] = Field(default=910_001, description="whose clothes it wears")


class Flicker(Frozen):
    """Lamps that beat against the shutter: the picture's brightness swings."""

    depth: Annotated[float, Field(gt=0, le=0.5)] = 0.08
    frequency_hz: Positive = 1.7


class Reflection(Frozen):
    """A bright patch that wanders over the floor, such as headlights through the door."""

    every_s: Positive = 40.0
    lasts_s: Positive = 3.0
    strength: Annotated[float, Field(gt=0, le=1)] = 0.35


class Disturbances(Frozen):
    """All of a store's."""

    posters: tuple[Poster, ...] = ()
    mannequins: tuple[Mannequin, ...] = ()
    flicker: Flicker | None = None
    reflection: Reflection | None = None
