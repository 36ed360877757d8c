"""How looks are taken, kept and compared: one set of settings, chosen by measurement (docs/counting.md)."""

from dataclasses import dataclass
from typing import Literal

from dongsun.contract.errors import DongsunError

Keep = Literal["first", "last", "best", "diverse", "mean"]
"""Which looks stay when there is no room: the oldest, the newest, those of best quality, those least like each other,
or none, melted into one running mean."""
Compare = Literal["max", "mean", "top2", "centre"]
"""Similarity of two sets of looks: the highest cosine of a pair, the mean over all pairs, the mean of the two highest,
or the cosine of the two means."""


@dataclass(frozen=True)
class GalleryPolicy:
    """What a station remembers of how people look, and how it tells them apart.

    `python bench/gallery_policy.py` measures other choices on whole clips.

    Attributes:
        keep: Which looks stay.
        kept_looks: Of a track, and of a visitor over all tracks.
        compare: How alike two sets of looks are.
        margin: Added to the bundle's threshold when a track is compared with visitors.
        weigh: Looks count by their quality; otherwise all alike.
        decide_looks: A track is identified once it has so many looks, or when it ends with fewer.
        found_quality: A track that is no known visitor is a new one only if the qualities of its looks add up to this;
            otherwise it waits for more, and stays unidentified if none come.
        learn: A visitor goes on learning looks from a track already identified.
        overlap_s: A visitor surely in view longer than this after a track began is probably not the one on it.
        overlap_margin: They must be so much more alike to be the same person all the same: two boxes around one person,
            and tracks that exchange their people, are commoner than two people in view who look alike.
        change: A look this far below the threshold from those before is odd: perhaps the box went on with somebody
            else. None never asks.
        change_looks: So many odd looks in a row end the track's identity where it was last sure.
        look_after_contact: Take a look when somebody else's box has covered the person and is gone.
        least_height_px: Smaller people are not embedded: a re-ID model, fed 128 rows or more, would see mush.
        most_covered: Nor are people covered by another's box by more than this share.
        least_quality: Nor are pictures of less quality (`dongsun.serve_edge.pipeline.look_quality`).
        early_looks: So many looks are taken in quick succession.
        early_every_s: Then this far apart: closer ones are nearly the same picture.
        later_every_s: Later ones this far apart: they follow changes of light and side, and of the person.
        most_per_frame: Embeddings a frame, which bounds its time in a crowd; the rest follow in the next frames.
        most_visitors: The longest unseen visitor is forgotten beyond this, so embeddings take at most `most_visitors` ×
            (`kept_looks` + 1) × their size × 4 bytes: 87 MB with 256 numbers each.
        forget_after_s: Who was unseen this long is forgotten, and would be a new visitor; None keeps them as long as
            the run lasts.
    """

    keep: Keep = "last"
    kept_looks: int = 16
    compare: Compare = "centre"
    margin: float = 0.0
    weigh: bool = True
    decide_looks: int = 5
    found_quality: float = 1.5
    learn: bool = True
    overlap_s: float = 0.3
    overlap_margin: float = 0.15
    change: float | None = 0.1
    change_looks: int = 2
    look_after_contact: bool = True
    least_height_px: float = 32.0
    most_covered: float = 0.5
    least_quality: float = 0.0
    early_looks: int = 3
    early_every_s: float = 0.5
    later_every_s: float = 1.5
    most_per_frame: int = 3
    most_visitors: int = 5000
    forget_after_s: float | None = None

    def __post_init__(self) -> None:
        least_one = {
            "kept_looks": self.kept_looks,
            "decide_looks": self.decide_looks,
            "change_looks": self.change_looks,
            "most_per_frame": self.most_per_frame,
            "most_visitors": self.most_visitors,
        }
        for name, value in least_one.items():
            if value < 1:
                raise _refused(f"{name} of 1 or more", value)
        if self.early_every_s <= 0 or self.later_every_s <= 0:
            raise _refused("positive times between looks", (self.early_every_s, self.later_every_s))
        if self.forget_after_s is not None and self.forget_after_s <= 0:
            raise _refused("a positive forget_after_s, or None", self.forget_after_s)


def _refused(expected: str, got: object) -> DongsunError:
    return DongsunError(expected=expected, got=str(got), where="GalleryPolicy", mend="correct the setting")
