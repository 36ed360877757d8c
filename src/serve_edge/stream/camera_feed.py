"""One camera, kept running: connecting → live → stalled → backing off → live."""

import logging
import threading
from collections import deque
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from dongsun.contract.clock import Clock
from dongsun.serve_edge.stream.arrival_clock import ArrivalClock
from dongsun.serve_edge.stream.backoff import Backoff
from dongsun.serve_edge.stream.captured_frame import CapturedFrame, Gap, GapReason
from dongsun.serve_edge.stream.feed_settings import FeedSettings
from dongsun.serve_edge.stream.picture_health import PictureHealth
from dongsun.serve_edge.stream.picture_source import (
    PictureSource,
    RawPicture,
    SourceEndedError,
    StreamLostError,
    open_source,
)

_LOG = logging.getLogger(__name__)
_EARLY = 0.3
"""A picture this share of a step early is on time: at a camera's own rate, jitter would otherwise cost every other."""
_GRACE_S = 5.0
"""So much longer than its own time-outs may a connection's thread hang before it is given up."""

_MOST_ABANDONED = 8
"""Threads of one camera that may hang at once."""


class FeedState(StrEnum):
    """What a camera's feed is doing."""

    CONNECTING = "connecting"
    LIVE = "live"
    STALLED = "stalled"
    BACKING_OFF = "backing_off"
    CLOSED = "closed"


@dataclass(frozen=True)
class FeedCounters:
    """Since the feed began.

    Attributes:
        decoded: Pictures decoded.
        handed_on: Pictures put into the buffer.
        dropped: Pictures that left the buffer unseen, since analysis was slower.
        faulty: Pictures withheld, by reason.
        connections: Successful ones.
        failures: Connections that failed or broke.
        abandoned: Threads given up, since libav hung beyond its own time-outs.
    """

    decoded: int = 0
    handed_on: int = 0
    dropped: int = 0
    faulty: dict[GapReason, int] = field(default_factory=dict)
    connections: int = 0
    failures: int = 0
    abandoned: int = 0


