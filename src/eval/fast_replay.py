"""Counting on modelled detections: the station's own pipeline, fed without a picture or a model."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np

from dongsun.contract.detections import Detections
from dongsun.contract.store import CameraConfig
from dongsun.serve_edge.pipeline.camera_pipeline import CameraPipeline, PipelineEvents, PipelineRules
from dongsun.serve_edge.pipeline.constants import CountingConstants, TrackingConstants
from dongsun.serve_edge.pipeline.counter import CountedCrossing, CountedStay
from dongsun.serve_edge.pipeline.looks import FrameSize
from dongsun.serve_edge.pipeline.people import IdentifiedSighting
from dongsun.serve_edge.pipeline.track import Track
from dongsun.serve_edge.pipeline.windows import WindowFigures
from dongsun.twin.fast.detector_noise import CameraDetections
from dongsun.twin.fast.looks import ModelledLooks

EPOCH = datetime(2026, 1, 5, tzinfo=UTC)


@dataclass(frozen=True)
class ReplayRules:
    """What a bundle would bring.

    Attributes:
        strong_score: Detections from here on may start a track.
        similarity_threshold: Two looks at least this alike are one person; None without a re-ID model.
        looks: The modelled embeddings; needed with a threshold.
        camera_number: Tells cameras apart in the looks.
        uniformed: People in uniform.
        started_at_utc: When the first picture was taken.
        tracking: The station's constants.
        counting: The station's constants.
    """

    strong_score: float = 0.25
    similarity_threshold: float | None = None
    looks: ModelledLooks | None = None
    camera_number: int = 0
    uniformed: frozenset[int] = frozenset()
    started_at_utc: datetime = EPOCH
    tracking: TrackingConstants = field(default_factory=TrackingConstants)
    counting: CountingConstants = field(default_factory=CountingConstants)


@dataclass(frozen=True)
class FastReplay:
    """What one camera counted.

    Attributes:
        crossings: Of its lines, in order of time.
        stays: In its zones, in order of entering.
        unique_visitors: Different people, as far as looks told them apart.
        tracks: How many tracks were reported.
        visitor_of_track: Track to visitor, where it was named.
        sightings: Every reported sighting, in the order of reporting.
        windows: As a station sends them.
    """

    crossings: tuple[CountedCrossing, ...]
    stays: tuple[CountedStay, ...]
    unique_visitors: int
    tracks: int
    visitor_of_track: dict[int, int]
    sightings: tuple[IdentifiedSighting, ...]
    windows: tuple[WindowFigures, ...]


def replay_detections(
    detections: CameraDetections, camera: CameraConfig, rules: ReplayRules | None = None
) -> FastReplay:
    """Follows and counts the people of one camera, frame by frame, exactly as a station does after its detector.

    Args:
        detections: Of every picture.
        camera: Lines and zones.
        rules: Thresholds, looks and constants; by default no re-ID.
    """
    run = _Run(detections, camera, rules or ReplayRules())
    for frame in range(detections.frames):
        run.take(frame)
    return run.finish()


class _Run:
    """The state between frames."""

    def __init__(self, detections: CameraDetections, camera: CameraConfig, rules: ReplayRules) -> None:
        size = FrameSize(detections.width_px, detections.height_px)
        threshold = rules.similarity_threshold if rules.looks is not None else None
        self._detections, self._rules = detections, rules
        self._pipeline = CameraPipeline(
            camera,
            size,
            PipelineRules(rules.strong_score, threshold, rules.started_at_utc, rules.tracking, rules.counting),
        )
        self._events: list[PipelineEvents] = []

    def take(self, frame: int) -> None:
        """Takes the next frame's detections through tracking, looks and counting."""
        now_s, rows = frame / self._detections.fps, self._detections.rows(frame)
        boxes, scores = self._detections.boxes_xyxy_px[rows], self._detections.scores[rows]
        found = Detections(boxes, scores, np.zeros(len(scores), np.int64))
        for track in self._pipeline.follow(found, frame, now_s):
            self._look(track, frame, now_s)
        self._events.append(self._pipeline.settle(now_s))

    def finish(self) -> FastReplay:
        """Ends the source."""
        pipeline = self._pipeline
        self._events.append(pipeline.finish(1 / self._detections.fps))
        sightings = tuple(sighting for events in self._events for sighting in events.sightings)
        crossings = [crossing for events in self._events for crossing in events.crossings]
        stays = [stay for events in self._events for stay in events.stays]
        tracks = sorted({item.track_id for item in sightings})
        named = {track: pipeline.people.visitor_of(track) for track in tracks}
        return FastReplay(
            tuple(sorted(crossings, key=lambda c: (c.crossing.stream_time_s, c.line_id))),
            tuple(sorted(stays, key=lambda s: (s.stay.enter_s, s.zone_id))),
            pipeline.people.visitors,
            len(tracks),
            {track: visitor for track, visitor in named.items() if visitor is not None},
            sightings,
            tuple(pipeline.counter.windows()),
        )

    def _look(self, track: Track, frame: int, now_s: float) -> None:
        """Gives a track the modelled look of whoever is truly in its box."""
        assert self._rules.looks is not None
        rows = self._detections.rows(frame)
        boxes = self._detections.boxes_xyxy_px[rows].astype(np.float64)
        row = int(np.argmin(np.abs(boxes - np.array(track.last.seen_xyxy_px)).sum(axis=1)))
        who = int(self._detections.person_ids[rows][row])
        look = self._rules.looks.look(who, self._rules.camera_number, now_s, uniformed=who in self._rules.uniformed)
        self._pipeline.look(track, look, now_s)
