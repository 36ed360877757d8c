"""Whether a young track is somebody lost a moment ago."""

import numpy as np

from dongsun.serve_edge.pipeline.association import best_pairs
from dongsun.serve_edge.pipeline.constants import TrackingConstants
from dongsun.serve_edge.pipeline.gallery_policy import GalleryPolicy
from dongsun.serve_edge.pipeline.sighting import Sighting
from dongsun.serve_edge.pipeline.track import Track

_IMPOSSIBLE = -np.inf
_HEIGHT_M = 1.7
"""A person's height, the unit of the constants."""


class Reappearance:
    """Gives a young track the identity of the lost one that it continues.

    Two kinds of evidence: looks (similarity at or above the bundle's threshold, and near enough to have walked there),
    or place (just where the lost one should be by now, and looks that don't contradict).

    Args:
        similarity_threshold: The bundle's, at the precision in use; None without a re-ID model.
        constants: Times and distances.
        policy: How looks are compared.
    """

    def __init__(self, similarity_threshold: float | None, constants: TrackingConstants, policy: GalleryPolicy) -> None:
        self._threshold = similarity_threshold
        self._c = constants
        self._policy = policy

    def pairs(self, young: list[Track], lost: list[Track]) -> list[tuple[Track, Track]]:
        """The (young, lost) pairs that are one person, each track in one pair at most."""
        scores = np.array([[self.evidence(y, g) for g in lost] for y in young]).reshape(len(young), len(lost))
        return [(young[i], lost[j]) for i, j in best_pairs(scores, 0.0)]

    def possible(self, young: Track, lost: Track) -> bool:
        """True if the lost person could be where the young track began, walking or running."""
        first = young.unreported[0]
        gap_s = first.stream_time_s - lost.last.stream_time_s
        if not 0 < gap_s <= self._c.lost_s:
            return False
        reach = self._c.near_heights + self._c.pass_speed_heights_s * gap_s
        return _distance_heights(lost.last, first) <= reach

    def evidence(self, young: Track, lost: Track) -> float:
        """How strongly the two are one person: 0 or more if they are, minus infinity if they can't be."""
        if not self.possible(young, lost):
            return _IMPOSSIBLE
        similarity = young.looks.similarity(lost.looks, self._policy)
        margin = None if similarity is None or self._threshold is None else similarity - self._threshold
        if margin is not None and margin >= 0:
            return 1.0 + margin
        if margin is not None and margin < -self._c.contradiction:
            return _IMPOSSIBLE
        # Without a look at both, a place alone convinces only while the prediction is fresh.
        longest_s = self._c.predict_s if margin is None else self._c.lost_s
        return self._nearness(young.unreported[0], lost, longest_s)

    def _nearness(self, first: Sighting, lost: Track, longest_s: float) -> float:
        gap_s = first.stream_time_s - lost.last.stream_time_s
        if gap_s > longest_s:
            return _IMPOSSIBLE
        place = lost.place_at_m(first.stream_time_s)
        tolerance = self._c.near_heights + self._c.veer_heights_s * gap_s
        if place is not None and first.place_m is not None:
            off = float(np.hypot(place[0] - first.place_m[0], place[1] - first.place_m[1])) / _HEIGHT_M
            return 1.0 - off / tolerance if off <= tolerance else _IMPOSSIBLE
        vx, vy = lost.motion.velocity_px_s
        x, y = lost.last.anchor_px("foot")
        fx, fy = first.anchor_px("foot")
        height = max(lost.last.height_px, first.height_px)
        off = float(np.hypot(x + vx * gap_s - fx, y + vy * gap_s - fy)) / height
        alike = 0.7 < first.height_px / lost.last.height_px < 1.4
        return 1.0 - off / tolerance if alike and off <= tolerance else _IMPOSSIBLE


def _distance_heights(a: Sighting, b: Sighting) -> float:
    if a.place_m is not None and b.place_m is not None:
        return float(np.hypot(a.place_m[0] - b.place_m[0], a.place_m[1] - b.place_m[1])) / _HEIGHT_M
    (ax, ay), (bx, by) = a.anchor_px("foot"), b.anchor_px("foot")
    return float(np.hypot(ax - bx, ay - by)) / max(a.height_px, b.height_px)
