"""One camera's way from detections to crossings, stays and windows: the same for a recording and for a live camera."""

from dataclasses import dataclass, field
from datetime import datetime

from dongsun.contract.bundle import DetectorSpec
from dongsun.contract.detections import BoxExtent, Detections
from dongsun.contract.embedding import Embeddings
from dongsun.contract.nadir import nadir_px
from dongsun.contract.store import CameraConfig
from dongsun.serve_edge.pipeline.constants import CountingConstants, TrackingConstants
from dongsun.serve_edge.pipeline.counter import CountedCrossing, CountedStay, Counter
from dongsun.serve_edge.pipeline.floor_view import FloorView
from dongsun.serve_edge.pipeline.gallery import Gallery
from dongsun.serve_edge.pipeline.gallery_policy import GalleryPolicy
from dongsun.serve_edge.pipeline.looks import FrameSize
from dongsun.serve_edge.pipeline.people import IdentifiedSighting, People
from dongsun.serve_edge.pipeline.track import Track, TrackState
from dongsun.serve_edge.pipeline.windows import WindowFigures


@dataclass(frozen=True)
class PipelineRules:
    """What a bundle and a store bring to a camera's pipeline.

    Attributes:
        strong_score: Detections from here on may start a track.
        similarity_threshold: Two looks at least this alike are one person; None without a re-ID model.
        started_at_utc: When stream time was zero.
        tracking: The station's constants.
        counting: The station's constants.
        gallery: What is remembered of looks.
        box_extent: What the detector's boxes go around.
    """

    strong_score: float
    similarity_threshold: float | None
    started_at_utc: datetime
    tracking: TrackingConstants = field(default_factory=TrackingConstants)
    counting: CountingConstants = field(default_factory=CountingConstants)
    gallery: GalleryPolicy = field(default_factory=GalleryPolicy)
    box_extent: BoxExtent = "visible"

    @staticmethod
    def of(detector: DetectorSpec, similarity_threshold: float | None, started_at_utc: datetime) -> "PipelineRules":
        """A bundle's rules with the station's constants."""
        score, extent = detector.score_threshold, detector.box_extent
        return PipelineRules(score, similarity_threshold, started_at_utc, box_extent=extent)


@dataclass(frozen=True)
class PipelineEvents:
    """What a step brought; each is told once.

    Attributes:
        crossings: Of the camera's lines.
        stays: In its zones, ended ones.
        sightings: Of people, each track's in order of time; some belong to earlier frames.
        ended: Tracks that ended; nothing more comes of them, and `people.forget` may drop them.
    """

    crossings: tuple[CountedCrossing, ...]
    stays: tuple[CountedStay, ...]
    sightings: tuple[IdentifiedSighting, ...]
    ended: tuple[int, ...] = ()


class CameraPipeline:
    """Tracks, identifies and counts the people of one camera, frame by frame. Pure: no file, no model, no clock.

    For each frame: `follow`, `look` for every track that it asks for, `settle`. Where nothing trustworthy was seen,
    `gap` instead: tracks stay as they are (those lost too long end), and the time counts as not observed. It keeps no
    more than what is in view, the visitors of its gallery, and windows that aren't closed.

    Args:
        camera: Lines, zones and lens.
        size: Of the picture.
        rules: Thresholds and constants.
        gallery: Shared by the cameras of a store; by default this camera's own.
        camera_id: Tells this camera in a shared gallery.
    """

    def __init__(
        self,
        camera: CameraConfig,
        size: FrameSize,
        rules: PipelineRules,
        gallery: Gallery | None = None,
        camera_id: str = "",
    ) -> None:
        below_px = nadir_px(camera, size.width_px, size.height_px)
        view = FloorView.of(camera, size.width_px, size.height_px)
        self.people = People(
            rules.strong_score,
            rules.similarity_threshold,
            size,
            rules.tracking,
            below_px,
            rules.gallery,
            gallery,
            camera_id,
            view,
            rules.box_extent,
        )
        self.counter = Counter(camera, size, rules.started_at_utc, rules.counting, view)
        self.frames = 0
        self.first_s = 0.0
        self.last_s = 0.0
        self._rules = rules
        self._occupancy = 0

    def follow(self, persons: Detections, frame_index: int, time_s: float) -> list[Track]:
        """Takes a frame's people (weak detections too); returns the tracks to embed in it, most urgent first."""
        if self.frames:
            self.counter.observed(self.last_s, time_s, self._occupancy)
        else:
            self.first_s = time_s
        self.last_s = time_s
        self.frames += 1
        return self.people.follow(persons, frame_index, time_s)

    def look(self, track: Track, embedding: Embeddings, time_s: float) -> None:
        """Takes the embedding (1, d) of a track asked for."""
        self.people.look(track, embedding, time_s)

    def settle(self, time_s: float) -> PipelineEvents:
        """Ends the frame's step."""
        sightings = self.people.settle(time_s)
        events = self._count(sightings)
        self._occupancy = sum(self._in_view(track, time_s) for track in self.people.tracks)
        return events

    def gap(self, to_s: float) -> PipelineEvents:
        """Nothing trustworthy was seen from the last frame until `to_s`; what those who are gone by then did last."""
        self.last_s = max(self.last_s, to_s)
        return self._count(self.people.rest(to_s))

    def finish(self, frame_duration_s: float) -> PipelineEvents:
        """Ends the source; every track ends."""
        end_s = self.last_s + frame_duration_s
        self.counter.observed(self.last_s, end_s, self._occupancy)
        self.last_s = end_s
        return self._count(self.people.end_all(end_s))

    def closed_windows(self, before_s: float) -> list[WindowFigures]:
        """Takes away the windows that ended before then; what is dated into them later goes into the next one."""
        return self.counter.closed_windows(before_s)

    @property
    def duration_s(self) -> float:
        """Stream time looked at."""
        return self.last_s - self.first_s

    @property
    def occupancy(self) -> int:
        """People in view after the last frame."""
        return self._occupancy

    def _count(self, sightings: list[IdentifiedSighting]) -> PipelineEvents:
        self.counter.count(sightings)
        ended = self.people.ended()
        for track_id in ended:
            self.counter.end(track_id)
        crossings, stays = self.counter.drain()
        return PipelineEvents(tuple(crossings), tuple(stays), tuple(sightings), tuple(ended))

    def _in_view(self, track: Track, time_s: float) -> bool:
        if track.state is TrackState.LOST:
            return time_s - track.last.stream_time_s <= self._rules.tracking.predict_s
        return track.state is TrackState.CONFIRMED
