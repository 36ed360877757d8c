"""What a person wears, drawn from a seed: some plain, as most in a real shop, the rest patterned or bright."""

from dataclasses import dataclass, replace
from typing import Literal, TypeVar

import numpy as np

from dongsun.twin.people.materials import Colour, Pattern
from dongsun.twin.plan.traffic import Uniform

PLAIN_TOPS: tuple[Colour, ...] = (
    (25, 25, 28), (32, 30, 30), (38, 36, 35), (48, 46, 46), (60, 60, 62), (85, 85, 88), (45, 36, 30), (58, 40, 30),
    (70, 45, 28), (215, 212, 210), (180, 180, 180), (50, 58, 66), (120, 118, 116), (105, 128, 146), (60, 74, 62),
)  # fmt: skip
BRIGHT_TOPS: tuple[Colour, ...] = (
    (240, 240, 238), (95, 60, 35), (60, 30, 25), (130, 90, 55), (150, 185, 205), (95, 120, 140), (60, 80, 60),
    (40, 60, 45), (40, 35, 110), (60, 45, 150), (120, 150, 205), (170, 200, 220), (140, 60, 40), (200, 140, 90),
    (45, 120, 190), (110, 80, 120), (180, 170, 235), (90, 140, 90), (60, 170, 200), (150, 110, 60),
)  # fmt: skip
PLAIN_LOWERS: tuple[Colour, ...] = (
    (28, 26, 26), (34, 32, 32), (40, 38, 38), (66, 50, 38), (80, 58, 42), (92, 68, 50), (60, 60, 62),
)  # fmt: skip
OTHER_LOWERS: tuple[Colour, ...] = (
    (100, 72, 50), (130, 98, 72), (62, 45, 36), (70, 70, 72), (110, 135, 150), (75, 95, 110), (90, 90, 90),
    (50, 60, 60), (170, 185, 195), (205, 205, 205),
)  # fmt: skip
SKINS: tuple[Colour, ...] = (
    (150, 175, 215), (140, 168, 212), (135, 165, 210), (120, 150, 200), (95, 125, 175), (65, 90, 135), (140, 170, 220),
)  # fmt: skip
HAIRS: tuple[Colour, ...] = (
    (22, 20, 20), (20, 19, 20), (24, 24, 30), (22, 24, 30), (26, 28, 34), (30, 32, 40), (32, 40, 55), (35, 50, 75),
    (40, 58, 88), (55, 75, 110), (120, 120, 120), (165, 165, 165),
)  # fmt: skip
SHOES: tuple[Colour, ...] = (
    (25, 25, 25), (40, 40, 45), (225, 225, 225), (60, 80, 110), (90, 60, 40), (120, 120, 120),
)  # fmt: skip

Hair = Literal["short", "long", "bald", "cap"]
Sleeve = Literal["none", "short", "long"]
Lower = Literal["trousers", "shorts", "skirt"]
Bag = Literal["none", "backpack", "tote"]
_T = TypeVar("_T")


@dataclass(frozen=True)
class Outfit:
    """One person's looks. Colours are BGR; lengths in metres or as shares of the limb."""

    height_m: float
    skin: Colour
    hair: Colour
    hair_style: Hair
    beard: bool
    top: Colour
    top_second: Colour
    pattern: Pattern
    pattern_frequency: float
    sleeve: Sleeve
    sleeve_end: float
    jacket: bool
    jacket_open_m: float
    coat: bool
    inner: Colour
    looseness_m: float
    lower: Lower
    lower_colour: Colour
    lower_end: float
    denim: bool
    shoe: Colour
    cap: Colour
    bag: Bag
    bag_colour: Colour


