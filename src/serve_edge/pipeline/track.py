"""One person followed through the picture."""

from enum import Enum

import numpy as np

from dongsun.contract.embedding import Embeddings
from dongsun.contract.geometry import Point
from dongsun.serve_edge.pipeline.motion import Box, BoxMotion
from dongsun.serve_edge.pipeline.sighting import Sighting
from dongsun.serve_edge.pipeline.stature import Bottom, Stature

MAX_EMBEDDINGS = 6
"""Looks kept of one track: front, side and back in two lights; more cost time and tell little."""


class TrackState(Enum):
    """tentative → confirmed ⇄ lost → removed."""

    TENTATIVE = "tentative"
    CONFIRMED = "confirmed"
    LOST = "lost"
    REMOVED = "removed"


class Track:
    """A person followed from frame to frame; the tracker's working state.

    Attributes:
        track_id: Given when it is settled that this is nobody lost before (or who); None until then.
        unreported: Sightings not yet handed to the counters, oldest first; they wait for `track_id`.
        embeddings: Looks, oldest first.
    """

    def __init__(
        self,
        serial: int,
        box: Box,
        score: float,
        frame_index: int,
        time_s: float,
        bottom: Bottom,
        nadir_px: Point | None = None,
    ) -> None:
        self.serial = serial
        self._nadir_px = nadir_px
        self.track_id: int | None = None
        self.state = TrackState.TENTATIVE
        self.stature = Stature()
        self.motion = BoxMotion(box, time_s)
        self.born_s = time_s
        self.hits = 0
        self.unreported: list[Sighting] = []
        self.embeddings: list[Embeddings] = []
        self.embedded_at_s: float | None = None
        self.found_again = False
        self._at_last_sight = self.motion
        self.last: Sighting
        self.see(box, score, frame_index, time_s, bottom)

    def see(self, box: Box, score: float, frame_index: int, time_s: float, bottom: Bottom) -> None:
        """Takes a detection as this person; `bottom` says what is known of its lower end."""
        # Under a ceiling fisheye people aren't upright in the picture, so that no height can be remembered.
        upright = self._nadir_px is None
        whole_box, whole = self.stature.complete(box, time_s, bottom) if upright else (box, True)
        if self.state is TrackState.LOST:
            self._walk_the_gap(whole_box, time_s)
            self.state = TrackState.CONFIRMED
            self.found_again = True
        self.motion.update(whole_box, whole=whole)
        self._at_last_sight = self.motion.copy()
        self.hits += 1
        self.last = Sighting(frame_index, time_s, _as_tuple(box), _as_tuple(whole_box), score, self._nadir_px)
        self.unreported.append(self.last)

    def take_look(self, embedding: Embeddings, time_s: float) -> None:
        """Keeps an embedding (1, d); when full, the second oldest goes, so that the first look stays."""
        self.embeddings.append(embedding)
        if len(self.embeddings) > MAX_EMBEDDINGS:
            del self.embeddings[1]
        self.embedded_at_s = time_s
        self.found_again = False

    def continue_as(self, successor: "Track") -> None:
        """Takes over what a newer track saw: it was this person, found again."""
        self.motion, self._at_last_sight = successor.motion, successor._at_last_sight
        self.stature = successor.stature
        self.hits += successor.hits
        self.unreported.extend(successor.unreported)
        self.last = successor.last
        for look in successor.embeddings:
            self.take_look(look, successor.last.stream_time_s)
        self.state = successor.state

    def _walk_the_gap(self, box: Box, time_s: float) -> None:
        """OC-SORT's observation-centric re-update: had we seen it all along on the straight way, what would we know?

        Source: Cao et al., *Observation-Centric SORT*, CVPR 2023, section 4.1.
        """
        motion = self._at_last_sight.copy()
        start, began_s = np.array(self.last.whole_xyxy_px), self.last.stream_time_s
        steps = min(int((time_s - began_s) / 0.1), 30)
        for step in range(1, steps):
            share = step / steps
            motion.predict(began_s + share * (time_s - began_s))
            motion.update(start + share * (box - start), whole=True)
        motion.predict(time_s)
        self.motion = motion


def _as_tuple(box: Box) -> tuple[float, float, float, float]:
    return float(box[0]), float(box[1]), float(box[2]), float(box[3])
