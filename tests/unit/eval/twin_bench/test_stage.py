"""The stage, with films and counts replaced by tables that are exactly right."""

import csv
import json
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dongsun.contract.errors import DongsunError
from dongsun.contract.stage import SilentRunLog
from dongsun.eval import run_evaluate_twin
from dongsun.eval.run_evaluate_twin import TwinBenchStage
from dongsun.serve_edge.results.summary import CountSummary
from dongsun.serve_edge.settings import CountSettings
from dongsun.twin.film.split import TwinSplit

STORE = """
id: box
cameras:
  cam:
    floor_points: [[0.2, 0.4, -2, 6], [0.8, 0.4, 2, 6], [0.3, 0.9, -1, 3], [0.7, 0.9, 1, 3]]
    lines: {door: {from: [0.1, 0.5], to: [0.9, 0.5], inside: [0.5, 0.9]}}
    zones: {tv: {polygon: [[0.1, 0.5], [0.9, 0.5], [0.9, 0.9]]}}
twin:
  floor: [[-4, 0], [4, 0], [4, 9], [-4, 9]]
  doors: {main: {from: [-1, 0], to: [1, 0]}}
  cameras: {cam: {position_m: [0, 0.5, 2.8], yaw_deg: 90}}
"""
FRAMES, FPS, PEOPLE = 100, 10, 3
ONE_CROSSING = "cam,door,{person},in,{frame},{time:.2f},0,1.5"


class _Film:
    """Writes a split's truth instead of filming: people side by side, each in a box of its own."""

    def __init__(self, *, store: Path, output_dir: Path, splits: tuple[TwinSplit, ...], workers: int) -> None:
        self._dirs = [output_dir / split.name for split in splits]

    def run(self, log: object) -> None:
        for directory in self._dirs:
            truth = directory / "truth"
            truth.mkdir(parents=True)
            rows = [f"{f + 1},{p},{100 * p},{50 + f},30,90,1,1,1.0" for f in range(FRAMES) for p in range(PEOPLE)]
            for name in ("cam.gt.txt", "cam.amodal.txt"):
                (directory / name).write_text("\n".join(rows) + "\n", encoding="utf-8")
            crossings = [ONE_CROSSING.format(person=p, frame=10 * p + 5, time=p + 0.5) for p in range(PEOPLE)]
            header = "camera_id,line_id,person_id,direction,frame_index,time_s,staff,nearest_person_m"
            (truth / "crossings.csv").write_text("\n".join([header, *crossings]) + "\n", encoding="utf-8")
            (truth / "visits.csv").write_text(
                "camera_id,zone_id,person_id,enter_s,exit_s,dwell_s,truncated\ncam,tv,1,2.00,8.00,6.00,0\n",
                encoding="utf-8",
            )
            positions = [f"{f},{p},{p - 1:.3f},{3 + f / 20:.3f},0" for f in range(FRAMES) for p in range(PEOPLE)]
            (truth / "positions.csv").write_text(
                "\n".join(["frame_index,person_id,x_m,y_m,yaw_rad", *positions]) + "\n", encoding="utf-8"
            )


