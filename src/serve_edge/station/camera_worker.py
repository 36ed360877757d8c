"""One camera's thread: pictures from its feed, through gate, detector and pipeline, to the ledger."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from dongsun.contract.business_day import BusinessCalendar
from dongsun.contract.clock import Clock, iso_utc
from dongsun.contract.observations import Crossing, Window, ZoneVisit
from dongsun.contract.store import CameraConfig
from dongsun.serve_edge.inference.gated_detector import GatedDetector
from dongsun.serve_edge.inference.models import Models
from dongsun.serve_edge.ledger.batch import LedgerBatch
from dongsun.serve_edge.pipeline.camera_pipeline import CameraPipeline, PipelineEvents, PipelineRules
from dongsun.serve_edge.pipeline.floor_heat import FloorHeat, MeasuredCamera
from dongsun.serve_edge.pipeline.gallery import Gallery
from dongsun.serve_edge.pipeline.looks import FrameSize
from dongsun.serve_edge.pipeline.motion_gate import MotionGate
from dongsun.serve_edge.pipeline.staff_zones import note_staff_zones
from dongsun.serve_edge.pipeline.windows import WINDOW_S, WindowFigures
from dongsun.serve_edge.results.observations import Observer
from dongsun.serve_edge.station.dark_windows import DarkWindows, window_start
from dongsun.serve_edge.station.health import CameraHealth
from dongsun.serve_edge.station.late_names import LateNames
from dongsun.serve_edge.station.latencies import Latencies
from dongsun.serve_edge.stream.camera_feed import CameraFeed
from dongsun.serve_edge.stream.captured_frame import CapturedFrame, Gap

_LOG = logging.getLogger(__name__)
_TAKE_S = 0.5
_LATE_S = 5.0
"""A track's identity, and so its crossing, may be settled this much after its sightings: windows close that late."""
_CLOCK_JUMP_S = 2.0
"""The wall clock against the monotonic one: more is a jump, less is what NTP slews in a day."""


@dataclass(frozen=True)
class WorkerParts:
    """What all cameras of a station share.

    Attributes:
        store_id: Of the store file.
        models: The bundle's, loaded once.
        calendar: Of the store.
        clock: The station's.
        write: Takes what is to be kept.
    """

    store_id: str
    models: Models
    calendar: BusinessCalendar
    clock: Clock
    write: Callable[[LedgerBatch, tuple[Window, ...]], None]


