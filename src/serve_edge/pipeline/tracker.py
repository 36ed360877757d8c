"""From detections to tracks."""

import itertools

import numpy as np
import numpy.typing as npt

from dongsun.contract.detections import BoxExtent, Detections
from dongsun.contract.geometry import Point
from dongsun.serve_edge.pipeline.association import best_pairs, overlap_scores
from dongsun.serve_edge.pipeline.constants import TrackingConstants
from dongsun.serve_edge.pipeline.floor_stature import FloorStature
from dongsun.serve_edge.pipeline.floor_view import FloorView
from dongsun.serve_edge.pipeline.footprints import Footprints
from dongsun.serve_edge.pipeline.stature import BodyStature, Bottom, Stature, bottoms
from dongsun.serve_edge.pipeline.track import Track, TrackState
from dongsun.serve_edge.pipeline.whole_body_stature import WholeBodyStature


class Tracker:
    """Follows people from frame to frame.

    Association in two stages after ByteTrack (Zhang et al., ECCV 2022): strong detections first, with every known
    person; then weak ones, with people still unmatched who were in view just now. What is left of the strong ones
    starts tentative tracks, unless it is a part or a double of somebody already tracked.

    Args:
        strong_score: The bundle's score threshold.
        frame_height_px: Height of the picture: boxes end at its bottom edge.
        constants: Times and distances.
        nadir_px: Under a ceiling fisheye, the point straight below the camera.
        view: Of the floor, where the camera has one.
        box_extent: What the detector's boxes go around.
    """

    def __init__(
        self,
        strong_score: float,
        frame_height_px: int,
        constants: TrackingConstants,
        nadir_px: Point | None = None,
        view: FloorView | None = None,
        box_extent: BoxExtent = "visible",
    ) -> None:
        self._strong = strong_score
        self._nadir_px = nadir_px
        self._view = view
        self._box_extent = box_extent
        self._footprints = None if view is None else Footprints(view)
        self._frame_height_px = frame_height_px
        self._c = constants
        self._serials = itertools.count(1)
        self.tracks: list[Track] = []

    def step(self, persons: Detections, frame_index: int, time_s: float) -> None:
        """Takes the detections of the next frame (people only, weak ones too)."""
        for track in self.tracks:
            track.motion.predict(time_s)
        boxes = persons.boxes_xyxy_px.astype(np.float64)
        upright = self._nadir_px is None
        ends = bottoms(boxes, self._frame_height_px, self._box_extent) if upright else [Bottom.SEEN] * len(boxes)
        hidden = np.array([end is not Bottom.SEEN for end in ends], dtype=np.bool_)
        free = np.ones(len(boxes), dtype=np.bool_)
        strong = persons.scores >= self._strong
        weak = (persons.scores >= self._c.low_score) & ~strong

        def match(tracks: list[Track], candidates: npt.NDArray[np.bool_]) -> None:
            columns = np.flatnonzero(candidates & free)
            predicted = np.array([t.motion.box_xyxy_px for t in tracks]).reshape(-1, 4)
            scores = overlap_scores(predicted, boxes[columns], hidden[columns])
            for row, track in enumerate(tracks):
                scores[row, track.motion.head_surprise(boxes[columns]) > self._c.most_surprise] = -np.inf
            for row, column in best_pairs(scores, self._c.min_overlap):
                j = columns[column]
                free[j] = False
                tracks[row].see(boxes[j], float(persons.scores[j]), frame_index, time_s, ends[j])

        def unseen(*states: TrackState) -> list[Track]:
            return [t for t in self.tracks if t.state in states and t.last.frame_index != frame_index]

        believable = [t for t in unseen(TrackState.LOST) if time_s - t.last.stream_time_s <= self._c.predict_s]
        match(unseen(TrackState.CONFIRMED) + believable, strong)
        match(unseen(TrackState.CONFIRMED), weak)
        match(unseen(TrackState.TENTATIVE), strong)
        match(unseen(TrackState.TENTATIVE), weak)
        self._start(persons, ends, free & strong, frame_index, time_s)
        self._age(frame_index, time_s)

    def end_lost(self, time_s: float) -> None:
        """Ends the tracks that have been out of sight too long by now, though no picture came since."""
        for track in self.tracks:
            if track.track_id is not None and time_s - track.last.stream_time_s > self._c.lost_s:
                track.state = TrackState.REMOVED

    def removed(self) -> list[Track]:
        """Takes away and returns the tracks that ended since the last call."""
        gone = [t for t in self.tracks if t.state is TrackState.REMOVED]
        self.tracks = [t for t in self.tracks if t.state is not TrackState.REMOVED]
        return gone

    def _start(
        self,
        persons: Detections,
        ends: list[Bottom],
        candidates: npt.NDArray[np.bool_],
        frame_index: int,
        time_s: float,
    ) -> None:
        boxes = persons.boxes_xyxy_px.astype(np.float64)
        present = [np.array(t.last.seen_xyxy_px) for t in self.tracks if t.last.frame_index == frame_index]
        for j in np.flatnonzero(candidates):
            if any(self._is_part(boxes[j], other) for other in present):
                continue
            present.append(boxes[j])
            score = float(persons.scores[j])
            self.tracks.append(
                Track(
                    next(self._serials),
                    boxes[j],
                    score,
                    frame_index,
                    time_s,
                    ends[j],
                    self._stature(),
                    self._view,
                    self._nadir_px,
                )
            )

    def _is_part(self, box: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> bool:
        """Whether a box is a part or a double of a tracked person's."""
        shared = _shared(box, other)
        if self._box_extent == "whole_body":
            return shared > self._c.double_overlap * (_area(box) + _area(other) - shared)
        return shared > self._c.contained_share * _area(box)

    def _stature(self) -> BodyStature:
        if self._box_extent == "whole_body":
            return WholeBodyStature(self._view)
        return Stature() if self._footprints is None else FloorStature(self._footprints)

    def _age(self, frame_index: int, time_s: float) -> None:
        for track in self.tracks:
            unseen_s = time_s - track.last.stream_time_s
            if track.state is TrackState.TENTATIVE:
                if unseen_s > self._c.tentative_gap_s:
                    track.state = TrackState.REMOVED
                elif track.hits >= self._c.confirm_hits and time_s - track.born_s >= self._c.confirm_s:
                    track.state = TrackState.CONFIRMED
            elif track.state is TrackState.CONFIRMED and track.last.frame_index != frame_index:
                track.state = TrackState.LOST
            elif track.state is TrackState.LOST and unseen_s > self._c.lost_s:
                track.state = TrackState.REMOVED


def _shared(box: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> float:
    """The area that lies in both, in square pixels."""
    width = min(box[2], other[2]) - max(box[0], other[0])
    height = min(box[3], other[3]) - max(box[1], other[1])
    return float(max(width, 0.0) * max(height, 0.0))


def _area(box: npt.NDArray[np.float64]) -> float:
    return float((box[2] - box[0]) * (box[3] - box[1]))
