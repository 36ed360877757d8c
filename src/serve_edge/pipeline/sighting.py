"""One sighting of one track in one frame."""

from dataclasses import dataclass

from dongsun.contract.geometry import Point
from dongsun.contract.nadir import toward
from dongsun.contract.store import Anchor

BoxTuple = tuple[float, float, float, float]


@dataclass(frozen=True)
class Sighting:
    """Where a track was in one frame.

    Attributes:
        frame_index: 0-based, in decode order.
        stream_time_s: Seconds since the first frame.
        seen_xyxy_px: The detector's box.
        whole_xyxy_px: The box with hidden legs made up for by the person's remembered height; its bottom may lie
            outside the picture.
        score: The detector's.
        nadir_px: Under a ceiling fisheye, the point straight below the camera; elsewhere None.
        foot_px: Where the person stands, where the camera's floor points tell it better than the box's bottom.
        place_m: The same on the floor, metres.
    """

    frame_index: int
    stream_time_s: float
    seen_xyxy_px: BoxTuple
    whole_xyxy_px: BoxTuple
    score: float
    nadir_px: Point | None = None
    foot_px: Point | None = None
    place_m: Point | None = None

    def anchor_px(self, anchor: Anchor) -> Point:
        """The point that stands for the person: the feet (bottom centre, or nearest the nadir) or the box's centre."""
        if anchor == "foot" and self.foot_px is not None:
            return self.foot_px
        if anchor == "foot" and self.nadir_px is not None:
            return toward(self.whole_xyxy_px, self.nadir_px)
        x0, y0, x1, y1 = self.whole_xyxy_px
        return (x0 + x1) / 2, (y1 if anchor == "foot" else (y0 + y1) / 2)

    @property
    def height_px(self) -> float:
        """Height of the whole box; under a ceiling fisheye, where people lie every way, its longer side."""
        x0, y0, x1, y1 = self.whole_xyxy_px
        return y1 - y0 if self.nadir_px is None else max(x1 - x0, y1 - y0)
