"""One person followed through the picture."""

from collections import deque
from enum import Enum

import numpy as np

from dongsun.contract.geometry import Point
from dongsun.serve_edge.pipeline.floor_stature import FloorStature
from dongsun.serve_edge.pipeline.floor_view import FloorView
from dongsun.serve_edge.pipeline.gallery_policy import GalleryPolicy
from dongsun.serve_edge.pipeline.look_set import LookSet
from dongsun.serve_edge.pipeline.motion import Box, BoxMotion
from dongsun.serve_edge.pipeline.sighting import Sighting
from dongsun.serve_edge.pipeline.stature import BodyStature, Bottom

_FRESH_S = 0.5
"""After this long out of sight a predicted box says little of where head and feet are."""

_STRANGER_S = 3.0
"""So long at most the counters wait to hear of somebody new until it is known how tall they are."""

_PACE_S = 1.0
"""A walk over so long tells where somebody is heading: a step's sway and a box's jitter are short against it."""


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
        looks: Of the present stretch, as many as the gallery policy keeps.
        looks_taken: Embeddings asked for and got, kept or not.
        news: Looks taken since the track's visitor last learned them.
        odd: Looks in a row that are unlike `looks`.
        odd_looks: How many.
        stretch_looks: Looks taken in the present stretch.
        asked_looks: How many of them there were when the gallery was last asked in vain.
        visitor_id: Who it is, in the present stretch: the part of the track since it last changed its person.
        stretch_from_s: When that began.
        sure_s: When it last looked as before.
        touched: Somebody else's box covered this one since the last look.
    """

    def __init__(
        self,
        serial: int,
        box: Box,
        score: float,
        frame_index: int,
        time_s: float,
        bottom: Bottom,
        stature: BodyStature,
        view: FloorView | None = None,
        nadir_px: Point | None = None,
    ) -> None:
        self.serial = serial
        self._nadir_px = nadir_px
        self._view = view
        self._places: deque[tuple[float, Point]] = deque()
        self.track_id: int | None = None
        self.state = TrackState.TENTATIVE
        self.stature = stature
        self.motion = BoxMotion(box, time_s)
        self.born_s = time_s
        self.hits = 0
        self.unreported: list[Sighting] = []
        self.looks = LookSet()
        self.news = LookSet()
        self.odd = LookSet()
        self.odd_looks = 0
        self.looks_taken = 0
        self.stretch_looks = self.asked_looks = 0
        self.visitor_id: int | None = None
        self.stretch_from_s = self.sure_s = time_s
        self.touched = False
        self._odd_from_s = time_s
        self.embedded_at_s: float | None = None
        self.found_again = False
        self._at_last_sight = self.motion
        self._bottoms: list[Bottom] = []
        self.last: Sighting
        self.see(box, score, frame_index, time_s, bottom)

    def see(self, box: Box, score: float, frame_index: int, time_s: float, bottom: Bottom) -> None:
        """Takes a detection as this person; `bottom` says what is known of its lower end."""
        # Under a ceiling fisheye people aren't upright in the picture, so that no height can be remembered.
        upright = self._nadir_px is None
        expected = self.motion.box_xyxy_px if self.hits and time_s - self.last.stream_time_s <= _FRESH_S else None
        whole_box, whole = self.stature.complete(box, time_s, bottom, expected) if upright else (box, True)
        if self.state is TrackState.LOST:
            self._walk_the_gap(whole_box, time_s)
            self.state = TrackState.CONFIRMED
            self.found_again = True
        self.motion.update(whole_box, whole=whole)
        self._at_last_sight = self.motion.copy()
        self.hits += 1
        self.last = self._sighting(box, whole_box, score, frame_index, time_s)
        self._note_place(self.last)
        self.unreported.append(self.last)
        self._bottoms.append(bottom)

    def report(self, time_s: float, *, at_once: bool = False) -> list[Sighting]:
        """Takes away the sightings that wait, if it is known well enough how tall the person is, or it is time.

        Feet that were hidden are placed again by what has been learned since.

        Args:
            time_s: Now.
            at_once: Nothing more will be learned.
        """
        stature = self.stature
        if isinstance(stature, FloorStature):
            waited_s = time_s - self.unreported[0].stream_time_s if self.unreported else 0.0
            if not (at_once or stature.is_sure or waited_s >= _STRANGER_S):
                return []
            if len(self.unreported) > 1:
                self.unreported = [
                    self._placed_again(sighting, stature.complete_again(np.array(sighting.seen_xyxy_px), bottom))
                    for sighting, bottom in zip(self.unreported, self._bottoms, strict=True)
                ]
        reported, self.unreported, self._bottoms = self.unreported, [], []
        return reported

    def place_at_m(self, time_s: float) -> Point | None:
        """Where on the floor the person is by then, walking on as at last; None without a floor."""
        if not self._places:
            return None
        (first_s, (x0, y0)), (last_s, (x1, y1)) = self._places[0], self._places[-1]
        ahead = (time_s - last_s) / (last_s - first_s) if last_s > first_s else 0.0
        return x1 + ahead * (x1 - x0), y1 + ahead * (y1 - y0)

    def take_look(self, look: LookSet, time_s: float, policy: GalleryPolicy) -> None:
        """Keeps a look (a set of one) that is like those before."""
        self.looks = self.looks.with_looks(look, policy)
        self.news = self.news.with_looks(look, policy)
        self._forget_odd()
        self.stretch_looks += 1
        self.sure_s = time_s
        self._looked(time_s)

    def take_odd_look(self, look: LookSet, time_s: float, policy: GalleryPolicy) -> None:
        """Keeps a look (a set of one) aside that is unlike those before."""
        if not self.odd_looks:
            self._odd_from_s = time_s
        self.odd_looks += 1
        self.odd = self.odd.with_looks(look, policy)
        self._looked(time_s)

    def begin_stretch(self) -> None:
        """The odd looks are another person's, who walks here since the first of them."""
        self.looks = self.news = self.odd
        self.stretch_looks, self.asked_looks = self.odd_looks, 0
        self._forget_odd()
        self.visitor_id = None
        self.stretch_from_s, self.sure_s = self._odd_from_s, self.embedded_at_s or self._odd_from_s

    def _forget_odd(self) -> None:
        self.odd = LookSet()
        self.odd_looks = 0

    def _looked(self, time_s: float) -> None:
        self.looks_taken += 1
        self.embedded_at_s = time_s
        self.found_again = self.touched = False

    def continue_as(self, successor: "Track", policy: GalleryPolicy) -> None:
        """Takes over what a newer track saw: it was this person, found again."""
        self.motion, self._at_last_sight = successor.motion, successor._at_last_sight
        if isinstance(self.stature, FloorStature) and isinstance(successor.stature, FloorStature):
            self.stature.also(successor.stature)
        else:
            self.stature = successor.stature
        self._places = successor._places
        self.hits += successor.hits
        self.unreported.extend(successor.unreported)
        self._bottoms.extend(successor._bottoms)
        self.last = successor.last
        self.looks = self.looks.with_looks(successor.looks, policy)
        self.news = self.news.with_looks(successor.news, policy)
        if successor.looks_taken:
            self.looks_taken += successor.looks_taken
            self.stretch_looks += successor.stretch_looks
            self.embedded_at_s, self.sure_s = successor.embedded_at_s, successor.sure_s
            self._forget_odd()
            self.found_again = self.touched = False
        self.state = successor.state

    def _sighting(self, box: Box, whole_box: Box, score: float, frame_index: int, time_s: float) -> Sighting:
        seen, whole = _as_tuple(box), _as_tuple(whole_box)
        if self._view is None:
            return Sighting(frame_index, time_s, seen, whole, score, self._nadir_px)
        place = self._view.standing_m(((whole[0] + whole[2]) / 2, whole[3]))
        foot = None if place is None else self._view.picture_px(place)
        return Sighting(frame_index, time_s, seen, whole, score, None, foot, place)

    def _placed_again(self, sighting: Sighting, whole_box: Box) -> Sighting:
        if _as_tuple(whole_box) == sighting.whole_xyxy_px:
            return sighting
        seen = np.array(sighting.seen_xyxy_px)
        return self._sighting(seen, whole_box, sighting.score, sighting.frame_index, sighting.stream_time_s)

    def _note_place(self, sighting: Sighting) -> None:
        if sighting.place_m is None:
            return
        self._places.append((sighting.stream_time_s, sighting.place_m))
        while sighting.stream_time_s - self._places[0][0] > _PACE_S:
            self._places.popleft()

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
