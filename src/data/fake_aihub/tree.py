"""Writes a fake tree."""

import errno
import os
import shutil
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Literal, get_args

import cv2
from tqdm import tqdm

from dongsun.contract.errors import DongsunError
from dongsun.data.fake_aihub.labels import label_template
from dongsun.data.fake_aihub.people import FakePerson, FakeTake, plan_people
from dongsun.data.fake_aihub.pictures import draw_person
from dongsun.data.fake_aihub.settings import Damage, FakeTree
from dongsun.data.seeding import random_for

_DATA = "015.한국인재식별이미지/01.데이터"
_PARTS = {"Training": "1.Training", "Validation": "2.Validation"}
_PICTURES = ".pictures"


@dataclass(frozen=True)
class FakeTreeFacts:
    """What was written, by which a reader can be judged.

    Attributes:
        files: All files.
        usable_images: Images that can be opened and whose name is right, each name once.
        people: Usable images of every person.
        planted: Damages of each kind.
    """

    files: int
    usable_images: int
    people: dict[str, int]
    planted: dict[Damage, int]

    def expected_problems(self) -> dict[str, int]:
        """What ingest lists of such a tree, by its names for the kinds (labels must have been written)."""
        planted = Counter[str](self.planted)
        expected = {
            "image_name_twice": planted["image_name_twice"],
            "image_without_label": planted["missing_label"] + planted["cut_label"] + planted["empty_label"],
            "label_of_another_person": planted["label_of_another_person"],
            "label_without_image": planted["label_without_image"],
            "malformed_label": planted["cut_label"] + planted["empty_label"],
            "unexpected_file": planted["unexpected_file"],
            "unparsable_name": planted["wrong_name"],
            "unreadable_image": planted["truncated_png"] + planted["truncated_jpeg"] + planted["empty_image"],
        }
        return {kind: count for kind, count in expected.items() if count}


def write_fake_tree(root: Path, tree: FakeTree) -> FakeTreeFacts:
    """Writes the tree below `root` (absent or empty); Validation's Korean folders are spelled NFD, Training's NFC.

    Raises:
        DongsunError: `root` holds something, or the settings contradict each other.
    """
    if root.exists() and any(root.iterdir()):
        raise DongsunError(
            expected="an empty or absent folder", got="a folder with something in it", where=str(root), mend="remove it"
        )
    people = plan_people(tree)
    root.mkdir(parents=True, exist_ok=True)
    writer = _TreeWriter(root, tree)
    with tqdm(total=tree.images, desc="fake tree", unit="image", disable=None) as progress:
        for person in people:
            progress.update(writer.write(person))
    shutil.rmtree(root / _PICTURES)
    return writer.facts()


