"""The stage `twin fast`: whole, readable, and the same every time."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from dongsun.contract.errors import DongsunError
from dongsun.contract.stage import SilentRunLog
from dongsun.twin.people.wardrobe import describe, dress
from dongsun.twin.plan.traffic import Uniform, Wardrobe
from dongsun.twin.run_fast import FastStage

DEMO = Path(__file__).parents[3] / "conf" / "store" / "demo.yaml"


def test_a_span_is_written_whole_and_the_same_every_time(tmp_path: Path) -> None:
    for name in ("one", "two"):
        result = FastStage(store=DEMO, output_dir=tmp_path / name, seed=3, hours=0.1).run(SilentRunLog())
        assert result.metrics["people"] > 0 and "visitor-hours a minute" in result.summary
    for camera in ("entrance", "aisle"):
        one, two = (np.load(tmp_path / name / f"{camera}.detections.npz") for name in ("one", "two"))
        assert all(np.array_equal(one[key], two[key]) for key in one.files)
        assert one["offsets"].shape == (3601,) and one["offsets"][-1] == len(one["scores"]) > 0
    summary = json.loads((tmp_path / "one" / "truth" / "summary.json").read_text())
    with (tmp_path / "one" / "truth" / "people.csv").open() as stream:
        people = {int(row["person_id"]) for row in csv.DictReader(stream)}
    assert summary["frames"] == 3600 and summary["entries"] >= summary["unique_visitors"] > 0
    assert set(np.load(tmp_path / "one" / "aisle.detections.npz")["person_ids"].tolist()) - {-1} <= people


def test_an_hour_when_nobody_comes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DongsunError, match="another time of day"):
        FastStage(store=DEMO, output_dir=tmp_path / "none", seed=3, hours=0.0001).run(SilentRunLog())
    assert not (tmp_path / "none").exists()


def test_half_the_pictures_of_the_same_visits(tmp_path: Path) -> None:
    full, half = (FastStage(DEMO, tmp_path / f"{fps}", seed=3, hours=0.1, fps=fps, truth=False) for fps in (None, 5))
    one, other = full.run(SilentRunLog()), half.run(SilentRunLog())
    offsets = np.load(tmp_path / "5" / "aisle.detections.npz")["offsets"]
    assert offsets.shape == (1801,)
    assert other.metrics["visitor_hours"] == pytest.approx(one.metrics["visitor_hours"], rel=0.02)
    assert other.metrics["detections"] == pytest.approx(one.metrics["detections"] / 2, rel=0.1)


def test_a_description_is_of_whom_dressing_makes() -> None:
    for person, uniform, child in ((1, None, False), (2, None, True), (800_001, Uniform(), False)):
        dressed, told = (make(person, Wardrobe(), uniform, child) for make in (dress, describe))
        assert (told.body, told.outfit) == (dressed.body_index, dressed.outfit)
