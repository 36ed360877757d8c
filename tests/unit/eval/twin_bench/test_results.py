"""Runs together: pooling, tables, golden figures, pictures."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from dongsun.contract.errors import DongsunError
from dongsun.eval.counting_metrics import EventCounts
from dongsun.eval.twin_bench.bench_results import BenchResults
from dongsun.eval.twin_bench.estimate import Ratio
from dongsun.eval.twin_bench.figures import CameraFigures, RunFigures, camera_ratios, run_ratios
from dongsun.eval.twin_bench.golden import compare_with_golden, read_golden, write_golden
from dongsun.eval.twin_bench.pictures import plot_counts, plot_stores
from dongsun.eval.twin_bench.tables import csv_table, markdown_tables, summary_lines
from dongsun.eval.twin_bench.track_scores import TrackScores


def _camera(camera_id: str = "cam", **changes: object) -> CameraFigures:
    figures = CameraFigures(
        camera_id=camera_id,
        minutes=2.0,
        lines={"door": EventCounts(true=10, predicted=12, matched=9), "aisle": EventCounts(4, 2, 2)},
        people=8,
        visitors=10,
        dwell_errors_s=(0.0, 1.0, 2.0),
        visits_true=4,
        visits_counted=5,
        occupancy=Ratio(30.0, 120.0),
        heatmap_correlation=0.8,
        heatmap_ceiling=0.9,
        tracks=TrackScores(0.6, 0.7, 0.5, 0.8, 0.65, 6, 900),
        recalls={"recall_crowd": Ratio(2, 4), "recall_not_crowd": Ratio(9, 10)},
        counted_per_s=40.0,
    )
    return replace(figures, **changes)  # type: ignore[arg-type]


def _results(runs: int = 4) -> BenchResults:
    cameras = [_camera(visitors=8 + k, lines={"door": EventCounts(10, 10 + k, 9)}) for k in range(runs)]
    return BenchResults(
        bundle_version="abc",
        detector_precision="INT8",
        settings={"seeds": list(range(runs)), "minutes": 2.0, "stores": ["demo"]},
        runs=tuple(RunFigures("demo", k, (camera,)) for k, camera in enumerate(cameras)),
    )


def test_figures_of_a_camera() -> None:
    values = {name: ratio.value for name, ratio in camera_ratios(_camera()).items()}
    assert values == pytest.approx(
        {
            "event_precision": 11 / 14,
            "event_recall": 11 / 14,
            "event_f1": 22 / 28,
            "count_error_signed": 0.0,  # one line's surplus hides another's loss,
            "count_error": 4 / 14,  # which this doesn't let it do
            "visitor_error_signed": 0.25,
            "visitor_error": 0.25,
            "dwell_error_p50_s": 1.0,
            "dwell_error_p90_s": 1.8,
            "occupancy_error": 0.25,
            "heatmap_correlation": 0.8,
            "heatmap_ceiling": 0.9,
            "hota": 0.6,
            "idf1": 0.65,
            "mota": 0.8,
            "id_switches_per_min": 3.0,
            "recall_crowd": 0.5,
            "recall_not_crowd": 0.9,
        }
    )


def test_a_run_pools_its_cameras_as_one_sample() -> None:
    other = _camera("two", dwell_errors_s=(10.0,), tracks=None, visitors=6, heatmap_correlation=None)
    pooled = run_ratios(RunFigures("demo", 0, (_camera(), other)))
    assert pooled["visitor_error"] == Ratio(4, 16)
    assert pooled["visitor_error_signed"].value == 0.0
    assert pooled["dwell_error_p50_s"] == Ratio(1.5, 1.0)
    assert pooled["hota"] == Ratio(0.6, 1.0)
    assert pooled["id_switches_per_min"] == Ratio(6, 2.0)
    assert pooled["event_recall"] == Ratio(22, 28)


def test_intervals_need_three_runs_and_hold_the_value() -> None:
    assert all(f.interval is None for f in _results(2).overall().values())
    error = _results(4).overall()["visitor_error"]
    assert error.value == pytest.approx((0 + 1 + 2 + 3) / 32)
    assert error.interval is not None
    assert error.interval[0] < error.value < error.interval[1]


def test_lines_add_up_over_seeds() -> None:
    counts, figures = _results(4).by_line()["demo/cam/door"]
    assert counts == EventCounts(40, 46, 36)
    assert figures["count_error"].value == pytest.approx(6 / 40)


def test_tables_say_every_figure() -> None:
    results = _results(4)
    text = markdown_tables(results)
    assert "| figure | all (4 runs) | demo (4) |" in text
    assert "| demo/cam/door | 40 | 46 | 36 |" in text
    assert "crowd (somebody nearer than 0.8 m) | 0.500 [0.500, 0.500] | 0.900 [0.900, 0.900]" in text
    rows = list(csv.DictReader(io.StringIO(csv_table(results))))
    assert {row["scope"] for row in rows} == {"all", "store", "camera", "line"}
    assert all(row["runs"] == "4" for row in rows)
    assert "46 counted of 40 true" in summary_lines(results)
    assert "(n = 2)" in markdown_tables(_results(2))


def test_metrics_are_plain_json() -> None:
    read = json.loads(json.dumps(_results(3).as_json(), allow_nan=False))
    assert read["overall"]["hota"]["value"] == pytest.approx(0.6)
    assert read["footage"] == "synthetic"
    assert len(read["runs"]) == 3


def test_golden_figures_hold_and_move(tmp_path: Path) -> None:
    file = tmp_path / "golden.json"
    write_golden(_results(3), file)
    golden = read_golden(file)
    compare_with_golden(_results(3), golden, file)
    worse = replace(_results(3), runs=tuple(replace(r, cameras=(_camera(visitors=16),)) for r in _results(3).runs))
    with pytest.raises(DongsunError, match=r"visitor_error 1 instead of 0\.125"):
        compare_with_golden(worse, golden, file)
    with pytest.raises(DongsunError, match="seeds"):
        compare_with_golden(_results(4), golden, file)
    with pytest.raises(DongsunError, match="bundle_version"):
        compare_with_golden(replace(_results(3), bundle_version="other"), golden, file)
    silent = replace(_results(3), runs=tuple(replace(r, cameras=(_camera(tracks=None),)) for r in _results(3).runs))
    with pytest.raises(DongsunError, match="hota missing"):
        compare_with_golden(silent, golden, file)


def test_golden_file_must_be_one(tmp_path: Path) -> None:
    with pytest.raises(DongsunError, match="no file"):
        read_golden(tmp_path / "none.json")
    (tmp_path / "bad.json").write_text('{"figures": 3}', encoding="utf-8")
    with pytest.raises(DongsunError, match="golden"):
        read_golden(tmp_path / "bad.json")


@pytest.mark.parametrize("runs", [1, 4])
def test_pictures_are_the_same_twice(tmp_path: Path, runs: int) -> None:
    for name in ("one.png", "two.png"):
        plot_stores(_results(runs), tmp_path / name)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    plot_counts(_results(runs), tmp_path / "counts.png")
    assert (tmp_path / "counts.png").stat().st_size > 1000
