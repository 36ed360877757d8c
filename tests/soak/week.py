"""The week: cameras, days, nights, an upstream that fails, and what has come of it each evening."""

import gc
import time
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from dongsun.contract.business_day import BusinessCalendar
from dongsun.contract.clock import ManualClock
from dongsun.contract.observations import Window
from dongsun.contract.store import StoreConfig, load_store
from dongsun.eval.fast_replay import ReplayRules, replay_detections
from dongsun.serve_edge.forward.forwarder import Forwarder
from dongsun.serve_edge.forward.window_event import window_message
from dongsun.serve_edge.ledger.batch import LedgerBatch
from dongsun.serve_edge.ledger.ledger import Ledger
from dongsun.serve_edge.ledger.ledger_writer import LedgerWriter
from dongsun.serve_edge.pipeline.floor_heat import FloorHeat, MeasuredCamera
from dongsun.serve_edge.pipeline.gallery import Gallery
from dongsun.serve_edge.pipeline.gallery_policy import GalleryPolicy
from dongsun.serve_edge.station.camera_worker import CameraWorker, WorkerParts
from dongsun.serve_edge.station.day_keeper import DayKeeper, meaningless_ids
from dongsun.serve_edge.station.station_settings import RetentionSettings
from dongsun.twin.crowd.arrivals import arrival_count
from dongsun.twin.fast.boxes import camera_boxes
from dongsun.twin.fast.detector_noise import DetectorNoise
from dongsun.twin.fast.fast_crowd import fast_simulate
from dongsun.twin.fast.looks import ModelledLooks
from dongsun.twin.plan.twin_plan import twin_plan
from dongsun.twin.run_fast import at_rate
from tests.soak.modelled_camera import SIMILARITY, STRONG_SCORE, Day, ModelledCamera
from tests.soak.sizes import container_sizes, resident_mb
from tests.soak.upstream import Upstream

FPS = 4
"""A quarter second is exact in binary, so that stream times of any day compare as those of a recording do."""
KOREA = timedelta(hours=9)
RETENTION = RetentionSettings(events_days=2, windows_days=3, sent_days=1)


@dataclass(frozen=True)
class SoakPlan:
    """What is soaked.

    Attributes:
        store: A store file with a twin.
        days: How many.
        open_h: Hours of traffic a day.
        opens: Local time of day.
        business_day_starts: Local time of day; None takes the store's.
        per_hour: People who come; None takes the twin's.
        retention: Short, so that a week shows it.
        night_step_s: The closed shop is looked at so often.
    """

    store: Path
    days: int = 7
    open_h: float = 12.0
    opens: str = "10:00"
    business_day_starts: str | None = None
    per_hour: float | None = None
    retention: RetentionSettings = RETENTION
    night_step_s: float = 60.0


@dataclass(frozen=True)
class Evening:
    """A day's end.

    Attributes:
        people: Who truly came.
        counted: Crossings in the ledger.
        offline: Crossings that the same detections give as a recording.
        in_windows: Crossings by the windows' sums.
        visitors: Unique ones, by the ledger.
        windows: Of the day.
        waiting: Messages in the outbox.
        resident_mb: Of the whole process.
        database_mb: With its journal.
        containers: See `container_sizes`, while the shop is full.
        forgotten: The day before's gallery has left the memory.
        wall_s: Real time that the day took.
    """

    people: int
    counted: dict[tuple[str, str], int]
    offline: dict[tuple[str, str], int]
    in_windows: dict[tuple[str, str], int]
    visitors: int
    windows: int
    waiting: int
    resident_mb: float
    database_mb: float
    containers: dict[str, int]
    forgotten: bool
    wall_s: float


