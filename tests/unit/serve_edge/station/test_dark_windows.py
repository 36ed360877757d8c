"""Cameras that show nothing, from the start, over a day's change, or for a while: every window is told."""

from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from types import SimpleNamespace

import numpy as np
import pytest

from dongsun.contract.business_day import BusinessCalendar
from dongsun.contract.clock import ManualClock
from dongsun.contract.detections import Detections
from dongsun.contract.observations import Window
from dongsun.contract.store import CameraConfig
from dongsun.serve_edge.ledger.batch import LedgerBatch
from dongsun.serve_edge.pipeline.gallery import Gallery
from dongsun.serve_edge.pipeline.gallery_policy import GalleryPolicy
from dongsun.serve_edge.station.camera_worker import CameraWorker, WorkerParts
from dongsun.serve_edge.station.dark_windows import DarkWindows
from dongsun.serve_edge.stream.captured_frame import CapturedFrame, Gap, GapReason
from dongsun.serve_edge.stream.picture import Picture

BEGIN = datetime(2026, 11, 20, 20, 59, 7, tzinfo=UTC)
"""53 s before the business day changes, and not where a window begins."""
WINDOW = timedelta(seconds=15)
CAMERA = CameraConfig.model_validate(
    {
        "lines": {"door": {"from": [0.1, 0.5], "to": [0.9, 0.5], "inside": [0.5, 0.9]}},
        "zones": {"till": {"polygon": [[0.5, 0.5], [0.9, 0.5], [0.9, 0.9]]}},
    }
)


class Shop:
    """One camera of which the test says each second whether it shows anything."""

    camera_id = "door"
    similarity_threshold = None

    def __init__(self) -> None:
        self.manifest = SimpleNamespace(
            detector=SimpleNamespace(score_threshold=0.5, person_class=0, box_extent="visible"), version="1"
        )
        self.detector, self.clock, self.windows = self, ManualClock(BEGIN), list[Window]()
        self._items: deque[CapturedFrame | Gap] = deque()
        parts = WorkerParts("shop", self, BusinessCalendar("Asia/Seoul", time(6)), self.clock, self._write)  # type: ignore[arg-type]
        self.worker = CameraWorker(CAMERA, self, parts, self._gallery(), None)  # type: ignore[arg-type]

    def take(self, timeout_s: float) -> CapturedFrame | Gap | None:
        return self._items.popleft() if self._items else None

    def detect(self, picture: object) -> Detections:
        return Detections(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int64))

    def looks(self, picture: object, tracks: list[object]) -> list[object]:
        return []

    def dark(self, seconds: int, step: int = 3) -> None:
        for _ in range(seconds // step):
            from_s = self.clock.monotonic_s()
            self.clock.advance(step)
            now_utc = self.clock.now_utc()
            self._items.append(Gap("door", from_s, self.clock.monotonic_s(), GapReason.DISCONNECTED, now_utc))
            self.worker.step()

    def film(self, seconds: int) -> None:
        for frame in range(seconds * 4):
            self.clock.advance(0.25)
            picture = Picture(np.zeros((60, 100, 3), np.uint8), lambda frame: frame)
            now_s, now_utc = self.clock.monotonic_s(), self.clock.now_utc()
            self._items.append(CapturedFrame("door", frame, now_s, now_utc, picture, 0.0))
            self.worker.step()

    def new_day(self) -> None:
        self.worker.renew(self._gallery())

    def close(self) -> None:
        self.worker._end_pipeline()

    def _gallery(self) -> Gallery:
        return Gallery(None, GalleryPolicy())

    def _write(self, batch: LedgerBatch, windows: tuple[Window, ...]) -> None:
        self.windows += batch.windows


def dark_from_the_start(shop: Shop) -> None:
    shop.dark(120)


def dark_then_pictures(shop: Shop) -> None:
    shop.dark(60)
    shop.film(60)


def dark_over_the_day_s_change(shop: Shop) -> None:
    shop.film(30)
    shop.dark(15)
    shop.new_day()
    shop.dark(75)


def dark_over_the_change_then_pictures(shop: Shop) -> None:
    shop.film(30)
    shop.new_day()
    shop.dark(60)
    shop.film(30)


def pictures_alone(shop: Shop) -> None:
    shop.film(60)
    shop.new_day()
    shop.film(60)


@pytest.mark.parametrize(
    ("play", "seen_s"),
    [
        (dark_from_the_start, 0),
        (dark_then_pictures, 60),
        (dark_over_the_day_s_change, 30),
        (dark_over_the_change_then_pictures, 60),
        (pictures_alone, 120),
    ],
)
def test_every_quarter_minute_is_told_once(play: Callable[[Shop], None], seen_s: int) -> None:
    shop = Shop()
    play(shop)
    shop.close()
    assert len({window.idempotency_key for window in shop.windows}) == len(shop.windows)
    starts = sorted({window.starts_at_utc for window in shop.windows})
    assert starts[0] <= BEGIN < starts[0] + WINDOW  # from the window in which the station began …
    assert shop.clock.now_utc() < starts[-1] + 2 * WINDOW  # … to the last one that is over
    assert starts == [starts[0] + number * WINDOW for number in range(len(starts))]
    assert sum(window.observed_s for window in shop.windows) == pytest.approx(seen_s, abs=1.0)
    twice = len(shop.windows) - len(starts)
    assert twice <= 1  # only the one in which the business day changed while people were counted
    for window in shop.windows:
        assert window.crossings_in == {"door": 0} and window.dwell_p50_s == {"till": None}


def test_a_clock_that_is_set_while_it_is_dark_dates_the_rest_anew(caplog: pytest.LogCaptureFixture) -> None:
    shop = Shop()
    shop.film(30)
    shop.dark(30)
    shop.clock.set_wall_clock(shop.clock.now_utc() + timedelta(days=20_000))
    shop.dark(60)
    shop.film(5)
    shop.close()
    assert shop.worker.clock_jumps == 1 and len(shop.windows) < 15
    assert max(window.starts_at_utc for window in shop.windows).year > 2080


def test_a_time_that_comes_twice_is_kept_twice() -> None:
    """A quarter of an hour set back: what is seen then mustn't be taken for what was seen before."""
    shop = Shop()
    shop.film(120)
    shop.clock.set_wall_clock(shop.clock.now_utc() - timedelta(minutes=15))
    shop.film(60)
    shop.clock.set_wall_clock(shop.clock.now_utc() + timedelta(minutes=14))
    shop.film(60)
    shop.close()
    assert shop.worker.clock_jumps == 2
    assert len({window.idempotency_key for window in shop.windows}) == len(shop.windows)
    assert sum(window.observed_s for window in shop.windows) == pytest.approx(240, abs=1.0)


def test_dark_windows_begin_anew_where_the_clock_was_set() -> None:
    dark = DarkWindows(CAMERA)
    assert dark.until(BEGIN) == []
    dark.begin(BEGIN)
    assert [figures.starts_at_utc for figures in dark.until(BEGIN + 2 * WINDOW)] == [
        BEGIN.replace(second=0),
        BEGIN.replace(second=15),
    ]
    assert dark.until(BEGIN - timedelta(hours=1)) == []
    assert len(dark.until(BEGIN - timedelta(hours=1) + WINDOW)) == 1
    assert dark.until(BEGIN + timedelta(days=20_000)) == []
    dark.end()
    assert dark.until(BEGIN + timedelta(days=20_001)) == []
