"""Counting the people of a recorded video with a bundle: what a station runs, and what evaluation replays."""

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from dongsun.contract.bundle import BundleManifest, Precision, read_bundle
from dongsun.contract.detections import Detections
from dongsun.contract.durable import atomic_directory, write_json
from dongsun.contract.errors import DongsunError
from dongsun.contract.nadir import nadir_px
from dongsun.contract.observations import Crossing, Window, ZoneVisit
from dongsun.contract.preprocess import person_crops
from dongsun.serve_edge.annotation.annotator import Annotator
from dongsun.serve_edge.inference.detector import OpenVinoDetector
from dongsun.serve_edge.inference.embedder import OpenVinoEmbedder
from dongsun.serve_edge.pipeline.constants import CountingConstants, TrackingConstants
from dongsun.serve_edge.pipeline.counter import Counter
from dongsun.serve_edge.pipeline.looks import FrameSize
from dongsun.serve_edge.pipeline.people import IdentifiedSighting, People
from dongsun.serve_edge.pipeline.track import Track, TrackState
from dongsun.serve_edge.privacy.faces import FaceFinder
from dongsun.serve_edge.privacy.guard import PrivacyGuard
from dongsun.serve_edge.results.observations import Observer
from dongsun.serve_edge.results.stopwatch import Stopwatch
from dongsun.serve_edge.results.summary import CountSummary, LineTotal
from dongsun.serve_edge.results.tables import write_observations, write_tracks
from dongsun.serve_edge.settings import CountSettings
from dongsun.serve_edge.stream.frame import Frame
from dongsun.serve_edge.stream.video_file import VideoFile

STAGES = ("decode", "detect", "track", "embed", "count", "annotate")


@dataclass(frozen=True)
class Models:
    """The bundle's models at the precisions in use."""

    manifest: BundleManifest
    detector: OpenVinoDetector
    detector_precision: Precision
    embedder: OpenVinoEmbedder | None
    reid_precision: Precision | None

    @property
    def similarity_threshold(self) -> float | None:
        """The bundle's threshold at the precision in use; None without a re-ID model."""
        reid, precision = self.manifest.reid, self.reid_precision
        return None if reid is None or precision is None else reid.thresholds[precision].similarity


def load_models(bundle: Path, precision: Precision | None, threads: int | None, score_floor: float) -> Models:
    """Verifies a bundle and loads its models.

    Args:
        bundle: Directory of the bundle.
        precision: Of both models. The re-ID model falls back on its shipped precision where the bundle has no other;
            by default each model runs at its shipped precision.
        threads: CPU threads; all by default.
        score_floor: Weakest detections wanted.

    Raises:
        DongsunError: The bundle is not whole, or has no detector of that precision.
    """
    manifest = read_bundle(bundle)
    detector_precision = precision or manifest.detector.shipped_precision
    floor = min(score_floor, manifest.detector.score_threshold)
    detector = OpenVinoDetector(manifest.detector, bundle, detector_precision, score_floor=floor, threads=threads)
    reid = manifest.reid
    if reid is None:
        return Models(manifest, detector, detector_precision, None, None)
    asked = precision if precision in reid.files and precision in reid.thresholds else None
    reid_precision = asked or reid.shipped_precision
    embedder = OpenVinoEmbedder(reid, bundle, reid_precision, threads=threads)
    return Models(manifest, detector, detector_precision, embedder, reid_precision)


class CountRun:
    """One run over one video: the state between frames.

    Args:
        settings: What is asked.
        models: The loaded bundle.
        size: Of the pictures.
        annotator: Draws and writes the annotated video, if wanted.
    """

    def __init__(self, settings: CountSettings, models: Models, size: FrameSize, annotator: Annotator | None) -> None:
        camera = settings.store.camera(settings.camera_id)
        self.constants = TrackingConstants()
        self._models = models
        self._annotator = annotator
        spec = models.manifest.detector
        self._person_class = spec.person_class
        below_px = nadir_px(camera, size.width_px, size.height_px)
        self.people = People(spec.score_threshold, models.similarity_threshold, size, self.constants, below_px)
        self.counter = Counter(camera, size, settings.started_at_utc, CountingConstants())
        self.sightings: list[IdentifiedSighting] = []
        self.watch = Stopwatch(STAGES if annotator else STAGES[:-1])
        self.frames = 0
        self.first_s = 0.0
        self._last_s = 0.0
        self._occupancy = 0

    def take(self, frame: Frame) -> None:
        """Takes the next frame through the whole pipeline."""
        self._observed_until(frame.stream_time_s)
        self.watch.add("decode", frame.decode_s)
        with self.watch.stage("detect"):
            found = self._models.detector.detect(frame.picture_bgr)
            persons = found.keep(found.class_ids == self._person_class)
        with self.watch.stage("track"):
            wanted = self.people.follow(persons, frame.index, frame.stream_time_s)
        with self.watch.stage("embed"):
            self._embed(wanted, frame)
        with self.watch.stage("count"):
            self._count(self.people.settle(frame.stream_time_s))
        self._occupancy = sum(self._in_view(track, frame.stream_time_s) for track in self.people.tracks)
        if self._annotator:
            with self.watch.stage("annotate"):
                self._annotator.write(frame, found, self.people, self.counter)
        self.frames += 1

    def finish(self, frame_duration_s: float) -> None:
        """Ends the source."""
        self._observed_until(self._last_s + frame_duration_s)
        self._count(self.people.end_all(self._last_s))

    @property
    def duration_s(self) -> float:
        """Stream time looked at."""
        return self._last_s - self.first_s

    def _observed_until(self, time_s: float) -> None:
        if self.frames:
            self.counter.observed(self._last_s, time_s, self._occupancy)
        else:
            self.first_s = time_s
        self._last_s = time_s

    def _embed(self, wanted: list[Track], frame: Frame) -> None:
        if not wanted or self._models.embedder is None:
            return
        boxes = np.array([track.last.seen_xyxy_px for track in wanted], dtype=np.float32)
        of_interest = Detections(boxes, np.ones(len(wanted), np.float32), np.zeros(len(wanted), np.int64))
        embeddings = self._models.embedder.embed(person_crops(frame.picture_bgr, of_interest))
        for track, embedding in zip(wanted, embeddings, strict=True):
            self.people.look(track, embedding[None], frame.stream_time_s)

    def _count(self, sightings: list[IdentifiedSighting]) -> None:
        self.sightings.extend(sightings)
        self.counter.count(sightings)
        for track_id in self.people.ended():
            self.counter.end(track_id)

    def _in_view(self, track: Track, time_s: float) -> bool:
        if track.state is TrackState.LOST:
            return time_s - track.last.stream_time_s <= self.constants.predict_s
        return track.state is TrackState.CONFIRMED


