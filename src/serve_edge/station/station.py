"""The station, put together from its settings and kept running."""

import logging
import os
from dataclasses import replace

from dongsun.contract.business_day import BusinessCalendar
from dongsun.contract.clock import Clock
from dongsun.contract.observations import Window
from dongsun.contract.store import load_store
from dongsun.serve_edge.forward.forwarder import Forwarder
from dongsun.serve_edge.forward.kafka_sender import KafkaSender
from dongsun.serve_edge.forward.mqtt_sender import MqttSender
from dongsun.serve_edge.forward.sender import Sender
from dongsun.serve_edge.forward.window_event import window_message
from dongsun.serve_edge.inference.models import Models, load_models
from dongsun.serve_edge.ledger.batch import LedgerBatch
from dongsun.serve_edge.ledger.ledger_errors import LedgerWriteError
from dongsun.serve_edge.ledger.ledger_writer import LedgerWriter
from dongsun.serve_edge.pipeline.constants import TrackingConstants
from dongsun.serve_edge.pipeline.floor_heat import FloorHeat, MeasuredCamera
from dongsun.serve_edge.pipeline.gallery import Gallery
from dongsun.serve_edge.pipeline.gallery_policy import GalleryPolicy
from dongsun.serve_edge.pipeline.motion_gate import MotionGate
from dongsun.serve_edge.pipeline.staff_register import StaffRegister
from dongsun.serve_edge.station.camera_address import camera_address
from dongsun.serve_edge.station.camera_worker import CameraWorker, WorkerParts
from dongsun.serve_edge.station.day_keeper import DayKeeper, meaningless_ids
from dongsun.serve_edge.station.health import StationHealth
from dongsun.serve_edge.station.health_event import health_message
from dongsun.serve_edge.station.open_ledger import open_ledger
from dongsun.serve_edge.station.recovery import newest_windows, recovered_windows
from dongsun.serve_edge.station.restart_budget import RestartBudget
from dongsun.serve_edge.station.staff_settings import staff_rules
from dongsun.serve_edge.station.station_settings import MqttUpstream, StationSettings
from dongsun.serve_edge.stream.camera_feed import CameraFeed
from dongsun.serve_edge.stream.feed_settings import FeedSettings

_LOG = logging.getLogger(__name__)
_RESTARTS, _WITHIN_S = 5, 600.0
_HUNG_S = 60.0
"""A worker that hasn't looked up for so long hangs; a picture takes a tenth of a second."""
_KEEP_HOUSE_S = 60.0
_SALVAGE_S = 0.2
"""Of each second, while a damaged ledger is copied from: counting has the rest."""


class StationBrokenError(Exception):
    """A part broke more often than it may: the whole process must begin anew."""


