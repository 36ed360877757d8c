"""`dongsun-edge run`: the process around the station."""

import logging
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import cv2

from dongsun.contract.clock import Clock, SystemClock
from dongsun.serve_edge.station.notify import SystemdNotifier
from dongsun.serve_edge.station.station import Station, StationBrokenError
from dongsun.serve_edge.station.station_settings import load_station
from dongsun.serve_edge.station.status_api import StatusApi

_LOG = logging.getLogger(__name__)
_WATCH_S = 1.0
_STOP_S = 5.0


def run_station(
    config: Path,
    stop: threading.Event,
    clock: Clock | None = None,
    on_start: Callable[[Station, int], None] | None = None,
) -> int:
    """Runs a station and its status page until `stop` is set.

    Args:
        config: `station.yaml`.
        stop: Set by a signal.
        clock: By default the machine's.
        on_start: Told the running station and the status page's port.

    Returns:
        0 after a clean stop; 1 when a part broke too often or didn't end in time: systemd starts it anew.

    Raises:
        DongsunError: The station can't begin.
    """
    clock = clock or SystemClock()
    cv2.setNumThreads(1)  # a camera's thread is the unit of work: pools within them would only wait for each other
    settings = load_station(config)
    station = Station(settings, clock)
    page = StatusApi(station.health, station.ledger, settings.http.host, settings.http.port, station.dead_threads)
    notifier = SystemdNotifier()
    page.start()  # first: twelve cameras that begin at once leave it little of the processor
    station.start()
    _LOG.info("counting %s; status at http://%s:%d/v1/status", settings.station_id, settings.http.host, page.port)
    if on_start is not None:
        on_start(station, page.port)
    notifier.ready()
    code = 0
    while not clock.wait(stop, _WATCH_S):
        try:
            station.watch()
        except StationBrokenError as error:
            _LOG.critical("the station gives up and must be started anew: %s", error)
            code = 1
            break
        notifier.alive()
    notifier.stopping()
    page.stop(1.0)
    if not station.stop(_STOP_S):
        _LOG.error("not everything ended within %g s", _STOP_S)
        code = 1
    return code


def stop_on_signals() -> threading.Event:
    """An event that SIGTERM and SIGINT set."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop
