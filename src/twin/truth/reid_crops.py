"""Re-ID crops cut from rendered pictures, named as AI-Hub's and as Market-1501's data sets name theirs."""

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from dongsun.contract.errors import DongsunError
from dongsun.twin.render.renderer import Sighting
from dongsun.twin.truth.mot import clipped
from dongsun.twin.truth.tables import write_table

LEAST_VISIBILITY = 0.4
LEAST_HEIGHT_PX = 40
STAFF_FROM = 800_000
"""Members of staff are numbered from here; AI-Hub's five digits give them 90,000 and up."""
_LABEL = """<?xml version="1.0" encoding="UTF-8"?>
<ANNOTATION><FILE><name>{name}</name><OBJECT ID="H{person:05d}"/></FILE></ANNOTATION>
"""


@dataclass(frozen=True)
class Crop:
    """A crop on disk: whose, by which camera (from 1), in which of its pictures (from 0)."""

    path: Path
    person_id: int
    camera: int
    frame_index: int


def cut_crops(
    image_bgr: npt.NDArray[np.uint8], sightings: Iterable[Sighting], frame_index: int, directory: Path
) -> int:
    """Writes a lossless crop of everybody seen well enough, as `<person>_<frame>.png`; returns how many."""
    height, width = image_bgr.shape[:2]
    count = 0
    for s in sightings:
        x0, y0, x1, y1 = (round(v) for v in clipped(s.visible_xyxy_px, (width, height)))
        if s.visibility < LEAST_VISIBILITY or y1 - y0 < LEAST_HEIGHT_PX or x1 - x0 < 1:
            continue
        coded = cv2.imencode(".png", np.ascontiguousarray(image_bgr[y0:y1, x0:x1]))[1]
        (directory / f"{s.person_id}_{frame_index:06d}.png").write_bytes(coded.tobytes())
        count += 1
    return count


def found_crops(directories: Iterable[Path], camera: int) -> list[Crop]:
    """The crops that `cut_crops` left, by person and frame."""
    found = []
    for directory in directories:
        for path in directory.glob("*.png"):
            person, frame = path.stem.split("_")
            found.append(Crop(path, int(person), camera, int(frame)))
    return sorted(found, key=lambda c: (c.person_id, c.frame_index))


def write_aihub(crops: Iterable[Crop], directory: Path, split_name: str) -> None:
    """Lays crops out as AI-Hub's 한국인 재식별 이미지: `IN_H00007_SN1_020001_120.png` and a label for each.

    The group's six digits are camera (two) and recording (four, always 1). A split named `test` goes below
    `Validation`, any other below `Training`.

    Raises:
        DongsunError: A person's number has more than five digits.
    """
    part = directory / ("Validation" if split_name == "test" else "Training")
    images, labels = part / "images", part / "labels"
    images.mkdir(parents=True)
    labels.mkdir()
    for crop in crops:
        person = _five_digits(crop.person_id)
        stem = f"IN_H{person:05d}_SN1_{crop.camera:02d}0001_{crop.frame_index}"
        shutil.copyfile(crop.path, images / f"{stem}.png")
        (labels / f"{stem}.xml").write_text(_LABEL.format(name=f"{stem}.png", person=person), encoding="utf-8")


def write_market1501(crops: Iterable[Crop], directory: Path, split_name: str) -> None:
    """Lays crops out as Market-1501: `0007_c2s1_000120_00.jpg`; persons are numbered anew, `persons.csv` says how.

    Of a split named `test`, everybody's first crop by each camera is a query and the others are the gallery; any other
    split is training data.
    """
    folders = {name: directory / name for name in ("bounding_box_train", "query", "bounding_box_test")}
    for folder in folders.values():
        folder.mkdir(parents=True)
    numbers: dict[int, int] = {}
    asked: set[tuple[int, int]] = set()
    for crop in sorted(crops, key=lambda c: (c.person_id, c.camera, c.frame_index)):
        number = numbers.setdefault(crop.person_id, len(numbers) + 1)
        part = "bounding_box_train"
        if split_name == "test":
            part = "bounding_box_test" if (crop.person_id, crop.camera) in asked else "query"
            asked.add((crop.person_id, crop.camera))
        name = f"{number:04d}_c{crop.camera}s1_{crop.frame_index:06d}_00.jpg"
        picture = cv2.imread(str(crop.path))
        assert picture is not None, f"{crop.path} was written by cut_crops"
        (folders[part] / name).write_bytes(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes())
    if len(numbers) > 9999:
        raise DongsunError(
            expected="at most 9999 people, as Market-1501's four digits can name",
            got=f"{len(numbers)}",
            where="splits.exports: market1501",
            mend="make the split shorter, or export aihub",
        )
    write_table(directory / "persons.csv", ("market1501_id", "person_id"), ((n, p) for p, n in numbers.items()))


def _five_digits(person_id: int) -> int:
    number = person_id - STAFF_FROM + 90_000 if person_id > STAFF_FROM else person_id
    if number > 99_999 or (person_id < STAFF_FROM and number > 90_000):
        raise DongsunError(
            expected="people numbered up to 90000, as AI-Hub's five digits can name",
            got=f"person {person_id}",
            where="splits.exports: aihub",
            mend="give the split a smaller first_person",
        )
    return number
