"""What to render: one split of a twin's data."""

from dataclasses import field, replace
from typing import Annotated, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from dongsun.contract.errors import DongsunError
from dongsun.twin.plan.frozen import TimeOfDay
from dongsun.twin.plan.twin_plan import TwinPlan

Export = Literal["aihub", "market1501", "yolo"]


@dataclass(frozen=True)
class TwinSplit:
    """One split: people nobody else has, and a seed of its own.

    Attributes:
        name: train, calibration, test, or any other folder name.
        seed: Of routes, poses and noise.
        first_person: Identity of the first person; the split uses `first_person` … `first_person + people − 1`.
        people: How many visitors there are; `None` takes as many as the plan's arrival curve brings (videos only).
        kind: `video` films visits with every camera; `stills` scatters people before cameras that hang somewhere new
            every few frames, for pre-training.
        duration_s: Of a video.
        warmup_s: How long the shop has been open when a video begins.
        frames: Number of stills a camera.
        frames_per_view: Stills taken before the camera, the light and the furniture change.
        starts_at: Local time of day when a video begins, HH:MM.
        exports: What else a video gives: re-ID crops named as AI-Hub's or Market-1501's, frames in YOLO layout.
        export_every_s: Every how many seconds a picture is exported.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]
    seed: int
    first_person: Annotated[int, Field(ge=1)]
    people: Annotated[int, Field(ge=1)] | None
    kind: Literal["video", "stills"] = "video"
    duration_s: Annotated[float, Field(gt=0)] = 60.0
    warmup_s: Annotated[float, Field(ge=0)] = 0.0
    frames: Annotated[int, Field(ge=1)] = 400
    frames_per_view: Annotated[int, Field(ge=1)] = field(default=12)
    starts_at: TimeOfDay = "12:00"
    exports: tuple[Export, ...] = ()
    export_every_s: Annotated[float, Field(gt=0)] = 1.0

    @property
    def person_ids(self) -> tuple[int, ...]:
        """The identities of this split's visitors; none where their number is still open (`with_people`)."""
        return tuple(range(self.first_person, self.first_person + (self.people or 0)))


def with_people(plan: TwinPlan, split: TwinSplit) -> TwinSplit:
    """The split with its number of visitors settled, from the plan's arrival curve where it says none.

    Raises:
        DongsunError: A split of stills without a number.
    """
    if split.people is not None:
        return split
    if split.kind == "stills":
        raise DongsunError(
            expected="a number of people",
            got="none, in a split of stills",
            where=f"splits.{split.name}.people",
            mend="say how many: only a video can take it from the arrival curve",
        )
    from dongsun.twin.crowd.arrivals import arrival_count

    span_s = split.duration_s + split.warmup_s
    return replace(
        split, people=max(1, arrival_count(plan, seed=split.seed, duration_s=span_s, starts_at=split.starts_at))
    )


def refuse_shared_people(splits: tuple[TwinSplit, ...]) -> None:
    """Splits must differ in name, seed and people, or a test would know whom it was trained on.

    Raises:
        DongsunError: Two splits share something.
    """
    for index, one in enumerate(splits):
        for other in splits[:index]:
            shared = set(one.person_ids) & set(other.person_ids)
            if shared or one.name == other.name or one.seed == other.seed:
                what = (
                    f"people {min(shared)}…{max(shared)}"
                    if shared
                    else "the name"
                    if one.name == other.name
                    else "the seed"
                )
                raise DongsunError(
                    expected="splits that differ in name, seed and people",
                    got=f"{other.name} and {one.name} share {what}",
                    where="splits",
                    mend="give each split a name, a seed and people of its own (first_person … + people − 1)",
                )
