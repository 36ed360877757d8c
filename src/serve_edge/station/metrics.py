"""A station's health as Prometheus text (https://prometheus.io/docs/instrumenting/exposition_formats/)."""

from collections.abc import Iterator

import psutil
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from dongsun.serve_edge.station.health import CameraHealth, StationHealth
from dongsun.serve_edge.stream.camera_feed import FeedState

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def metrics_text(health: StationHealth) -> str:
    """All figures of one snapshot, and this process's memory and CPU time; names end in their units.

    How many people are in view isn't among them: metrics are kept elsewhere, and that number is nobody else's.
    """
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Snapshot(health))
    return generate_latest(registry).decode()


class _Snapshot(Collector):
    def __init__(self, health: StationHealth) -> None:
        self._health = health

    def collect(self) -> Iterator[Metric]:
        yield from _station(self._health)
        yield from _cameras(self._health.cameras)
        yield from _sending(self._health)
        yield from _process()


def _station(health: StationHealth) -> Iterator[Metric]:
    info = GaugeMetricFamily(
        "dongsun_station_info", "Always 1; which station this is", labels=("store", "station", "bundle")
    )
    info.add_metric([health.store_id, health.station_id, health.bundle_version], 1)
    yield info
    yield _gauge("dongsun_ready", "1 if a camera is counted and the ledger takes it", health.ready)
    yield _gauge("dongsun_uptime_seconds", "Since the station started, monotonic", health.uptime_s)
    yield _gauge("dongsun_clock_seconds", "The wall clock, Unix time", health.now_utc.timestamp())
    yield _counter("dongsun_clock_jumps_total", "Times that the wall clock was set", health.clock_jumps)
    yield _counter("dongsun_restarts_total", "Parts that the supervisor started again", health.restarts)
    drift = GaugeMetricFamily(
        "dongsun_line_drift_people", "By how much the day before was wrong at its end", labels=("line", "kind")
    )
    for line in health.drift:
        drift.add_metric([line.line_id, "left_uncounted"], line.inside)
        drift.add_metric([line.line_id, "came_in_uncounted"], line.never_came_in)
    yield drift
    writer = health.writer
    yield _gauge("dongsun_ledger_full", "1 if the last batch found no room", writer.full)
    yield _gauge("dongsun_ledger_waiting_batches", "Batches kept in memory for want of room", writer.waiting)
    yield _counter("dongsun_ledger_lost_batches_total", "Batches given up for want of room", writer.lost)
    yield _counter("dongsun_ledger_made_room_rows_total", "Old rows given up for newer ones", writer.made_room)
    yield _counter("dongsun_ledger_begun_anew_total", "Times that the ledger was found damaged", health.ledgers_begun)
    yield _counter("dongsun_ledger_salvaged_rows_total", "Rows copied from damaged ledgers", health.salvaged_rows)


def _cameras(cameras: tuple[CameraHealth, ...]) -> Iterator[Metric]:
    state = GaugeMetricFamily("dongsun_camera_state", "1 for the state that the feed is in", labels=("camera", "state"))
    pictures = CounterMetricFamily(
        "dongsun_camera_pictures_total", "Pictures by what became of them", labels=("camera", "fate")
    )
    faulty = CounterMetricFamily(
        "dongsun_camera_faulty_pictures_total", "Pictures withheld", labels=("camera", "reason")
    )
    latency = GaugeMetricFamily(
        "dongsun_camera_latency_seconds", "Capture to counted, last minutes", labels=("camera", "quantile")
    )
    age = GaugeMetricFamily(
        "dongsun_camera_last_picture_age_seconds", "Since the last picture that could be trusted", labels=("camera",)
    )
    gaps = _per_camera("dongsun_camera_gap_seconds_total", "Time in which nothing trustworthy was seen")
    connections = _per_camera("dongsun_camera_connections_total", "Connections made")
    failures = _per_camera("dongsun_camera_failures_total", "Connections that failed or broke")
    abandoned = _per_camera("dongsun_camera_abandoned_total", "Connections given up, hung beyond all time-outs")
    for camera in cameras:
        name, counters = camera.camera_id, camera.counters
        for each in FeedState:
            state.add_metric([name, each.value], camera.state is each)
        fates = {
            "decoded": counters.decoded,
            "handed_on": counters.handed_on,
            "dropped": counters.dropped,
            "analysed": camera.analysed,
            "gated": camera.gated,
        }
        for fate, count in fates.items():
            pictures.add_metric([name, fate], count)
        for reason, count in counters.faulty.items():
            faulty.add_metric([name, reason.value], count)
        for quantile, seconds in (("0.5", camera.latency_p50_s), ("0.95", camera.latency_p95_s)):
            if seconds is not None:
                latency.add_metric([name, quantile], seconds)
        if camera.last_frame_age_s is not None:
            age.add_metric([name], camera.last_frame_age_s)
        gaps.add_metric([name], camera.gap_s)
        connections.add_metric([name], counters.connections)
        failures.add_metric([name], counters.failures)
        abandoned.add_metric([name], counters.abandoned)
    yield from (state, pictures, faulty, latency, age, gaps, connections, failures, abandoned)


def _sending(health: StationHealth) -> Iterator[Metric]:
    yield _gauge("dongsun_outbox_waiting_messages", "Messages that nobody has acknowledged", health.waiting)
    forwarder = health.forwarder
    if forwarder is None:
        return
    yield _counter("dongsun_upstream_sent_messages_total", "Messages acknowledged", forwarder.sent)
    yield _counter("dongsun_upstream_failures_total", "Batches that were not acknowledged", forwarder.failures)
    if forwarder.last_sent_at_utc is not None:
        at_s = forwarder.last_sent_at_utc.timestamp()
        yield _gauge("dongsun_upstream_last_sent_timestamp_seconds", "Unix time of the last acknowledgement", at_s)


def _process() -> Iterator[Metric]:
    process = psutil.Process()
    with process.oneshot():
        times = process.cpu_times()
        yield _gauge("dongsun_process_resident_bytes", "Memory in use", process.memory_info().rss)
        yield _counter("dongsun_process_cpu_seconds_total", "CPU time, user and system", times.user + times.system)
        yield _gauge("dongsun_process_threads", "Threads", process.num_threads())


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=float(value))


def _counter(name: str, text: str, value: float) -> Metric:
    return CounterMetricFamily(name, text, value=float(value))


def _per_camera(name: str, text: str) -> CounterMetricFamily:
    return CounterMetricFamily(name, text, labels=("camera",))