class Week:
    """A station of modelled cameras around the real parts: workers, day keeper, writer, ledger, forwarder.

    Args:
        plan: What is soaked.
        folder: For the database.
    """

    def __init__(self, plan: SoakPlan, folder: Path) -> None:
        self.plan, self._folder = plan, folder
        store = load_store(plan.store)
        if plan.business_day_starts:
            store = store.model_copy(update={"business_day_starts": plan.business_day_starts})
        self.store: StoreConfig = store
        self._twin = at_rate(twin_plan(store, plan.store), FPS)
        if plan.per_hour:
            visitors = self._twin.visitors.model_copy(update={"per_hour": plan.per_hour})
            self._twin = self._twin.model_copy(update={"visitors": visitors})
        hours, minutes = (int(part) for part in plan.opens.split(":"))
        self._first_utc = datetime(2026, 11, 16, hours, minutes, tzinfo=UTC) - KOREA
        self.clock = ManualClock(self._first_utc)
        outages = ((2, 2.6), (3.1, 4.4), (5, 5.02))
        self.upstream = Upstream(
            self.clock, tuple((self._at(begin), self._at(end)) for begin, end in outages if end < plan.days)
        )
        calendar = BusinessCalendar.of(store)
        self.ledger = Ledger(folder / "ledger.db", calendar)
        self.writer = LedgerWriter(self.ledger, folder, self.clock, ballast_bytes=0)
        self.heat = FloorHeat({})
        self.days = DayKeeper(self.ledger, self.writer, self.heat, _new_gallery, self.clock.now_utc())
        self.cameras = [ModelledCamera(name, number) for number, name in enumerate(store.cameras)]
        self.workers = [self._new_worker(camera, calendar) for camera in self.cameras]
        self.forwarder = Forwarder(self.ledger, self.upstream, self.clock, poll_s=15.0)
        self.messages = 0
        self._kept_at_s = self._send_at_s = 0.0

    def run(self) -> Iterator[Evening]:
        """Day after day; each is judged before the night's retention takes its events."""
        for number in range(self.plan.days):
            began = time.monotonic()
            yesterday = weakref.ref(self.days.gallery)
            seen, people = self._seen(number)
            frames = next(iter(seen.values())).detections.frames
            for frame in range(frames):
                self._film(frame, seen)
                if frame == frames * 3 // 4:
                    full = container_sizes(*self.workers, self.days, self.writer, self.forwarder, self.heat)
            offline = self._offline(seen)
            for camera in self.cameras:
                camera.close()
            seen.clear()
            day = str(self.days.day)
            self._sleep(self._at(number + 1))
            gc.collect()
            yield Evening(
                people=people,
                counted=self._counted(day),
                offline=offline,
                in_windows=self._in_windows(day),
                visitors=self.ledger.rows("SELECT unique_visitors FROM days WHERE business_day = ?", (day,))[0][0],
                windows=self.ledger.rows("SELECT count(*) FROM windows WHERE business_day = ?", (day,))[0][0],
                waiting=self.ledger.pending_count(),
                resident_mb=resident_mb(),
                database_mb=sum(path.stat().st_size for path in self._folder.glob("ledger.db*")) / 1e6,
                containers=full,
                forgotten=yesterday() is None,
                wall_s=time.monotonic() - began,
            )

    def _at(self, day: float) -> datetime:
        return self._first_utc + timedelta(days=day)

    def _seen(self, number: int) -> tuple[dict[str, Day], int]:
        hours, seed, duration_s = self.plan.open_h, 100 + number, self.plan.open_h * 3600
        people = arrival_count(self._twin, seed=seed, duration_s=duration_s, starts_at=self.plan.opens)
        ids = tuple(range(1 + 1000 * number, 1 + 1000 * number + people))
        crowd = fast_simulate(self._twin, ids, seed=seed, duration_s=hours * 3600, starts_at=self.plan.opens)
        looks, noise, seen = ModelledLooks(seed), DetectorNoise(), {}
        for place, camera in enumerate(self.cameras):
            boxes = camera_boxes(self._twin, crowd, camera.camera_id)
            seen[camera.camera_id] = Day(noise.detect(boxes, seed=seed * 10 + place), looks)
            camera.begin(seen[camera.camera_id])
        return seen, people

    def _film(self, frame: int, seen: dict[str, Day]) -> None:
        for camera, worker in zip(self.cameras, self.workers, strict=True):
            camera.film(frame, self.clock.monotonic_s(), self.clock.now_utc())
            worker.step()
        self.clock.advance(1 / FPS)
        self._look_after()

    def _sleep(self, until_utc: datetime) -> None:
        while (now_utc := self.clock.now_utc()) < until_utc:
            from_s = self.clock.monotonic_s()
            self.clock.advance(min(self.plan.night_step_s, (until_utc - now_utc).total_seconds()))
            for camera, worker in zip(self.cameras, self.workers, strict=True):
                camera.sleep(from_s, self.clock.monotonic_s(), self.clock.now_utc())
                worker.step()
            self._look_after()

    def _look_after(self) -> None:
        """As `Station.watch` and the forwarder's thread do."""
        now_s = self.clock.monotonic_s()
        if self.days.turn(self.clock.now_utc()):
            for worker in self.workers:
                worker.renew(self.days.gallery)
        if now_s - self._kept_at_s >= 60.0:
            self._kept_at_s = now_s
            self.days.keep_house(self.clock.now_utc(), self.plan.retention)
        while self._send_at_s <= now_s:
            self._send_at_s += self.forwarder._step()

    def _write(self, batch: LedgerBatch, windows: tuple[Window, ...]) -> None:
        messages = tuple(window_message(window, "soak") for window in windows)
        self.messages += len(messages)
        self.writer.write(replace(batch, messages=messages))

    def _new_worker(self, camera: ModelledCamera, calendar: BusinessCalendar) -> CameraWorker:
        parts = WorkerParts(self.store.id, camera, calendar, self.clock, self._write)  # type: ignore[arg-type]
        config = self.store.cameras[camera.camera_id]
        return CameraWorker(config, camera, parts, self.days.gallery, None, self._measured)  # type: ignore[arg-type]

    def _measured(self, camera_id: str, camera: MeasuredCamera) -> FloorHeat:
        self.heat.register(camera_id, camera)
        return self.heat

    def _offline(self, seen: dict[str, Day]) -> dict[tuple[str, str], int]:
        found: dict[tuple[str, str], int] = {}
        for number, (camera_id, day) in enumerate(seen.items()):
            rules = ReplayRules(STRONG_SCORE, SIMILARITY, day.looks, number)
            replay = replay_detections(day.detections, self.store.cameras[camera_id], rules)
            for counted in replay.crossings:
                key = counted.line_id, counted.crossing.direction
                found[key] = found.get(key, 0) + 1
        return found

    def _counted(self, day: str) -> dict[tuple[str, str], int]:
        rows = self.ledger.rows(
            "SELECT line_id, direction, count(*) FROM crossings WHERE business_day = ? GROUP BY 1, 2", (day,)
        )
        return {(line, direction): count for line, direction, count in rows}

    def _in_windows(self, day: str) -> dict[tuple[str, str], int]:
        found: dict[tuple[str, str], int] = {}
        for (body,) in self.ledger.rows("SELECT body FROM windows WHERE business_day = ?", (day,)):
            window = Window.model_validate_json(body)
            for direction, counts in (("in", window.crossings_in), ("out", window.crossings_out)):
                for line, count in counts.items():
                    if count:
                        found[line, direction] = found.get((line, direction), 0) + count
        return found


def _new_gallery() -> Gallery:
    return Gallery(SIMILARITY, GalleryPolicy(), meaningless_ids())
