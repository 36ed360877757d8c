"""A doll in a shop window: somebody's body and clothes, and nobody inside."""

from dataclasses import replace
from functools import lru_cache

import numpy as np

from dongsun.twin.people.gait import Pose
from dongsun.twin.people.person import Person
from dongsun.twin.people.wardrobe import USUAL, dress
from dongsun.twin.plan.traffic import Wardrobe

STIFF = Pose(phase=0.0, stride=0.0)
SKIN_MATERIAL = 0
"""The wardrobe gives every person their skin first."""
PLASTIC_BGR = (212.0, 216.0, 220.0)


@lru_cache(maxsize=32)
def mannequin(person_id: int, wardrobe: Wardrobe = USUAL) -> Person:
    """The doll that wears the clothes of person `person_id`: pale plastic for skin, face and hair."""
    person = dress(person_id, wardrobe)
    materials = person.materials.copy()
    materials[SKIN_MATERIAL, :3] = PLASTIC_BGR
    bald = np.where(person.triangle_is_head > 0, SKIN_MATERIAL, person.triangle_material).astype(np.int32)
    return replace(person, materials=materials, triangle_material=bald)