class CameraWorker:
    """Counts one live camera until it is stopped.

    Args:
        camera: Lines, zones, lens and floor points.
        feed: Its pictures.
        parts: What it shares.
        gallery: The business day's visitors.
        gate: Spares the detector still pictures; None looks at every picture.
        measure: Told the picture's size once it's known; gives the floor's heat, if the camera has floor points.
        newest_window: When the camera's newest window began; None if it has none.
    """

    def __init__(
        self,
        camera: CameraConfig,
        feed: CameraFeed,
        parts: WorkerParts,
        gallery: Gallery,
        gate: MotionGate | None,
        measure: Callable[[str, MeasuredCamera], FloorHeat] | None = None,
        newest_window: datetime | None = None,
    ) -> None:
        self._camera, self._feed, self._parts = camera, feed, parts
        self._gallery, self._measure = gallery, measure
        self._detector = GatedDetector(parts.models.detector, gate)
        self._heat: FloorHeat | None = None
        self._pipeline: CameraPipeline | None = None
        self._observer: Observer | None = None
        self._size: FrameSize | None = None
        self._started_at_utc: datetime | None = None
        self._feet_at_s: dict[int, float] = {}
        self._late_names = LateNames()
        self._dark = DarkWindows(camera)
        self._newest_window = newest_window
        self._latencies = Latencies()
        self._stop = threading.Event()
        self._renewal: Gallery | None = None
        self._last_frame_at_s: float | None = None
        self.clock_jumps = 0
        self._gap_s = 0.0
        self.heartbeat_s = parts.clock.monotonic_s()
        self.failure: BaseException | None = None
        self._thread = threading.Thread(target=self._guarded, name=f"count-{feed.camera_id}", daemon=True)

    @property
    def camera_id(self) -> str:
        """Of the store file."""
        return self._feed.camera_id

    @property
    def alive(self) -> bool:
        """Whether its thread runs."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begins to count; the feed must be started by its owner."""
        self._thread.start()

    def stop(self, timeout_s: float) -> bool:
        """Ends after the picture under way, and writes what is open; whether it ended in time."""
        self._stop.set()
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def renew(self, gallery: Gallery) -> None:
        """A new business day: tracks end, and visitors begin anew in `gallery`."""
        self._renewal = gallery

    def health(self) -> CameraHealth:
        """How it goes."""
        pipeline, last_s = self._pipeline, self._last_frame_at_s
        return CameraHealth(
            camera_id=self.camera_id,
            state=self._feed.state,
            last_error=self._feed.last_error,
            counters=self._feed.counters(),
            last_frame_age_s=None if last_s is None else self._parts.clock.monotonic_s() - last_s,
            analysed=self._detector.looked,
            gated=self._detector.spared,
            occupancy=0 if pipeline is None else pipeline.occupancy,
            latency_p50_s=self._latencies.percentile(50),
            latency_p95_s=self._latencies.percentile(95),
            gap_s=self._gap_s,
        )

    def _guarded(self) -> None:
        """The supervisor's only net: whatever breaks here is written down, and the worker is started anew."""
        try:
            self._run()
        except Exception as error:  # noqa: BLE001 - the one net
            self.failure = error
            _LOG.exception("camera %s: counting broke", self.camera_id)

    def _run(self) -> None:
        while not self._stop.is_set():
            self.step()
        self._end_pipeline()

    def step(self) -> None:
        """Takes what the feed has next and counts it; its thread does so over and over."""
        self.heartbeat_s = self._parts.clock.monotonic_s()
        item = self._feed.take(_TAKE_S)
        if self._renewal is not None:
            self._end_pipeline()  # what it still counts are visitors of the day that is over
            self._gallery, self._renewal = self._renewal, None
        if isinstance(item, Gap):
            self._skip(item)
        elif item is not None:
            self._count(item)

    def _skip(self, gap: Gap) -> None:
        self._gap_s += gap.to_s - gap.from_s
        self._detector.forget()
        if self._pipeline is not None and self._clock_jumped(gap.until_utc - timedelta(seconds=gap.to_s)):
            self._end_pipeline()
        if self._pipeline is not None:
            self._keep(self._pipeline, self._pipeline.gap(gap.to_s))
            self._close_windows(gap.to_s)
            return
        if self._dark.from_utc is None:
            self._dark.begin(gap.until_utc - timedelta(seconds=gap.to_s - gap.from_s))
        self._say_dark(gap.until_utc)

    def _count(self, frame: CapturedFrame) -> None:
        pipeline = self._pipeline_for(frame)
        time_s = frame.stream_time_s
        found = self._detector.detect(frame.picture, time_s)
        persons = found.keep(found.class_ids == self._parts.models.manifest.detector.person_class)
        wanted = pipeline.follow(persons, frame.index, time_s)
        if wanted:  # a picture that nobody looks into isn't even converted
            for track, embedding in self._parts.models.looks(frame.picture_bgr, wanted):
                pipeline.look(track, embedding, time_s)
        self._keep(pipeline, pipeline.settle(time_s))
        self._close_windows(time_s)
        self._last_frame_at_s = self._parts.clock.monotonic_s()
        self._latencies.add((self._parts.clock.now_utc() - frame.captured_at_utc).total_seconds())

    def _pipeline_for(self, frame: CapturedFrame) -> CameraPipeline:
        size = FrameSize(frame.picture.width_px, frame.picture.height_px)
        anchored = frame.captured_at_utc - timedelta(seconds=frame.stream_time_s)
        if self._pipeline is not None and (self._clock_jumped(anchored) or size != self._size):
            self._end_pipeline()
        if self._pipeline is None:
            self._say_dark(frame.captured_at_utc)
            self._dark.end()
            self._begin_pipeline(size, anchored)
        assert self._pipeline is not None
        return self._pipeline

    def _clock_jumped(self, anchored: datetime) -> bool:
        """Whether stream time's zero has another date than the pipeline began with."""
        assert self._started_at_utc is not None
        jumped_s = abs((anchored - self._started_at_utc).total_seconds())
        if jumped_s <= _CLOCK_JUMP_S:
            return False
        self.clock_jumps += 1
        _LOG.warning("the wall clock jumped by %.1f s: windows begin anew", jumped_s)
        return True

    def _begin_pipeline(self, size: FrameSize, started_at_utc: datetime) -> None:
        models = self._parts.models
        rules = PipelineRules.of(models.manifest.detector, models.similarity_threshold, started_at_utc)
        self._pipeline = CameraPipeline(self._camera, size, rules, self._gallery, self.camera_id)
        version = models.manifest.version
        self._observer = Observer(self._parts.store_id, self.camera_id, version, started_at_utc)
        self._size, self._started_at_utc = size, started_at_utc
        self._feet_at_s.clear()
        measured = MeasuredCamera.of(self._camera, size)
        self._heat = self._measure(self.camera_id, measured) if self._measure and measured else None

    def _end_pipeline(self) -> None:
        pipeline, self._pipeline = self._pipeline, None
        if pipeline is None or not pipeline.frames:
            return
        self._keep(pipeline, pipeline.finish(0.0))
        assert self._started_at_utc is not None
        self._write_windows(pipeline, pipeline.closed_windows(pipeline.last_s + WINDOW_S))
        last_utc = self._started_at_utc + timedelta(seconds=pipeline.last_s)
        self._dark.begin(window_start(last_utc) + timedelta(seconds=WINDOW_S))

    def _keep(self, pipeline: CameraPipeline, events: PipelineEvents) -> None:
        self._warm(events)
        assert self._observer is not None
        staff = self._gallery.staff
        note_staff_zones(pipeline, events, staff)
        crossings: list[Crossing] = []
        for c in events.crossings:
            visitor_id = pipeline.people.visitor_of(c.crossing.track_id, c.crossing.stream_time_s)
            crossings.append(self._observer.crossing(c, visitor_id, staff=staff.is_staff(visitor_id)))
            if visitor_id is None:
                self._late_names.note(crossings[-1].idempotency_key, c.crossing.track_id, c.crossing.stream_time_s)
        visits: list[ZoneVisit] = []
        for s in events.stays:
            visitor_id = pipeline.people.visitor_of(s.stay.track_id, s.stay.enter_s)
            visits.append(self._observer.visit(s, visitor_id, staff=staff.is_staff(visitor_id)))
            if visitor_id is None:
                self._late_names.note(visits[-1].idempotency_key, s.stay.track_id, s.stay.enter_s)
        news, named = staff.take_news(), self._late_names.resolve(pipeline.people, events.ended, staff)
        if crossings or visits or news or named:
            day = self._parts.calendar.day_of(self._observer.started_at_utc + timedelta(seconds=pipeline.last_s))
            batch = LedgerBatch(tuple(crossings), tuple(visits), named=named, staff_visitors=news, staff_day=str(day))
            self._parts.write(batch, ())
        for track_id in events.ended:
            pipeline.people.forget(track_id)
            self._feet_at_s.pop(track_id, None)

    def _warm(self, events: PipelineEvents) -> None:
        if self._heat is None or self._started_at_utc is None:
            return
        for item in events.sightings:
            at_s = item.sighting.stream_time_s
            before_s = self._feet_at_s.get(item.track_id, at_s)
            self._feet_at_s[item.track_id] = at_s
            hour = self._parts.calendar.hour_of(self._started_at_utc + timedelta(seconds=at_s))
            self._heat.add(self.camera_id, item.sighting.anchor_px("foot"), at_s - before_s, hour)
        if len(self._feet_at_s) > 500:
            newest = sorted(self._feet_at_s, key=lambda track: self._feet_at_s[track])[-200:]
            self._feet_at_s = {track: self._feet_at_s[track] for track in newest}

    def _close_windows(self, time_s: float) -> None:
        assert self._pipeline is not None
        self._write_windows(self._pipeline, self._pipeline.closed_windows(time_s - _LATE_S))

    def _write_windows(self, pipeline: CameraPipeline, figures: list[WindowFigures]) -> None:
        assert self._observer is not None and self._started_at_utc is not None
        self._write(self._observer, figures, self._started_at_utc + timedelta(seconds=pipeline.first_s))

    def _say_dark(self, until_utc: datetime) -> None:
        begun = self._dark.from_utc
        if begun is not None:
            observer = Observer(self._parts.store_id, self.camera_id, self._parts.models.manifest.version, begun)
            self._write(observer, self._dark.until(until_utc), begun)

    def _write(self, observer: Observer, figures: list[WindowFigures], begun: datetime) -> None:
        """Writes windows. Each is kept once by its key, so what the same quarter minute had before needs another one.

        That is the first window of a run, a part of one; and all of a time that comes twice: the clock was set back.
        """
        if not figures:
            return
        windows = []
        for window in (observer.window(each) for each in figures):
            again = self._newest_window is not None and window.starts_at_utc <= self._newest_window
            if window.starts_at_utc < begun or again:
                window = window.model_copy(
                    update={"idempotency_key": f"{window.idempotency_key}/from/{iso_utc(begun)}"}
                )
            windows.append(window)
        newest = max(window.starts_at_utc for window in windows)
        self._newest_window = newest if self._newest_window is None else max(newest, self._newest_window)
        self._parts.write(LedgerBatch(windows=tuple(windows)), tuple(windows))


def without_failure(health: CameraHealth, error: str) -> CameraHealth:
    """The health of a worker that broke, with what broke it."""
    return replace(health, last_error=error)
