"""What all parts of the `twin:` section share: strictness, and the words for places."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]
FloorPoint = tuple[float, float]
"""x, y in metres on the floor: x right, y away from the street on the plan, z up."""
TimeOfDay = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
"""Local HH:MM."""
HexColour = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]
"""#rrggbb."""


class Frozen(BaseModel):
    """A part of the plan: immutable, and strict about misspelt keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
