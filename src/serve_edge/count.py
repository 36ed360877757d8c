"""Counting the people of a recorded video with a bundle: what a station runs, and what evaluation replays."""

import time
from pathlib import Path

from tqdm import tqdm

from dongsun.contract.durable import atomic_directory, write_json
from dongsun.contract.errors import DongsunError
from dongsun.contract.observations import Crossing, Window, ZoneVisit
from dongsun.serve_edge.annotation.annotator import Annotator
from dongsun.serve_edge.inference.gated_detector import GatedDetector
from dongsun.serve_edge.inference.models import Models, load_models
from dongsun.serve_edge.pipeline.camera_pipeline import CameraPipeline, PipelineEvents, PipelineRules
from dongsun.serve_edge.pipeline.constants import TrackingConstants
from dongsun.serve_edge.pipeline.counter import CountedCrossing, CountedStay
from dongsun.serve_edge.pipeline.gallery import Gallery
from dongsun.serve_edge.pipeline.looks import FrameSize
from dongsun.serve_edge.pipeline.motion_gate import MotionGate
from dongsun.serve_edge.pipeline.people import IdentifiedSighting
from dongsun.serve_edge.pipeline.staff_register import StaffRegister
from dongsun.serve_edge.pipeline.staff_zones import note_staff_zones
from dongsun.serve_edge.privacy.faces import FaceFinder
from dongsun.serve_edge.privacy.guard import PrivacyGuard
from dongsun.serve_edge.results.observations import Observer
from dongsun.serve_edge.results.stopwatch import Stopwatch
from dongsun.serve_edge.results.summary import CountSummary, LineTotal
from dongsun.serve_edge.results.tables import write_observations, write_tracks
from dongsun.serve_edge.settings import CountSettings
from dongsun.serve_edge.station.staff_settings import staff_rules
from dongsun.serve_edge.stream.frame import Frame
from dongsun.serve_edge.stream.picture import Converter, Picture
from dongsun.serve_edge.stream.video_file import VideoFile

STAGES = ("decode", "detect", "track", "embed", "count", "annotate")


class CountRun:
    """One run over one video: the state between frames.

    Args:
        settings: What is asked.
        models: The loaded bundle.
        size: Of the pictures.
        annotator: Draws and writes the annotated video, if wanted.
    """

    def __init__(self, settings: CountSettings, models: Models, size: FrameSize, annotator: Annotator | None) -> None:
        spec = models.manifest.detector
        self._models = models
        self._annotator = annotator
        self._person_class = spec.person_class
        self._converter = Converter()
        self.detector = GatedDetector(models.detector, MotionGate() if settings.motion_gate else None)
        rules = PipelineRules.of(spec, models.similarity_threshold, settings.started_at_utc)
        self.staff = StaffRegister(staff_rules(settings.store, settings.store_file, models))
        gallery = Gallery(models.similarity_threshold, rules.gallery, staff=self.staff)
        self.pipeline = CameraPipeline(settings.store.camera(settings.camera_id), size, rules, gallery)
        self.crossings: list[CountedCrossing] = []
        self.stays: list[CountedStay] = []
        self.sightings: list[IdentifiedSighting] = []
        self.watch = Stopwatch(STAGES if annotator else STAGES[:-1])

    def take(self, frame: Frame) -> None:
        """Takes the next frame through the whole pipeline."""
        pipeline, time_s = self.pipeline, frame.stream_time_s
        self.watch.add("decode", frame.decode_s)
        with self.watch.stage("detect"):
            found = self.detector.detect(Picture(frame.picture_bgr, self._converter), time_s)
            persons = found.keep(found.class_ids == self._person_class)
        with self.watch.stage("track"):
            wanted = pipeline.follow(persons, frame.index, time_s)
        with self.watch.stage("embed"):
            for track, embedding in self._models.looks(frame.picture_bgr, wanted):
                pipeline.look(track, embedding, time_s)
        with self.watch.stage("count"):
            self._keep(pipeline.settle(time_s))
        if self._annotator:
            with self.watch.stage("annotate"):
                self._annotator.write(frame, found, pipeline.people, pipeline.counter)

    def finish(self, frame_duration_s: float) -> None:
        """Ends the source."""
        self._keep(self.pipeline.finish(frame_duration_s))

    def _keep(self, events: PipelineEvents) -> None:
        note_staff_zones(self.pipeline, events, self.staff)
        self.crossings += events.crossings
        self.stays += events.stays
        self.sightings += events.sightings


def run_count(settings: CountSettings) -> CountSummary:
    """Counts the people of a recorded video; `dongsun-edge count`.

    Writes `crossings.csv`, `visits.csv`, `windows.csv`, `tracks.csv`, `summary.json` and, if asked, `annotated.mp4`
    into `settings.out`, which appears whole at the end or stays as it was.

    Raises:
        DongsunError: Bundle, store, camera or video are not as they should be, or what is asked can't be had together.
    """
    started = time.perf_counter()
    _refuse_unseen_pictures(settings)
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
        if run.pipeline.frames == 0:
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
    counter, visitor_of = run.pipeline.counter, run.pipeline.people.visitor_of
    crossings, visits = [], []
    # By now it's known of everybody; a station flags what it kept earlier likewise.
    for c in run.crossings:
        visitor_id = visitor_of(c.crossing.track_id, c.crossing.stream_time_s)
        crossings.append(observer.crossing(c, visitor_id, staff=run.staff.is_staff(visitor_id)))
    for s in run.stays:
        visitor_id = visitor_of(s.stay.track_id, s.stay.enter_s)
        visits.append(observer.visit(s, visitor_id, staff=run.staff.is_staff(visitor_id)))
    crossings.sort(key=lambda c: (c.stream_time_s, c.line_id, c.track_id))
    visits.sort(key=lambda v: (v.enter_s, v.zone_id, v.track_id))
    write_observations(folder / "crossings.csv", Crossing, crossings)
    write_observations(folder / "visits.csv", ZoneVisit, visits)
    write_observations(folder / "windows.csv", Window, [observer.window(w) for w in counter.windows()])
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
        frames=run.pipeline.frames,
        duration_s=round(run.pipeline.duration_s, 3),
        repaired_timestamps=video.repaired_timestamps,
        lines={
            n: LineTotal(counter.total(n, "in"), counter.total(n, "out"), counter.walked_round(n)) for n in camera.lines
        },
        unique_visitors=run.pipeline.people.visitors - len(run.staff.known),
        visitors_identified=models.embedder is not None,
        tracks=len({item.track_id for item in run.sightings}),
        zone_visits={zone: sum(v.zone_id == zone for v in visits) for zone in camera.zones},
        seconds=round(seconds, 3),
        frames_per_second=round(run.pipeline.frames / seconds, 2),
        stages=run.watch.times(),
        unidentified=run.pipeline.people.unidentified,
        unique_staff=len(run.staff.known),
        spared=run.detector.spared,
    )
    write_json(folder / "summary.json", summary.as_json())
    return summary


def _refuse_unseen_pictures(settings: CountSettings) -> None:
    if settings.annotate and settings.motion_gate:
        raise DongsunError(
            expected="every picture of the annotated video looked at, so that nobody in it stays recognisable",
            got="the motion gate, which spares the detector still pictures",
            where="--annotate with --motion-gate",
            mend="give one of the two",
        )


def _expected_frames(settings: CountSettings, video: VideoFile) -> int | None:
    ends = [end for end in (settings.end_frame, video.stated_frames) if end is not None]
    return max(min(ends) - settings.first_frame, 0) if ends else None
