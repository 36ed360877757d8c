"""A week in simulated time, its short form: few minutes a day. `python -m bench.station_soak` runs whole ones."""

import logging
from pathlib import Path

import pytest

from tests.soak.verdict import wrong_with
from tests.soak.week import SoakPlan, Week

STORE = Path(__file__).parents[2] / "conf/store/demo.yaml"


def test_a_week_grows_nothing_and_loses_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR)  # the upstream is away for days, and each try says so
    plan = SoakPlan(STORE, open_h=0.03, opens="09:30", business_day_starts="10:00", per_hour=300.0, night_step_s=900.0)
    week = Week(plan, tmp_path)
    evenings = list(week.run())
    assert wrong_with(week, evenings) == []
    assert sum(sum(day.counted.values()) for day in evenings) > 50
