"""What the fake tree shall be like."""

from typing import Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

Damage = Literal[
    "truncated_png",
    "truncated_jpeg",
    "empty_image",
    "missing_label",
    "cut_label",
    "empty_label",
    "label_of_another_person",
    "label_without_image",
    "wrong_name",
    "image_name_twice",
    "unexpected_file",
]
"""Ways in which a tree is damaged."""


@dataclass(frozen=True)
class FakeTree:
    """Settings of one tree; equal settings give equal names and bytes.

    Attributes:
        people: Persons in it, those with few images included.
        images: Images of them, damaged ones included.
        cameras: Six-digit groups, half of them indoors.
        one_image_people: How many of the persons have a single image.
        one_camera_people: How many of the persons were seen by a single camera.
        layout: `flat`: `1.Training/[원천]Training/*.png`, as the archives of training and validation unpack; `folders`:
            a folder a person, scene and camera below it, as the large archives do.
        labels: False leaves the labels out, as if their archives had not been downloaded.
        damaged: Share of images with something wrong about them, every `Damage` in turn.
        width_px: Of a picture.
        height_px: Of a picture.
        pictures_per_person: Different pictures; a person's other images are further names (hard links) of these.
        seed: Chooses everything.
    """

    people: int = Field(default=20, ge=1, le=99_999)
    images: int = Field(default=2_000, ge=1)
    cameras: int = Field(default=24, ge=4)
    one_image_people: int = Field(default=0, ge=0)
    one_camera_people: int = Field(default=0, ge=0)
    layout: Literal["flat", "folders"] = "folders"
    labels: bool = True
    damaged: float = Field(default=0.0, ge=0.0, le=1.0)
    width_px: int = Field(default=24, ge=8)
    height_px: int = Field(default=48, ge=16)
    pictures_per_person: int = Field(default=8, ge=1)
    seed: int = 0