class Station:
    """Counts every camera of a store until it's stopped.

    Args:
        settings: Of `station.yaml`.
        clock: The machine's, or a simulated one.

    Raises:
        DongsunError: Store, bundle, ledger, a secret or a camera's address isn't as it should be.
    """

    def __init__(self, settings: StationSettings, clock: Clock) -> None:
        self.settings, self._clock = settings, clock
        self._store = load_store(settings.store)
        self._calendar = BusinessCalendar.of(self._store)
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        self.ledger = open_ledger(settings, self._store, mends=True)
        self._writer = LedgerWriter(self.ledger, settings.data_dir, clock)
        self._models = _loaded(settings)
        self._staff = staff_rules(self._store, settings.store, self._models)
        self._forwarder = self._new_forwarder()
        self._heat = FloorHeat({})
        self._zero_s = clock.monotonic_s()
        self._started_at_utc = clock.now_utc()
        self._day = DayKeeper(self.ledger, self._writer, self._heat, self._new_gallery, self._started_at_utc)
        self._addresses = {name: camera_address(settings, self._store, name) for name in self._store.cameras}
        self._feeds = {name: self._new_feed(name) for name in self._store.cameras}
        self._workers = {name: self._new_worker(name) for name in self._store.cameras}
        self._budget = RestartBudget(_RESTARTS, _WITHIN_S, clock)
        self._restarts = 0
        self._started = False
        self._kept_house_at_s = self._told_health_at_s = self._zero_s

    def start(self) -> None:
        """Begins to read, count and send; what a killed run had left open is closed first."""
        self._recover()
        for feed in self._feeds.values():
            feed.start()
        for worker in self._workers.values():
            worker.start()
        if self._forwarder is not None:
            self._forwarder.start()
        self._started = True

    def watch(self) -> None:
        """One look at everything; to be called every second.

        Raises:
            StationBrokenError: A camera's worker broke or hung more often than it may.
        """
        for name, worker in self._workers.items():
            hung = self._clock.monotonic_s() - worker.heartbeat_s > _HUNG_S
            if worker.alive and not hung:
                continue
            if not self._budget.spend():
                raise StationBrokenError(f"camera {name}: {worker.failure or 'its thread hangs'}") from worker.failure
            _LOG.error("camera %s: its worker is started anew (%s)", name, worker.failure or "it hung")
            self._restarts += 1
            worker.stop(0.0)  # one that hangs must not go on beside its successor
            if not worker.alive:
                self._recover(name)
            self._workers[name] = self._new_worker(name)
            self._workers[name].start()
        self._salvage()
        now_utc = self._clock.now_utc()
        if self._day.turn(now_utc):
            for worker in self._workers.values():
                worker.renew(self._day.gallery)
        if self._clock.monotonic_s() - self._kept_house_at_s >= _KEEP_HOUSE_S:
            self._kept_house_at_s = self._clock.monotonic_s()
            self._day.keep_house(now_utc, self.settings.retention)
        if self._clock.monotonic_s() - self._told_health_at_s >= self.settings.health_every_s:
            self._told_health_at_s = self._clock.monotonic_s()
            if self._forwarder is not None:
                self._writer.write(LedgerBatch(messages=(health_message(self.health()),)))

    def dead_threads(self) -> tuple[str, ...]:
        """Names of the threads that should live and don't; none should before the start."""
        if not self._started:
            return ()
        return tuple(f"count-{name}" for name, worker in self._workers.items() if not worker.alive)

    def stop(self, timeout_s: float = 5.0) -> bool:
        """Ends cleanly: what is open is written; whether all of it was in time.

        A camera that doesn't answer and a broker that acknowledges nothing hold their threads for longer than that, and
        nothing that is lost with the process.
        """
        until_s = self._clock.monotonic_s() + timeout_s
        if self._forwarder is not None:
            self._forwarder.end_soon()
        for feed in self._feeds.values():
            feed.stop(0.0)
        ended = all([worker.stop(max(0.1, until_s - self._clock.monotonic_s())) for worker in self._workers.values()])
        self._day.keep_house(self._clock.now_utc(), self.settings.retention)
        if self._forwarder is not None and not self._forwarder.stop(max(0.1, until_s - self._clock.monotonic_s())):
            _LOG.warning("nobody acknowledged the last batch in time: it is sent again after the next start")
        if lost := self._writer.health().waiting:
            _LOG.error("%d batches found no room to the last and are lost", lost)
        if ended:
            self.ledger.close()
        return ended

    def health(self) -> StationHealth:
        """How everything goes."""
        return StationHealth(
            store_id=self._store.id,
            station_id=self.settings.station_id,
            bundle_version=self._models.manifest.version,
            started_at_utc=self._started_at_utc,
            now_utc=self._clock.now_utc(),
            uptime_s=self._clock.monotonic_s() - self._zero_s,
            cameras=tuple(worker.health() for worker in self._workers.values()),
            writer=self._writer.health(),
            forwarder=None if self._forwarder is None else self._forwarder.health(),
            waiting=self.ledger.pending_count(),
            restarts=self._restarts,
            clock_jumps=max((worker.clock_jumps for worker in self._workers.values()), default=0),
            drift=self._day.drift,
            ledgers_begun=self.ledger.begun_anew,
            salvaged_rows=self.ledger.salvaged,
        )

    def _salvage(self) -> None:
        try:
            self.ledger.salvage(_SALVAGE_S)
        except LedgerWriteError as error:
            _LOG.warning("copying from the damaged ledger waits: %s", error)

    def _recover(self, camera_id: str | None = None) -> None:
        """Closes the windows that a killed run, or a camera's broken worker, has left open."""
        windows = recovered_windows(self.ledger, self._store, self._clock.now_utc(), camera_id)
        if windows:
            _LOG.warning("%d windows were left open and are closed from the crossings kept", len(windows))
            self._write(LedgerBatch(windows=windows), windows)

    def _write(self, batch: LedgerBatch, windows: tuple[Window, ...]) -> None:
        if self._forwarder is not None and windows:
            settings = self.settings
            messages = tuple(window_message(w, settings.station_id, settings.suppress_below) for w in windows)
            batch = replace(batch, messages=messages)
        self._writer.write(batch)

    def _new_gallery(self) -> Gallery:
        return Gallery(
            self._models.similarity_threshold, GalleryPolicy(), meaningless_ids(), StaffRegister(self._staff)
        )

    def _new_feed(self, name: str) -> CameraFeed:
        streams = self.settings.streams
        feed = FeedSettings(camera_id=name, address=self._addresses[name], **streams.model_dump())
        return CameraFeed(feed, self._clock, self._zero_s)

    def _new_worker(self, name: str) -> CameraWorker:
        gate = self.settings.motion_gate
        parts = WorkerParts(self._store.id, self._models, self._calendar, self._clock, self._write)
        return CameraWorker(
            self._store.cameras[name],
            self._feeds[name],
            parts,
            self._day.gallery,
            MotionGate(gate.changed_share, gate.look_anyway_s) if gate.enabled else None,
            self._measured,
            newest_windows(self.ledger, self._clock.now_utc()).get(name),
        )

    def _measured(self, camera_id: str, camera: MeasuredCamera) -> FloorHeat:
        self._heat.register(camera_id, camera)
        return self._heat

    def _new_forwarder(self) -> Forwarder | None:
        upstream = self.settings.upstream
        if upstream is None:
            return None
        client_id = f"dongsun-{self._store.id}-{self.settings.station_id}"
        sender: Sender = (
            MqttSender(upstream.settings(), self._store.id, client_id)
            if isinstance(upstream, MqttUpstream)
            else KafkaSender(upstream.settings(), self._store.id, client_id)
        )
        return Forwarder(self.ledger, sender, self._clock)


def _loaded(settings: StationSettings) -> Models:
    threads = settings.threads or os.cpu_count() or 1
    return load_models(settings.bundle, settings.precision, threads, TrackingConstants().low_score, requests=threads)
