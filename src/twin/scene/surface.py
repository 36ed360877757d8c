"""What everything that stands still is made of."""

from dataclasses import dataclass

from dongsun.twin.scene.textures import Texture

FLOOR, PAVEMENT, OTHER = 0, 1, 2
Point = tuple[float, float, float]
DAY_SHARE_INDOORS = 0.15
"""How much of the light from everywhere, inside the shop, comes in from the street by day."""


@dataclass(frozen=True)
class Surface:
    """A parallelogram: `corner` + a·`across` + b·`down`, 0 ≤ a, b ≤ 1, textured over it or tiled every `tile_m`.

    Attributes:
        corner: Metres.
        across: Metres.
        down: Metres.
        texture: BGR.
        tile_m: Size of the texture when it repeats; 0 stretches it over the surface.
        ambient: Light from everywhere, at full levels.
        kind: FLOOR, PAVEMENT or OTHER.
        day_share: How much of `ambient` is daylight.
    """

    corner: Point
    across: Point
    down: Point
    texture: Texture
    tile_m: float = 0.0
    ambient: float = 0.45
    kind: int = OTHER
    day_share: float = DAY_SHARE_INDOORS
