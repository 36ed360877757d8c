"""Person-disjoint, camera-aware splits.

A test or validation person occurs in no other split. Training and calibration may share persons, never images.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass as plain_dataclass
from typing import Protocol, runtime_checkable

from pydantic import Field
from pydantic.dataclasses import dataclass

from dongsun.contract.errors import DongsunError
from dongsun.data.audit import CameraRule
from dongsun.data.records import DISTRACTOR, ReidRecord, Split
from dongsun.data.seeding import random_for


@plain_dataclass(frozen=True)
class PersonSummary:
    """How many images of a person there are.

    Attributes:
        images: All of them.
        cameras: Cameras that saw the person.
        trainable: Images that the source does not keep for calibration or test by time.
        scenes: The source's scenes that the person was filmed in, where it names them.
    """

    images: int
    cameras: int
    trainable: int
    scenes: frozenset[str] = frozenset()


SplitOf = Callable[[ReidRecord], Split | None]
"""Gives a record's split, or None when the record is held back from every split."""


@runtime_checkable
class SplitPolicy(Protocol):
    """How re-ID records get their splits."""

    @property
    def camera_rule(self) -> CameraRule:
        """What to do about test persons seen by a single camera."""

    def plan(self, persons: Mapping[str, PersonSummary], cameras: int) -> SplitOf:
        """Decides for all persons; `cameras` is the number of cameras in the data set."""


@dataclass(frozen=True)
class FromSource:
    """Keeps the split that the source states (Market-1501's folders, the twin's folders).

    Attributes:
        calibration_persons: Share of the training persons to set aside for INT8 calibration, where the source has
            no calibration part of its own.
        seed: Chooses those persons.
        camera_rule: See `CameraRule`.
    """

    calibration_persons: float = Field(default=0.0, ge=0.0, lt=1.0)
    seed: int = 0
    camera_rule: CameraRule = "report"

    def plan(self, persons: Mapping[str, PersonSummary], cameras: int) -> SplitOf:
        """See `SplitPolicy.plan`."""
        names = sorted(persons)

        def chosen(name: str) -> bool:
            return random_for(self.seed, "calibration", name).random() < self.calibration_persons

        calibration = frozenset(name for name in names if chosen(name)) if self.calibration_persons else frozenset()

        def split_of(record: ReidRecord) -> Split | None:
            moved = record.split == "train" and record.person_id in calibration
            return "calibration" if moved else record.split

        return split_of


@dataclass(frozen=True)
class ByPerson:
    """Deals persons out, so that all of a person's images stay in one split.

    Where the source states a split by time (video), training persons' images from the calibration time become
    calibration images, and from the test time theirs and validation persons' are held back: the counting replay
    will play that time again, and nothing in it may have been trained or tuned on. Test persons keep all their images;
    persons without any image in the training time are therefore the first choice for test.

    Attributes:
        train: Share of persons to train on.
        test: Share of persons never trained on, to judge by.
        validation: Share of persons never trained on, to tune thresholds with.
        calibration: Share of persons for INT8 calibration alone; 0 where the calibration time gives the images.
        seed: Chooses the persons.
        hold_back_test_time: False trains on the test time's images of training persons as well.
        camera_rule: See `CameraRule`.
    """

    train: float = Field(default=0.7, gt=0.0, lt=1.0)
    test: float = Field(default=0.3, gt=0.0, lt=1.0)
    validation: float = Field(default=0.0, ge=0.0, lt=1.0)
    calibration: float = Field(default=0.0, ge=0.0, lt=1.0)
    seed: int = 0
    hold_back_test_time: bool = True
    camera_rule: CameraRule = "require"

    def __post_init__(self) -> None:
        total = self.train + self.test + self.validation + self.calibration
        if not math.isclose(total, 1.0, abs_tol=1e-6):
            raise DongsunError(
                expected="person shares that sum to 1",
                got=f"{total:g}",
                where="splits: train + test + validation + calibration",
                mend="correct the shares in conf/dataset",
            )

    def plan(self, persons: Mapping[str, PersonSummary], cameras: int) -> SplitOf:
        """See `SplitPolicy.plan`."""
        needed = 2 if cameras > 1 and self.camera_rule == "require" else 1
        late = frozenset(n for n, summary in persons.items() if self.hold_back_test_time and summary.trainable == 0)
        assigned = deal_persons(
            persons,
            PersonShares(self.test, self.validation, self.calibration),
            seed=self.seed,
            test_cameras=needed,
            first=late,
        )

        def split_of(record: ReidRecord) -> Split | None:
            if record.person_id == DISTRACTOR:
                return "test"
            split = assigned[record.person_id]
            if split not in ("train", "validation") or record.split in (None, "train"):
                return split
            if record.split == "calibration":
                return "calibration" if split == "train" else split
            return None if self.hold_back_test_time else split

        return split_of