def draw_outfit(
    rng: np.random.Generator, *, female: bool, child: bool, body_height_m: float, plain_share: float
) -> Outfit:
    """Draws the looks of a person with the given body.

    Args:
        rng: The person's own generator.
        female: Whether the body is a woman's: it shifts lengths and hair, nothing else.
        child: Children get the height given; adults are rescaled to a usual one (baked bodies come out tall).
        body_height_m: The height that a child gets.
        plain_share: How likely plain dark clothes are.
    """

    def colour(palette: tuple[Colour, ...]) -> Colour:
        base = np.array(palette[int(rng.integers(len(palette)))]) * rng.uniform(0.85, 1.12) * rng.uniform(0.94, 1.06, 3)
        b, g, r = np.clip(base, 8, 245)
        return float(b), float(g), float(r)

    def choose(*options: _T) -> _T:
        return options[int(rng.integers(len(options)))]

    plain = rng.random() < plain_share
    jacket = bool(rng.random() < 0.4)
    coat = jacket and bool(rng.random() < 0.3)
    lower: Lower = choose(
        "trousers", "trousers", "trousers", "trousers", "shorts", *(("skirt", "skirt") if female else ())
    )
    patterns = (
        Pattern.HORIZONTAL_STRIPES,
        Pattern.VERTICAL_STRIPES,
        Pattern.PLAID,
        Pattern.BLOTCHES,
        Pattern.LOGO,
        Pattern.YOKE,
    )
    long_hair: tuple[Hair, ...] = ("long", "long", "short", "cap")
    short_hair: tuple[Hair, ...] = ("short", "short", "short", "short", "cap", "bald")
    sleeves: tuple[Sleeve, ...] = ("short", "long", "long", "none" if female else "short")
    mean = 1.62 if female else 1.75
    return Outfit(
        height_m=body_height_m if child else float(np.clip(rng.normal(mean, 0.06), 1.48, 1.93)),
        skin=colour(SKINS),
        hair=colour(HAIRS),
        hair_style=choose(*(long_hair if female else short_hair)),
        beard=not female and not child and bool(rng.random() < 0.2),
        top=colour(PLAIN_TOPS if plain else BRIGHT_TOPS),
        top_second=colour(BRIGHT_TOPS),
        pattern=Pattern.SOLID if plain or rng.random() < 0.3 else choose(*patterns),
        pattern_frequency=float(rng.uniform(12, 40)),
        sleeve="long" if jacket else choose(*sleeves),
        sleeve_end=float(rng.uniform(0.35, 0.85)),
        jacket=jacket,
        jacket_open_m=float(rng.uniform(0.02, 0.06)) if rng.random() < 0.6 else 0.0,
        coat=coat,
        inner=colour(PLAIN_TOPS if rng.random() < 0.7 else BRIGHT_TOPS),
        looseness_m=float(rng.uniform(0.004, 0.02)),
        lower=lower,
        lower_colour=colour(PLAIN_LOWERS if plain or rng.random() < 0.5 else OTHER_LOWERS),
        lower_end=float(rng.uniform(0.0, 1.0)),
        denim=bool(rng.random() < 0.4),
        shoe=colour(SHOES),
        cap=colour(BRIGHT_TOPS + PLAIN_TOPS),
        bag=choose("none", "none", "backpack", "tote"),
        bag_colour=colour(PLAIN_TOPS if rng.random() < 0.7 else BRIGHT_TOPS),
    )


def in_uniform(outfit: Outfit, uniform: Uniform) -> Outfit:
    """The same person at work: the uniform's colours, no patterns, no jacket, no bag; body, hair and shoes stay."""
    cap = bgr(uniform.cap) if uniform.cap is not None else outfit.cap
    return replace(
        outfit,
        top=bgr(uniform.top),
        pattern=Pattern.SOLID,
        sleeve="short" if outfit.sleeve == "none" else outfit.sleeve,
        jacket=False,
        coat=False,
        jacket_open_m=0.0,
        lower="trousers",
        lower_colour=bgr(uniform.lower),
        denim=False,
        hair_style="cap" if uniform.cap is not None else outfit.hair_style,
        cap=cap,
        bag="none",
    )


def bgr(colour: str) -> Colour:
    """`#rrggbb` as blue, green, red."""
    return float(int(colour[5:7], 16)), float(int(colour[3:5], 16)), float(int(colour[1:3], 16))
