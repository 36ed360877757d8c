"""`python -m tests.drill.station_process STATION.YAML OFFSET-FILE`: the station, with a wall clock that can be set."""

import sys
import threading
from datetime import datetime, timedelta
from pathlib import Path

from dongsun.contract.clock import SystemClock
from dongsun.serve_edge.station.json_logs import log_json
from dongsun.serve_edge.station.run_station import run_station, stop_on_signals


class SetClock(SystemClock):
    """The machine's clocks, the wall clock off by as many seconds as a file says."""

    def __init__(self, offset_file: Path) -> None:
        self._offset_file = offset_file

    def now_utc(self) -> datetime:
        """As somebody has set it."""
        return super().now_utc() + timedelta(seconds=float(self._offset_file.read_text() or 0))

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """As the machine's."""
        return super().wait(event, seconds)


if __name__ == "__main__":
    log_json()
    sys.exit(run_station(Path(sys.argv[1]), stop_on_signals(), SetClock(Path(sys.argv[2]))))
