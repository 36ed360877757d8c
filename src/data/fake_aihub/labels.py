"""Label XML with the elements that public readers of the data set use."""

from dongsun.data.fake_aihub.people import FakePerson
from dongsun.data.seeding import random_for

_UPPER = ("long_sleeve", "short_sleeve", "sleeveless")
_LOWER = ("long_pants", "short_pants", "long_skirt", "short_skirt", "dress")
_COLOURS = ("black", "white", "navy", "gray", "sky_blue", "red_brown", "beige", "흰색")

_LABEL = """<?xml version="1.0" encoding="utf-8"?>
<xml>
<FILE><name>{{name}}</name></FILE>
<CAMERA ID="{{camera}}"><mode>0</mode></CAMERA>
<OBJECT ID="{{person}}" TYPE="Human">
<gender>{gender}</gender>
<upperclothes>{upper}</upperclothes><upperclothes_color>{upper_colour}</upperclothes_color>
<defined_upperclothes_color>true</defined_upperclothes_color>
<lowerclothes>{lower}</lowerclothes><lowerclothes_color>{lower_colour}</lowerclothes_color>
<defined_lowerclothes_color>true</defined_lowerclothes_color>
</OBJECT>
</xml>
"""


def label_template(person: FakePerson, scene: int, seed: int) -> str:
    """A person's label in one scene, to be formatted with `name`, `camera` and `person`; clothes differ by scene."""
    random = random_for(seed, "clothes", person.person_id, str(scene))
    return _LABEL.format(
        gender=random_for(seed, "gender", person.person_id).choice(("male", "female")),
        upper=random.choice(_UPPER),
        upper_colour=random.choice(_COLOURS),
        lower=random.choice(_LOWER),
        lower_colour=random.choice(_COLOURS),
    )
