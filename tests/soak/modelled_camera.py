"""A camera and a bundle that are modelled: detections and looks of the twin's fast mode, no picture behind them."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from types import SimpleNamespace

import numpy as np

from dongsun.contract.detections import Detections
from dongsun.contract.embedding import Embeddings
from dongsun.serve_edge.pipeline.track import Track
from dongsun.serve_edge.stream.camera_feed import FeedCounters, FeedState
from dongsun.serve_edge.stream.captured_frame import CapturedFrame, Gap, GapReason
from dongsun.serve_edge.stream.picture import Converter, Picture
from dongsun.twin.fast.detector_noise import CameraDetections
from dongsun.twin.fast.looks import ModelledLooks

STRONG_SCORE, SIMILARITY = 0.25, 0.53


@dataclass(frozen=True)
class Day:
    """What a camera sees on a day, and how people look on it."""

    detections: CameraDetections
    looks: ModelledLooks


class ModelledCamera:
    """What a `CameraWorker` wants of a `CameraFeed` and of `Models`, both at once."""

    last_error = ""
    state = FeedState.LIVE
    similarity_threshold = SIMILARITY

    def __init__(self, camera_id: str, number: int) -> None:
        self.camera_id, self._number = camera_id, number
        self.manifest = SimpleNamespace(
            detector=SimpleNamespace(score_threshold=STRONG_SCORE, person_class=0, box_extent="visible"), version="soak"
        )
        self.detector = self
        self._day: Day | None = None
        self._frame = 0
        self._blank = Picture(np.zeros((0, 0, 3), np.uint8), Converter())
        self._items: deque[CapturedFrame | Gap] = deque(maxlen=2)

    def begin(self, day: Day) -> None:
        """The shop opens."""
        self._day = day
        size = day.detections.height_px, day.detections.width_px
        self._blank = Picture(np.zeros((*size, 3), np.uint8), Converter())

    def close(self) -> None:
        """The shop closes."""
        self._day = None

    def film(self, frame: int, stream_time_s: float, now_utc: datetime) -> None:
        """The next picture."""
        self._frame = frame
        self._items.append(CapturedFrame(self.camera_id, frame, stream_time_s, now_utc, self._blank, 0.0))

    def sleep(self, from_s: float, to_s: float, until_utc: datetime) -> None:
        """No picture until `to_s`."""
        self._items.append(Gap(self.camera_id, from_s, to_s, GapReason.DISCONNECTED, until_utc))

    def take(self, timeout_s: float) -> CapturedFrame | Gap | None:
        """As a feed's."""
        return self._items.popleft() if self._items else None

    def counters(self) -> FeedCounters:
        """As a feed's."""
        return FeedCounters()

    def detect(self, picture_bgr: object) -> Detections:
        """As a detector's."""
        assert self._day is not None
        rows = self._day.detections.rows(self._frame)
        scores = self._day.detections.scores[rows]
        return Detections(self._day.detections.boxes_xyxy_px[rows], scores, np.zeros(len(scores), np.int64))

    def looks(self, picture_bgr: object, tracks: list[Track]) -> Iterator[tuple[Track, Embeddings]]:
        """As a bundle's: the look of whoever is truly in the box."""
        assert self._day is not None
        seen = self._day.detections
        rows, now_s = seen.rows(self._frame), self._frame / seen.fps
        for track in tracks:
            boxes = seen.boxes_xyxy_px[rows].astype(np.float64)
            row = int(np.argmin(np.abs(boxes - np.array(track.last.seen_xyxy_px)).sum(axis=1)))
            yield track, self._day.looks.look(int(seen.person_ids[rows][row]), self._number, now_s)