@dataclass
class _TreeWriter:
    root: Path
    tree: FakeTree
    files: int = 0
    people: Counter[str] = field(default_factory=Counter)
    planted: Counter[Damage] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        (self.root / _PICTURES).mkdir()
        self._chance = random_for(self.tree.seed, "damage")
        self._kinds: Iterator[Damage] = cycle(get_args(Damage))

    def write(self, person: FakePerson) -> int:
        """Writes one person's images and labels; returns the number of images."""
        pictures = list(self._pictures(person.number))
        templates = {take.scene: label_template(person, take.scene, self.tree.seed) for take in person.takes}
        written = 0
        for take in person.takes:
            images, labels = self._folder("원천", person, take), self._folder("라벨", person, take)
            for frame in take.frames():
                stem = f"{take.place}_{person.person_id}_SN{take.scene}_{take.camera}_{frame}"
                label = templates[take.scene].format(name=f"{stem}.png", camera=take.camera, person=person.person_id)
                picture = pictures[(int(take.camera) + written) % len(pictures)]
                image = _Planned(images, labels, stem, picture, label, person.person_id)
                if self.tree.damaged and self._chance.random() < self.tree.damaged:
                    self._write_damaged(image, self._next_kind())
                else:
                    self._write_sound(image)
                written += 1
        return written

    def _pictures(self, number: int) -> Iterator[str]:
        for view in range(self.tree.pictures_per_person):
            path = f"{self.root}/{_PICTURES}/{number}_{view}.png"
            cv2.imwrite(path, draw_person(self.tree, number, view))
            yield path

    def _folder(self, kind: str, person: FakePerson, take: FakeTake) -> str:
        form: Literal["NFC", "NFD"] = "NFC" if person.part == "Training" else "NFD"
        folder = self.root / unicodedata.normalize(form, _DATA) / _PARTS[person.part]
        folder /= unicodedata.normalize(form, f"[{kind}]{person.part}")
        if self.tree.layout == "folders":
            folder /= f"{person.person_id}/SN{take.scene}/{take.camera}"
        if kind == "원천" or self.tree.labels:
            folder.mkdir(parents=True, exist_ok=True)
        return str(folder)

    def _next_kind(self) -> Damage:
        kind = next(self._kinds)
        while not self.tree.labels and "label" in kind:
            kind = next(self._kinds)
        return kind

    def _write_sound(self, image: "_Planned") -> None:
        self._link(image.picture, image.image_path)
        self._write_label(image, image.label)
        self.people[image.person_id] += 1

    def _write_damaged(self, image: "_Planned", kind: Damage) -> None:
        self.planted[kind] += 1
        if kind in ("truncated_png", "truncated_jpeg", "empty_image"):
            self._write_bad_image(image, kind)
        elif kind in ("missing_label", "cut_label", "empty_label", "label_of_another_person"):
            self._write_bad_label(image, kind)
        else:
            self._write_sound(image)
            self._write_besides(image, kind)

    def _write_bad_image(self, image: "_Planned", kind: Damage) -> None:
        whole = Path(image.picture).read_bytes()
        path = image.image_path
        if kind == "truncated_jpeg":
            whole = cv2.imencode(".jpg", cv2.imread(image.picture))[1].tobytes()
            path = f"{image.image_folder}/{image.stem}.jpg"
        self._write(path, b"" if kind == "empty_image" else whole[: int(0.7 * len(whole))])
        self._write_label(image, image.label)

    def _write_bad_label(self, image: "_Planned", kind: Damage) -> None:
        self._link(image.picture, image.image_path)
        self.people[image.person_id] += 1
        if kind == "cut_label":
            self._write_label(image, image.label[: len(image.label) // 2])
        elif kind == "empty_label":
            self._write_label(image, "")
        elif kind == "label_of_another_person":
            self._write_label(image, image.label.replace(f'"{image.person_id}"', '"H99999"'))

    def _write_besides(self, image: "_Planned", kind: Damage) -> None:
        if kind == "label_without_image":
            gone = f"{image.stem}99999"  # no frame is numbered so high
            self._write(f"{image.label_folder}/{gone}.xml", image.label.replace(image.stem, gone).encode())
        elif kind == "wrong_name":
            self._link(image.picture, f"{image.image_folder}/{image.stem.replace('_SN', '_SX')}.png")
        elif kind == "image_name_twice":
            other = self.root / "9.Again"
            other.mkdir(exist_ok=True)
            self._link(image.picture, f"{other}/{image.stem}.png")
        else:
            self._write(f"{image.image_folder}/{image.stem} 사본.hwp", b"?")

    def _write_label(self, image: "_Planned", text: str) -> None:
        if self.tree.labels:
            self._write(f"{image.label_folder}/{image.stem}.xml", text.encode())

    def _write(self, path: str, content: bytes) -> None:
        with open(path, "wb") as stream:  # noqa: PTH123 - millions of them
            stream.write(content)
        self.files += 1

    def _link(self, picture: str, path: str) -> None:
        try:
            os.link(picture, path)
        except OSError as error:
            if error.errno not in (errno.EMLINK, errno.EPERM, errno.ENOTSUP):
                raise
            shutil.copyfile(picture, path)
        self.files += 1

    def facts(self) -> FakeTreeFacts:
        """What was written."""
        return FakeTreeFacts(self.files, sum(self.people.values()), dict(self.people), dict(self.planted))


@dataclass(frozen=True)
class _Planned:
    image_folder: str
    label_folder: str
    stem: str
    picture: str
    label: str
    person_id: str

    @property
    def image_path(self) -> str:
        return f"{self.image_folder}/{self.stem}.png"
