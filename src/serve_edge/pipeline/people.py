"""People in the picture: tracks with identities, and who they are."""

import itertools
from dataclasses import dataclass

import numpy as np

from dongsun.contract.detections import BoxExtent, Detections
from dongsun.contract.embedding import Embeddings
from dongsun.contract.geometry import Point
from dongsun.serve_edge.pipeline.constants import TrackingConstants
from dongsun.serve_edge.pipeline.floor_view import FloorView
from dongsun.serve_edge.pipeline.gallery import Gallery
from dongsun.serve_edge.pipeline.gallery_policy import GalleryPolicy
from dongsun.serve_edge.pipeline.identities import Identities, Share
from dongsun.serve_edge.pipeline.look_set import LookSet
from dongsun.serve_edge.pipeline.looks import FrameSize, looks_wanted
from dongsun.serve_edge.pipeline.reappearance import Reappearance
from dongsun.serve_edge.pipeline.sighting import Sighting
from dongsun.serve_edge.pipeline.track import Track, TrackState
from dongsun.serve_edge.pipeline.tracker import Tracker


@dataclass(frozen=True)
class IdentifiedSighting:
    """A sighting whose track is known to be a person."""

    track_id: int
    sighting: Sighting


class People:
    """Tracks people and settles who each is, so that counters see each person once and in order.

    A track is reported when it is confirmed and it is settled whether it continues one lost before. Its sightings wait
    until then and are reported together: nothing is lost of what happened before, and an id never changes afterwards.

    Args:
        strong_score: The bundle's score threshold.
        similarity_threshold: The bundle's; None without a re-ID model.
        size: Of the picture.
        constants: Times and distances.
        nadir_px: Under a ceiling fisheye, the point of the picture straight below the camera.
        policy: What is remembered of looks, and how they are compared.
        gallery: Shared by the cameras of a store; by default this camera's own.
        camera_id: Tells this camera in a shared gallery.
        view: Of the floor, where the camera has one.
        box_extent: What the detector's boxes go around.
    """

    def __init__(
        self,
        strong_score: float,
        similarity_threshold: float | None,
        size: FrameSize,
        constants: TrackingConstants,
        nadir_px: Point | None = None,
        policy: GalleryPolicy | None = None,
        gallery: Gallery | None = None,
        camera_id: str = "",
        view: FloorView | None = None,
        box_extent: BoxExtent = "visible",
    ) -> None:
        self._c = constants
        self._policy = policy or GalleryPolicy()
        self._size = size
        self._has_looks = similarity_threshold is not None
        self._tracker = Tracker(strong_score, size.height_px, constants, nadir_px, view, box_extent)
        self._reappearance = Reappearance(similarity_threshold, constants, self._policy)
        self._identities = Identities(similarity_threshold, self._policy, constants.min_visitor_s, gallery, camera_id)
        self._quality_of_serial: dict[int, float] = {}
        self._ids = itertools.count(1)

    @property
    def tracks(self) -> list[Track]:
        """All tracks alive, tentative and lost ones too."""
        return self._tracker.tracks

    @property
    def visitors(self) -> int:
        """Unique visitors so far: each has a confirmed track with a good look (or, without a re-ID model, a track)."""
        return self._identities.visitors

    @property
    def unidentified(self) -> int:
        """Tracks as long as a visitor's that ended without one good look: nobody can say whether they are new."""
        return self._identities.unidentified

    def visitor_of(self, track_id: int, time_s: float | None = None) -> int | None:
        """The visitor on a track at a time (by default at last), as far as is known."""
        return self._identities.visitor_of(track_id, time_s)

    def shares(self, track_id: int, from_s: float, to_s: float) -> list[Share]:
        """Who walked how much of a track between two times, as far as is known."""
        return self._identities.shares(track_id, from_s, to_s)

    def forget(self, track_id: int) -> None:
        """Drops what is remembered of a track that ended and was counted; `visitor_of` knows it no more."""
        self._identities.forget(track_id)

    def follow(self, persons: Detections, frame_index: int, time_s: float) -> list[Track]:
        """Takes a frame's people; returns the tracks to embed in it, most urgent first."""
        self._tracker.step(persons, frame_index, time_s)
        if not self._has_looks:
            return []
        wanted = looks_wanted(self._tracker.tracks, frame_index, time_s, self._size, self._policy)
        self._quality_of_serial = {look.track.serial: look.quality for look in wanted}
        return [look.track for look in wanted]

    def look(self, track: Track, embedding: Embeddings, time_s: float) -> None:
        """Takes the embedding (1, d) of a track asked for."""
        quality = self._quality_of_serial.get(track.serial, 1.0) if self._policy.weigh else 1.0
        self._identities.look(track, LookSet(embedding, np.array([quality], np.float32)), time_s)

    def settle(self, time_s: float, *, last_chance: bool = False) -> list[IdentifiedSighting]:
        """Settles identities as far as the evidence goes; the sightings that may now be counted.

        Args:
            time_s: Now.
            last_chance: Nothing waits any longer.
        """
        self._take_over(time_s)
        self._name(time_s)
        reported: list[IdentifiedSighting] = []
        for track in self._tracker.tracks:
            if track.track_id is None:
                continue
            sightings = track.report(time_s, at_once=last_chance or track.state is TrackState.REMOVED)
            reported.extend(IdentifiedSighting(track.track_id, sighting) for sighting in sightings)
            self._identities.settle(track, self._tracker.tracks)
        return reported

    def rest(self, time_s: float) -> list[IdentifiedSighting]:
        """No picture came until now: who is lost too long has gone; the sightings that may now be counted."""
        self._tracker.end_lost(time_s)
        return self.settle(time_s)

    def ended(self) -> list[int]:
        """Ids of the tracks that ended since the last call."""
        ids: list[int] = []
        gone = self._tracker.removed()
        for track in gone:
            if track.track_id is None:
                continue
            self._identities.settle(track, gone + self._tracker.tracks, last_chance=True)
            ids.append(track.track_id)
        return ids

    def end_all(self, time_s: float) -> list[IdentifiedSighting]:
        """Ends the source: young tracks are settled by what is known; every track ends."""
        self._take_over(time_s)
        for track in self._tracker.tracks:
            if track.track_id is None and track.state in (TrackState.CONFIRMED, TrackState.LOST):
                track.track_id = next(self._ids)
        reported = self.settle(time_s, last_chance=True)
        for track in self._tracker.tracks:
            track.state = TrackState.REMOVED
        return reported

    def _young(self) -> list[Track]:
        return [
            t for t in self._tracker.tracks if t.track_id is None and t.state in (TrackState.CONFIRMED, TrackState.LOST)
        ]

    def _lost(self) -> list[Track]:
        return [t for t in self._tracker.tracks if t.track_id is not None and t.state is TrackState.LOST]

    def _take_over(self, time_s: float) -> None:
        pairs = self._reappearance.pairs(self._young(), self._lost())
        for young, lost in pairs:
            lost.continue_as(young, self._policy)
            young.unreported = []
        successors = {young.serial for young, _ in pairs}
        if successors:
            self._tracker.tracks = [t for t in self._tracker.tracks if t.serial not in successors]

    def _name(self, time_s: float) -> None:
        lost = self._lost()
        for track in self._young():
            waits = self._has_looks and not track.looks_taken and time_s - track.born_s < self._c.resolve_s
            if waits and any(self._reappearance.possible(track, other) for other in lost):
                continue
            track.track_id = next(self._ids)