@plain_dataclass(frozen=True)
class PersonShares:
    """Shares of persons for the splits other than training, which takes the rest."""

    test: float
    validation: float = 0.0
    calibration: float = 0.0


def deal_persons(
    persons: Mapping[str, PersonSummary],
    shares: PersonShares,
    *,
    seed: int,
    test_cameras: int,
    first: frozenset[str] = frozenset(),
) -> dict[str, Split]:
    """Deals persons into splits, so that every split gets every kind of scene, and persons with many and few images.

    Persons are ordered by the scenes they were filmed in, then by their number of images, and taken systematically
    (every k-th from a random start): of persons with the same scenes the test gets its share, give or take one, and the
    other splits about theirs; the share of images stays near the share of persons even among twenty persons.

    Args:
        persons: Every person's images and cameras.
        shares: Of the splits other than training.
        seed: Same seed, same persons; independent of the mapping's order.
        test_cameras: Cameras that must have seen a test person.
        first: Persons to test on before any other, as far as they are seen by enough cameras.

    Raises:
        DongsunError: Too few persons, or too few seen by enough cameras.
    """
    wanted = max(1, round(shares.test * len(persons)))
    eligible = [name for name, summary in persons.items() if summary.cameras >= test_cameras]
    if len(eligible) < wanted or len(persons) < wanted + 1:
        raise DongsunError(
            expected=f"at least {wanted} test persons seen by {test_cameras} camera(s), and one person to train on",
            got=f"{len(persons)} persons, {len(eligible)} of them seen by enough cameras",
            where="splits: ByPerson",
            mend="add persons, lower `test`, check how camera ids are read, or set camera_rule=report",
        )
    preferred = [name for name in eligible if name in first]
    others = [name for name in eligible if name not in first]
    held_out = _every_kth(preferred, persons, min(wanted, len(preferred)), seed, "test")
    held_out |= _every_kth(others, persons, wanted - len(held_out), seed, "test")
    rest = [name for name in persons if name not in held_out]
    splits: dict[str, Split] = dict.fromkeys(sorted(persons), "train")
    splits.update(dict.fromkeys(held_out, "test"))
    others_wanted: tuple[tuple[Split, float], ...] = (
        ("validation", shares.validation),
        ("calibration", shares.calibration),
    )
    for split, share in others_wanted:
        taken = _every_kth(rest, persons, min(round(share * len(persons)), len(rest) - 1), seed, split)
        splits.update(dict.fromkeys(taken, split))
        rest = [name for name in rest if name not in taken]
    return splits


def _every_kth(
    names: list[str], persons: Mapping[str, PersonSummary], wanted: int, seed: int, purpose: str
) -> frozenset[str]:
    if wanted <= 0:
        return frozenset()

    def order(name: str) -> tuple[list[str], int, float, str]:
        return sorted(persons[name].scenes), -persons[name].images, random_for(seed, purpose, name).random(), name

    ordered = sorted(names, key=order)
    interval = len(ordered) / wanted
    start = random_for(seed, purpose).random() * interval
    return frozenset(ordered[min(int(start + i * interval), len(ordered) - 1)] for i in range(wanted))


def time_ranges(frames: int, shares: Mapping[Split, float]) -> dict[Split, tuple[int, int]]:
    """Cuts a recording into consecutive parts: train, then validation, calibration and test.

    Args:
        frames: Number of frames.
        shares: Share of each part; they sum to 1.

    Returns:
        Per split the half-open range [first, end) of 0-based frame indices.
    """
    ranges: dict[Split, tuple[int, int]] = {}
    start, passed = 0, 0.0
    order: tuple[Split, ...] = ("train", "validation", "calibration", "test")
    for split in order:
        passed += shares.get(split, 0.0)
        end = min(frames, int(passed * frames + 1e-6))
        ranges[split] = (start, end)
        start = end
    return ranges
