"""Which tracks to embed in a frame, and when."""

from dataclasses import dataclass

import numpy as np

from dongsun.serve_edge.pipeline.gallery_policy import GalleryPolicy
from dongsun.serve_edge.pipeline.look_quality import EDGE_PX, covered_share, look_quality
from dongsun.serve_edge.pipeline.sighting import Sighting
from dongsun.serve_edge.pipeline.track import Track, TrackState


@dataclass(frozen=True)
class FrameSize:
    """Width and height in pixels."""

    width_px: int
    height_px: int


@dataclass(frozen=True)
class WantedLook:
    """A track to embed, and what the picture of it is worth.

    Attributes:
        track: Whose.
        quality: In (0, 1].
    """

    track: Track
    quality: float


def looks_wanted(
    tracks: list[Track], frame_index: int, time_s: float, size: FrameSize, policy: GalleryPolicy
) -> list[WantedLook]:
    """The tracks to embed now, most urgent first: those without a look, those just found again, then those due."""
    seen = [t for t in tracks if t.last.frame_index == frame_index and t.state is not TrackState.REMOVED]
    boxes = np.array([t.last.seen_xyxy_px for t in seen]).reshape(-1, 4)
    wanted = []
    for i, track in enumerate(seen):
        covered = covered_share(boxes, i)
        track.touched |= covered > policy.most_covered
        if covered > policy.most_covered or track.hits < 2 or not _whole(boxes[i], size, policy):
            continue
        if _due(track, time_s, policy):
            quality = look_quality(boxes[i], covered, track.last.score, _shown(track.last))
            if quality >= policy.least_quality:
                wanted.append(WantedLook(track, quality))
    return sorted(wanted, key=lambda w: (_urgency(w.track), w.track.serial))[: policy.most_per_frame]


def _shown(sighting: Sighting) -> float:
    _, y0, _, y1 = sighting.seen_xyxy_px
    _, whole_y0, _, whole_y1 = sighting.whole_xyxy_px
    return min((y1 - y0) / max(whole_y1 - whole_y0, 1e-9), 1.0)


def _due(track: Track, time_s: float, policy: GalleryPolicy) -> bool:
    if track.embedded_at_s is None or track.found_again:
        return True
    early = track.stretch_looks < policy.early_looks or track.odd_looks or (track.touched and policy.look_after_contact)
    return time_s - track.embedded_at_s >= (policy.early_every_s if early else policy.later_every_s)


def _urgency(track: Track) -> int:
    if not track.looks_taken:
        return 0
    return 1 if track.found_again or track.touched or track.odd_looks else 2


def _whole(box: np.ndarray[tuple[int, ...], np.dtype[np.float64]], size: FrameSize, policy: GalleryPolicy) -> bool:
    x0, y0, x1, y1 = box
    # A box cut by the picture's side or top shows part of a body; the bottom cuts legs only, which is borne.
    inside = x0 > EDGE_PX and y0 > EDGE_PX and x1 < size.width_px - EDGE_PX
    return bool(inside and y1 - y0 >= policy.least_height_px)