def _write(path: Path, header: str, rows: list[tuple[Any, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([header.split(","), *rows])


def _count(settings: CountSettings) -> CountSummary:
    """Counts exactly right, except that one crossing of three is missed."""
    out = settings.out
    out.mkdir(parents=True)
    boxes = [(f, 7 + p, 100 * p, 50 + f, 100 * p + 30, 140 + f, 0.9) for f in range(FRAMES) for p in range(PEOPLE)]
    _write(out / "tracks.csv", "frame_index,track_id,x0_px,y0_px,x1_px,y1_px,score", boxes)
    crossings = [("door", "in", p + 0.6, 10 * p + 6, 7 + p) for p in range(PEOPLE - 1)]
    _write(out / "crossings.csv", "line_id,direction,stream_time_s,frame_index,track_id", crossings)
    _write(out / "visits.csv", "zone_id,enter_s,exit_s", [("tv", 2.5, 8.0)])
    start = datetime(1970, 1, 1, tzinfo=UTC).isoformat()
    _write(out / "windows.csv", "starts_at_utc,observed_s,occupancy_mean", [(start, FRAMES / FPS, PEOPLE)])
    return CountSummary(
        store_id="box", camera_id="cam", bundle_version="v", detector_precision="INT8", reid_precision=None,
        source="cam.mp4", first_frame=0, frames=FRAMES, duration_s=9.9, repaired_timestamps=0, lines={},
        unique_visitors=PEOPLE + 1, visitors_identified=True, tracks=PEOPLE, zone_visits={}, seconds=1.0,
        frames_per_second=100.0, stages={},
    )  # fmt: skip


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TwinBenchStage:
    manifest = SimpleNamespace(version="v", detector=SimpleNamespace(shipped_precision="INT8", box_extent="visible"))
    monkeypatch.setattr(run_evaluate_twin, "read_bundle", lambda directory: manifest)
    monkeypatch.setattr(run_evaluate_twin, "run_count", _count)
    monkeypatch.setattr(run_evaluate_twin, "TwinStage", _Film)
    (tmp_path / "box.yaml").write_text(STORE, encoding="utf-8")
    return TwinBenchStage(
        bundle=tmp_path,
        stores=(tmp_path / "box.yaml",),
        seeds=(1, 2, 3),
        minutes=0.2,
        people=PEOPLE,
        out_dir=tmp_path / "out",
        work_dir=tmp_path / "work",
    )


def _again(stage: TwinBenchStage, tmp_path: Path, **changes: object) -> TwinBenchStage:
    settings = {name: getattr(stage, name) for name in stage.__dataclass_fields__ if not name.startswith("__")}
    return TwinBenchStage(**{**settings, "work_dir": tmp_path / "work-again", **changes})


def test_figures_are_those_of_the_tables(stage: TwinBenchStage, tmp_path: Path) -> None:
    result = stage.run(SilentRunLog())
    wanted = {
        "event_precision": 1.0,
        "event_recall": 2 / 3,
        "count_error": 1 / 3,
        "count_error_signed": -1 / 3,
        "visitor_error": 1 / 3,
        "dwell_error_p50_s": 0.5,
        "occupancy_error": 0.0,
        "hota": 1.0,
        "idf1": 1.0,
        "id_switches_per_min": 0.0,
        "recall_not_crowd": 2 / 3,
        "recall_not_staff": 2 / 3,
        "recall_not_u_turn": 2 / 3,
    }
    assert {name: result.metrics[name] for name in wanted} == pytest.approx(wanted)
    assert result.metrics["heatmap_ceiling"] == result.metrics["heatmap_correlation"]  # the tracks are the true boxes
    assert "recall_light" not in result.metrics
    assert all(path.is_file() for path in result.artifacts)
    assert "6 counted of 9 true" in result.summary
    faults = (tmp_path / "out" / "crossing_faults.csv").read_text(encoding="utf-8").splitlines()
    assert faults[0] == "store,seed,camera,kind,line_id,direction,time_s,who,cause"
    assert faults[1:] == [f"box,{seed},cam,missed,door,in,2.5,2,placed wrong" for seed in (1, 2, 3)]
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["overall"]["event_recall"] == {"value": pytest.approx(2 / 3), "runs": 3, "interval": [2 / 3, 2 / 3]}


def test_golden_figures_are_held_after_everything_is_written(stage: TwinBenchStage, tmp_path: Path) -> None:
    stage.run(SilentRunLog())
    golden = tmp_path / "golden.json"
    written = json.loads((tmp_path / "out" / "golden.json").read_text(encoding="utf-8"))
    golden.write_text(json.dumps(written), encoding="utf-8")
    _again(stage, tmp_path, golden=golden).run(SilentRunLog())
    written["figures"]["hota"]["value"] = 0.5
    golden.write_text(json.dumps(written), encoding="utf-8")
    failing = _again(stage, tmp_path, golden=golden, out_dir=tmp_path / "third", work_dir=tmp_path / "work-third")
    with pytest.raises(DongsunError, match="hota 1 instead of"):
        failing.run(SilentRunLog())
    assert (tmp_path / "third" / "metrics.json").is_file()


def test_each_seed_has_people_of_its_own(stage: TwinBenchStage) -> None:
    splits = [stage._split(seed) for seed in stage.seeds]
    assert [split.name for split in splits] == ["bench-1", "bench-2", "bench-3"]
    ids = [set(split.person_ids) for split in splits]
    assert not ids[0] & ids[1] | ids[1] & ids[2]


def test_the_same_store_twice_is_no_evidence(stage: TwinBenchStage, tmp_path: Path) -> None:
    with pytest.raises(DongsunError, match="different"):
        _again(stage, tmp_path, stores=(stage.stores[0], stage.stores[0])).run(SilentRunLog())
    with pytest.raises(DongsunError, match="different"):
        _again(stage, tmp_path, seeds=(1, 1)).run(SilentRunLog())
