"""Who comes, when, dressed how, and what they are up to."""

from typing import Annotated

from pydantic import Field

from dongsun.twin.plan.frozen import Frozen, HexColour, Positive, Share, TimeOfDay

NonNegative = Annotated[float, Field(ge=0)]


class Visitors(Frozen):
    """How often people come and what they do. Shares are probabilities per party (group or single) unless said."""

    per_hour: Positive = Field(default=60.0, description="people who arrive in an hour at curve level 1")
    curve: tuple[tuple[TimeOfDay, NonNegative], ...] = Field(
        default=(("00:00", 1.0),), description="level of arrivals at times of the business day, straight lines between"
    )
    group_share: Share = Field(default=0.25, description="parties of 2 to 4, who keep together")
    child_share: Share = Field(default=0.3, description="groups that bring a child")
    abreast_share: Share = Field(default=0.5, description="groups that walk abreast; the others one behind another")
    return_share: Share = Field(default=0.15, description="parties that come back later the same day")
    return_after_s: tuple[Positive, Positive] = Field(default=(30.0, 1800.0), description="least and most time away")
    u_turn_share: Share = Field(default=0.03, description="parties that turn round in the doorway")
    line_stander_share: Share = Field(default=0.02, description="parties that stop for a while in the doorway")
    queue_share: Share = Field(default=0.3, description="parties that pay at a counter before they leave")
    trolley_share: Share = Field(default=0.05, description="parties that push a trolley")
    stops: tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1)]] = Field(
        default=(1, 5), description="fewest and most places where they stop and look"
    )
    pause_mean_s: Positive = Field(default=7.5, description="mean time they look, gamma distributed with shape 2")


class Uniform(Frozen):
    """What staff wear."""

    top: HexColour = "#1f3a6e"
    lower: HexColour = "#202226"
    cap: HexColour | None = None


class TwinStaff(Frozen):
    """People who work here: in uniform, behind counters and among the shelves, and often through the door."""

    count: Annotated[int, Field(ge=0, le=40)] = 0
    uniform: Uniform = Uniform()
    door_trips_per_hour: NonNegative = Field(default=6.0, description="times each of them goes out and comes back")


class Wardrobe(Frozen):
    """How alike visitors dress: this sets how hard re-identification is."""

    plain_share: Share = Field(default=0.6, description="visitors in plain dark clothes; 0 is colourful, 1 a funeral")
