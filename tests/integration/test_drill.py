"""The fault drill's short form: a real RTSP server, a real broker, a real kill. `make drill` runs all of it."""

import shutil
from pathlib import Path

import pytest

from tests.drill.__main__ import drill


def test_the_station_stands_what_happens_around_it(tmp_path: Path) -> None:
    if shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin") is None:
        pytest.skip("mosquitto is not installed: `make services` installs it")
    outcomes = drill(tmp_path / "drill", short=True)
    assert [outcome.fault for outcome in outcomes] == ["none", "camera stalls", "broker away", "SIGKILL", "SIGTERM"]
    assert not [(outcome.fault, outcome.wrong) for outcome in outcomes if outcome.wrong]