def run_count(settings: CountSettings) -> CountSummary:
    """Counts the people of a recorded video; `dongsun-edge count`.

    Writes `crossings.csv`, `visits.csv`, `windows.csv`, `tracks.csv`, `summary.json` and, if asked, `annotated.mp4`
    into `settings.out`, which appears whole at the end or stays as it was.

    Raises:
        DongsunError: Bundle, store, camera or video are not as they should be.
    """
    started = time.perf_counter()
    camera = settings.store.camera(settings.camera_id)
    video = VideoFile(settings.source)
    models = load_models(settings.bundle, settings.precision, settings.threads, TrackingConstants().low_score)
    size = FrameSize(video.width_px, video.height_px)
    with atomic_directory(settings.out) as folder:
        annotator = None
        if settings.annotate:
            guard = PrivacyGuard(FaceFinder(settings.face_model), models.manifest.detector)
            annotator = Annotator(folder / "annotated.mp4", size, video.frame_rate_hz, camera, guard)
        run = CountRun(settings, models, size, annotator)
        try:
            frames = video.frames(settings.first_frame, settings.end_frame)
            for frame in tqdm(
                frames,
                total=_expected_frames(settings, video),
                unit="frame",
                desc=f"count {settings.camera_id}",
                disable=None if settings.progress else True,
            ):
                run.take(frame)
        finally:
            if annotator:
                annotator.close()
        if run.frames == 0:
            raise DongsunError(
                expected=f"frames from {settings.first_frame} to {settings.end_frame or 'the end'}",
                got="a video without any of them",
                where=str(settings.source),
                mend="give --frames within the video",
            )
        run.finish(1.0 / video.frame_rate_hz)
        summary = _write(settings, models, video, run, folder, started)
    return summary


def _write(
    settings: CountSettings, models: Models, video: VideoFile, run: CountRun, folder: Path, started: float
) -> CountSummary:
    version = models.manifest.version
    observer = Observer(settings.store.id, settings.camera_id, version, settings.started_at_utc)
    visitor_of = run.people.visitor_of
    crossings = [
        observer.crossing(c, visitor_of(c.crossing.track_id, c.crossing.stream_time_s)) for c in run.counter.crossings
    ]
    visits = [observer.visit(s, visitor_of(s.stay.track_id, s.stay.enter_s)) for s in run.counter.stays]
    crossings.sort(key=lambda c: (c.stream_time_s, c.line_id, c.track_id))
    visits.sort(key=lambda v: (v.enter_s, v.zone_id, v.track_id))
    write_observations(folder / "crossings.csv", Crossing, crossings)
    write_observations(folder / "visits.csv", ZoneVisit, visits)
    write_observations(folder / "windows.csv", Window, [observer.window(w) for w in run.counter.windows()])
    write_tracks(folder / "tracks.csv", run.sightings)
    camera = settings.store.camera(settings.camera_id)
    seconds = time.perf_counter() - started
    summary = CountSummary(
        store_id=settings.store.id,
        camera_id=settings.camera_id,
        bundle_version=version,
        detector_precision=models.detector_precision,
        reid_precision=models.reid_precision,
        source=settings.source.name,
        first_frame=settings.first_frame,
        frames=run.frames,
        duration_s=round(run.duration_s, 3),
        repaired_timestamps=video.repaired_timestamps,
        lines={n: LineTotal(run.counter.total(n, "in"), run.counter.total(n, "out")) for n in camera.lines},
        unique_visitors=run.people.visitors,
        visitors_identified=models.embedder is not None,
        tracks=len({item.track_id for item in run.sightings}),
        zone_visits={zone: sum(v.zone_id == zone for v in visits) for zone in camera.zones},
        seconds=round(seconds, 3),
        frames_per_second=round(run.frames / seconds, 2),
        stages=run.watch.times(),
        unidentified=run.people.unidentified,
    )
    write_json(folder / "summary.json", summary.as_json())
    return summary


def _expected_frames(settings: CountSettings, video: VideoFile) -> int | None:
    ends = [end for end in (settings.end_frame, video.stated_frames) if end is not None]
    return max(min(ends) - settings.first_frame, 0) if ends else None
