"""Who is in a fake tree: where each person was filmed, by which cameras, and how often."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from dongsun.contract.errors import DongsunError
from dongsun.data.fake_aihub.settings import FakeTree
from dongsun.data.seeding import random_for

_CAMERAS_PER_SITE = 6
_SCENES = 4
_FRAME_STEP = 5


@dataclass(frozen=True)
class FakeTake:
    """One person in one scene before one camera.

    Attributes:
        place: `IN` or `OUT`.
        scene: 1 to 4.
        camera: The six digits.
        first_frame: Frame number of the first image; the others follow at equal steps.
        images: How many.
    """

    place: str
    scene: int
    camera: str
    first_frame: int
    images: int

    def frames(self) -> range:
        """Frame numbers of the images."""
        return range(self.first_frame, self.first_frame + _FRAME_STEP * self.images, _FRAME_STEP)


@dataclass(frozen=True)
class FakePerson:
    """One person; `part` is the folder, `Training` or `Validation`."""

    number: int
    part: str
    takes: tuple[FakeTake, ...]

    @property
    def person_id(self) -> str:
        """`H` and five digits."""
        return f"H{self.number:05d}"


def plan_people(tree: FakeTree) -> tuple[FakePerson, ...]:
    """Deals the images out to persons, unevenly as in life; half of the persons stand in each part.

    Raises:
        DongsunError: More persons than images, or more odd persons than persons.
    """
    ordinary = tree.people - tree.one_image_people
    if (
        tree.images < tree.one_image_people + 8 * ordinary
        or tree.one_image_people + tree.one_camera_people > tree.people
    ):
        raise DongsunError(
            expected="eight images a person and more persons than odd ones",
            got=f"{tree.images} images of {tree.people} persons, of whom {tree.one_image_people} have one image and "
            f"{tree.one_camera_people} one camera",
            where="the fake tree",
            mend="ask for more images or fewer people",
        )
    weights = [0.5 + random_for(tree.seed, "weight", str(i)).random() for i in range(ordinary)]
    spare = _shares(weights, tree.images - tree.one_image_people - 8 * ordinary)
    counts = [8 + extra for extra in spare] + [1] * tree.one_image_people
    return tuple(_person(tree, index, count) for index, count in enumerate(counts))


def _person(tree: FakeTree, index: int, images: int) -> FakePerson:
    random = random_for(tree.seed, "person", str(index))
    part = "Training" if index % 2 == 0 else "Validation"
    takes = _one_camera(random) if images == 1 or index < tree.one_camera_people else _many_cameras(tree, random, index)
    counts = _shares([0.5 + random.random() for _ in takes], images)
    filmed = [
        FakeTake(place, scene, camera, random.randrange(1, 20_000), count)
        for (place, scene, camera), count in zip(takes, counts, strict=True)
        if count
    ]
    return FakePerson(index + 1, part, tuple(filmed))


def _one_camera(random: Random) -> list[tuple[str, int, str]]:
    return [("IN", 1 + random.randrange(_SCENES), _camera(0, "IN"))]


def _many_cameras(tree: FakeTree, random: Random, index: int) -> list[tuple[str, int, str]]:
    places = (("IN",), ("OUT",), ("IN", "OUT"))[index // 2 % 3]  # in turn, so that small trees have them all
    per_place = max(2, tree.cameras // 2)
    takes = []
    for place in places:
        site = random.randrange(-(-per_place // _CAMERAS_PER_SITE)) * _CAMERAS_PER_SITE
        near = range(site, min(site + _CAMERAS_PER_SITE, per_place))
        if len(near) < 2:
            near = range(per_place - 2, per_place)
        cameras = sorted(random.sample(near, random.randint(2, min(4, len(near)))))
        for scene in sorted(random.sample(range(1, _SCENES + 1), random.randint(1, 2))):
            takes += [(place, scene, _camera(number, place)) for number in cameras]
    return takes


def _camera(number: int, place: str) -> str:
    site, within = divmod(number, _CAMERAS_PER_SITE)
    return f"{(11 if place == 'IN' else 51) + site // 10:02d}{1 + site % 10:02d}{1 + within:02d}"


def _shares(weights: Sequence[float], total: int) -> list[int]:
    """Whole numbers that sum to `total`, in proportion to the weights."""
    whole = sum(weights)
    counts, passed, given = [], 0.0, 0
    for weight in weights:
        passed += weight
        counts.append(round(total * passed / whole) - given)
        given += counts[-1]
    return counts
