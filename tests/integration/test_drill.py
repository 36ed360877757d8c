"""The fault drill's short form: a real RTSP server, a real broker, a real small disk, a real kill."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_the_station_stands_what_happens_around_it() -> None:
    if shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin") is None:
        pytest.skip("mosquitto is not installed: `make services` installs it")
    command = [sys.executable, "-m", "tests.drill", "--short"]
    drilled = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=400, check=False)
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in drilled.stdout.splitlines()[2:]]
    assert [(row[0], row[3]) for row in rows] == [
        (fault, "ok")
        for fault in ("none", "camera stalls", "broker away", "disk full", "ledger damaged", "SIGKILL", "SIGTERM")
    ], drilled.stdout + drilled.stderr
    assert drilled.returncode == 0