class CameraFeed:
    """Reads one camera in threads of its own, for ever; whoever analyses takes the newest pictures.

    Args:
        settings: Address, rates and time-outs.
        clock: The station's.
        zero_s: The monotonic time that is zero in stream times, so that all cameras of a station have the same; by
            default when the feed starts.
    """

    def __init__(self, settings: FeedSettings, clock: Clock, zero_s: float | None = None) -> None:
        self._settings, self._clock = settings, clock
        self._stop = threading.Event()
        self._changed = threading.Condition()
        self._buffer: deque[CapturedFrame] = deque()
        self._counters = FeedCounters()
        self._state = FeedState.CONNECTING
        self._reason = GapReason.CONNECTING
        self._last_error = ""
        self._zero_s = zero_s
        self._began_s = clock.monotonic_s()
        self._seen_until_s = 0.0
        self._last_sign_s = self._began_s
        self._generation = 0
        self._index = 0
        self._dates = ArrivalClock()
        self._health = PictureHealth(settings.frozen_s)
        self._backoff = Backoff(settings.backoff_first_s, settings.backoff_most_s)
        self._next_due_s = 0.0
        self._thread: threading.Thread | None = None
        self._abandoned: list[threading.Thread] = []

    @property
    def camera_id(self) -> str:
        """Of the store file."""
        return self._settings.camera_id

    @property
    def state(self) -> FeedState:
        """What it's doing now; a live feed without a picture for `stall_s` is stalled."""
        with self._changed:
            silent = self._clock.monotonic_s() - self._last_sign_s > self._settings.stall_s
            return FeedState.STALLED if self._state is FeedState.LIVE and silent else self._state

    @property
    def last_error(self) -> str:
        """Why the last connection ended, without secrets; empty at first."""
        with self._changed:
            return self._last_error

    def counters(self) -> FeedCounters:
        """A copy of the counters."""
        with self._changed:
            return replace(self._counters, faulty=dict(self._counters.faulty))

    def start(self) -> None:
        """Begins to read."""
        self._last_sign_s = self._clock.monotonic_s()
        self._began_s = self._last_sign_s if self._zero_s is None else self._zero_s
        self._seen_until_s = self._last_sign_s - self._began_s
        self._launch()

    def stop(self, timeout_s: float) -> bool:
        """Ends reading; whether its thread ended in time. A thread that hangs in libav dies with the process."""
        self._stop.set()
        with self._changed:
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(timeout_s)
        with self._changed:
            self._state = FeedState.CLOSED
        return self._thread is None or not self._thread.is_alive()

    def take(self, timeout_s: float) -> CapturedFrame | Gap | None:
        """The oldest waiting picture, or the gap before it; None if neither came in time.

        A gap is told before the picture that ends it, and piece by piece (each at least `stall_s` long) while it lasts,
        so that whoever counts knows at any time up to when it was seen.
        """
        with self._changed:
            self._replace_if_hung()
            if not self._buffer and not self._overdue():
                self._changed.wait(timeout_s)
            if self._buffer:
                first = self._buffer[0]
                if first.stream_time_s - self._seen_until_s > self._settings.stall_s:
                    return self._gap(first.stream_time_s, first.captured_at_utc)
                self._buffer.popleft()
                self._seen_until_s = first.stream_time_s
                return first
            if self._overdue() and not self._stop.is_set():
                return self._gap(self._now_s(), self._clock.now_utc())
            return None

    def _overdue(self) -> bool:
        return self._now_s() - self._seen_until_s > self._settings.stall_s

    def _now_s(self) -> float:
        return self._clock.monotonic_s() - self._began_s

    def _gap(self, to_s: float, until_utc: datetime) -> Gap:
        from_s, self._seen_until_s = self._seen_until_s, to_s
        silent = self._clock.monotonic_s() - self._last_sign_s > self._settings.stall_s
        stalled = self._state is FeedState.LIVE and silent
        return Gap(self.camera_id, from_s, to_s, GapReason.STALLED if stalled else self._reason, until_utc)

    def _replace_if_hung(self) -> None:
        """libav's time-outs end nearly every hang; where they don't, another thread takes over."""
        patience_s = self._settings.open_timeout_s + self._settings.read_timeout_s + _GRACE_S
        hung = self._clock.monotonic_s() - self._last_sign_s > patience_s
        if hung and self._state in (FeedState.LIVE, FeedState.CONNECTING) and self._thread is not None:
            self._last_sign_s = self._clock.monotonic_s()
            self._abandoned = [thread for thread in self._abandoned if thread.is_alive()]
            if len(self._abandoned) >= _MOST_ABANDONED:
                return  # one of them has to come back first: threads that hang for ever must not fill the memory
            self._abandoned.append(self._thread)
            _LOG.error("camera %s: its connection hangs beyond all time-outs; given up", self.camera_id)
            self._counters = replace(self._counters, abandoned=self._counters.abandoned + 1)
            self._launch()

    def _launch(self) -> None:
        self._generation += 1
        self._thread = threading.Thread(
            target=self._run, args=(self._generation,), name=f"feed-{self.camera_id}", daemon=True
        )
        self._thread.start()

    def _run(self, generation: int) -> None:
        while self._current(generation):
            self._enter(FeedState.CONNECTING, GapReason.CONNECTING)
            source: PictureSource | None = None
            try:
                source = open_source(self._settings, self._clock, self._stop)
                if not self._current(generation):
                    return
                self._enter(FeedState.LIVE, GapReason.STALLED)
                self._dates.restart()
                with self._changed:
                    self._counters = replace(self._counters, connections=self._counters.connections + 1)
                for raw in source.pictures():
                    if not self._current(generation):
                        return
                    self._take_in(raw)
            except StreamLostError as error:
                if not self._current(generation):
                    return
                self._failed(str(error))
                if self._clock.wait(self._stop, self._backoff.next_s()):
                    return
            except SourceEndedError:
                if not self._settings.loop:
                    self._enter(FeedState.CLOSED, GapReason.DISCONNECTED)
                    return
            finally:
                if source is not None:
                    source.close()

    def _current(self, generation: int) -> bool:
        """Whether this thread still speaks for the feed: one that was given up may wake after its successor began."""
        return not self._stop.is_set() and generation == self._generation

    def _enter(self, state: FeedState, reason: GapReason) -> None:
        with self._changed:
            self._state, self._reason = state, reason
            self._last_sign_s = self._clock.monotonic_s()
            self._changed.notify_all()

    def _failed(self, why: str) -> None:
        with self._changed:
            self._counters = replace(self._counters, failures=self._counters.failures + 1)
            self._last_error = why
        _LOG.warning("camera %s: %s", self.camera_id, why)
        self._enter(FeedState.BACKING_OFF, GapReason.DISCONNECTED)

    def _take_in(self, raw: RawPicture) -> None:
        arrived_s = self._clock.monotonic_s()
        with self._changed:
            self._last_sign_s = arrived_s
            self._index += 1
            index = self._index - 1
            self._counters = replace(self._counters, decoded=self._counters.decoded + 1)
        time_s = self._dates.date(raw.stamp_s, arrived_s) - self._began_s
        if raw.picture is None or raw.corrupt:
            self._withhold(GapReason.CORRUPT)
            return
        step_s = 1.0 / self._settings.analysis_fps
        if time_s < self._next_due_s - _EARLY * step_s:
            return
        self._next_due_s = max(self._next_due_s + step_s, time_s + step_s / 2)
        if fault := self._health.fault(raw.picture.small_bgr(), time_s):
            self._withhold(fault)
            return
        self._backoff.reset()  # a picture, not just a connection: some servers accept and send nothing
        # Both clocks of one instant: what decoding, converting and waiting in a socket took counts as late, not as new.
        late_s = self._now_s() - time_s
        captured_at_utc = self._clock.now_utc() - timedelta(seconds=late_s)
        decode_s = self._clock.monotonic_s() - arrived_s
        frame = CapturedFrame(self.camera_id, index, time_s, captured_at_utc, raw.picture, decode_s)
        self._hand_on(frame)

    def _withhold(self, fault: GapReason) -> None:
        with self._changed:
            self._reason = fault
            faulty = {**self._counters.faulty, fault: self._counters.faulty.get(fault, 0) + 1}
            self._counters = replace(self._counters, faulty=faulty)

    def _hand_on(self, frame: CapturedFrame) -> None:
        with self._changed:
            self._reason = GapReason.STALLED
            dropped = self._counters.dropped
            while len(self._buffer) >= self._settings.buffer_frames:
                self._buffer.popleft()
                dropped += 1
            self._buffer.append(frame)
            self._counters = replace(self._counters, handed_on=self._counters.handed_on + 1, dropped=dropped)
            self._changed.notify_all()
