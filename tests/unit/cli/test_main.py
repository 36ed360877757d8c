"""The front door: what it says to wrong input, and what it records."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dongsun.cli.main import STAGES, config_directory, store_overrides, verb_of, with_check
from dongsun.cli.tracking import TrackingSettings, flatten, tracked_run
from dongsun.contract.errors import DongsunError
from dongsun.contract.stage import StageResult

ROOT = Path(__file__).parents[3]


def dongsun(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "dongsun.cli.main", *arguments], cwd=cwd, capture_output=True, text=True, check=False
    )


def test_help_names_every_stage() -> None:
    done = dongsun("--help")
    assert done.returncode == 0
    assert all(stage in done.stdout or stage.replace("-", " ") in done.stdout for stage in STAGES)


def test_a_verb_may_be_two_words() -> None:
    assert verb_of(["twin", "render", "seed=1"]) == ("twin-render", ["seed=1"])
    assert verb_of(["twin-plan"]) == ("twin-plan", [])
    assert verb_of(["evaluate", "twin"]) == ("evaluate-twin", [])
    assert verb_of(["evaluate", "store=demo"]) == ("evaluate", ["store=demo"])
    with pytest.raises(DongsunError, match="twin dance"):
        verb_of(["twin", "dance"])


def test_a_bare_word_is_the_store(tmp_path: Path) -> None:
    assert store_overrides("twin-plan", ["demo", "seed=2"]) == ["store=demo", "seed=2"]
    assert store_overrides("twin-plan", ["seed=2"]) == ["seed=2"]
    assert store_overrides("twin-plan", ["--cfg", "job"]) == ["--cfg", "job"]
    with pytest.raises(DongsunError, match="corner-shop"):
        store_overrides("twin-plan", ["nosuch"])
    file = tmp_path / "mine.yaml"
    file.write_text("id: mine\ncameras: {a: {}}\n", encoding="utf-8")
    assert store_overrides("twin-plan", [str(file)]) == ["store.id=mine", f"store_file={file}"]
    with pytest.raises(DongsunError, match="conf/store"):
        store_overrides("export", [str(file)])


def test_unknown_stage_and_wrong_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = dongsun("trian-reid")
    assert done.returncode == 2 and "'trian-reid'" in done.stderr and "Traceback" not in done.stderr
    monkeypatch.delenv("DONGSUN_HOME", raising=False)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DongsunError, match=r"conf/base\.yaml"):
        config_directory()


def test_mistyped_setting_is_an_error_not_a_default() -> None:
    done = dongsun("sample", "stage.sede=3")
    assert done.returncode != 0 and "sede" in done.stderr
    done = dongsun("sample", "stage.seed=three", "tracking.enabled=false")
    assert done.returncode == 2 and "seed" in done.stderr and "Traceback" not in done.stderr


def test_flatten_keeps_names_mlflow_accepts() -> None:
    assert flatten({"a": {"b": 1, "c(d)": {"e": 2}}, "f": [1, 2]}) == {"a.b": 1, "a.c_d_.e": 2, "f": [1, 2]}


def test_a_run_is_tracked_and_a_failed_one_is_marked(tmp_path: Path) -> None:
    from mlflow import MlflowClient

    settings = TrackingSettings(enabled=True, uri=f"sqlite:///{tmp_path}/mlflow.db", artifacts=tmp_path / "artifacts")
    artifact = tmp_path / "plot.txt"
    artifact.write_text("a plot")
    with tracked_run(settings, store_id="demo", verb="tune", params={"a": {"b": 1}}, root=ROOT) as log:
        assert os.environ["DONGSUN_RUN_ID"]
        log.metrics({"loss": 1.0}, step=0)
        log.metrics({"loss": 0.5}, step=1)
        log.finish(StageResult(metrics={"mAP": 0.75}, artifacts=(artifact,)))
    with pytest.raises(RuntimeError), tracked_run(settings, store_id="demo", verb="tune", params={}, root=ROOT):
        raise RuntimeError
    assert "DONGSUN_RUN_ID" not in os.environ
    client = MlflowClient(settings.uri)
    experiment = client.get_experiment_by_name("demo")
    assert experiment is not None
    failed, finished = client.search_runs([experiment.experiment_id])
    assert (failed.info.status, finished.info.status) == ("FAILED", "FINISHED")
    assert finished.data.params["a.b"] == "1"
    assert finished.data.metrics == {"loss": 0.5, "mAP": 0.75}
    assert len(finished.data.tags["git.commit"]) >= 7
    assert [f.path for f in client.list_artifacts(finished.info.run_id)] == ["plot.txt"]


def test_a_studys_cells_are_nested_runs(tmp_path: Path) -> None:
    from mlflow import MlflowClient

    settings = TrackingSettings(enabled=True, uri=f"sqlite:///{tmp_path}/mlflow.db", artifacts=tmp_path / "artifacts")
    with tracked_run(settings, store_id="demo", verb="study-heads", params={}, root=ROOT) as log:
        with log.child("attention P4", {"head": {"queries": 4}}) as cell:
            cell.metrics({"mAP": 0.5})
        with pytest.raises(RuntimeError), log.child("linear P4", {}):
            raise RuntimeError
    client = MlflowClient(settings.uri)
    experiment = client.get_experiment_by_name("demo")
    assert experiment is not None
    runs = {run.info.run_name: run for run in client.search_runs([experiment.experiment_id])}
    parent, cell_run, failed = runs["study-heads"], runs["attention P4"], runs["linear P4"]
    assert parent.info.status == cell_run.info.status == "FINISHED" and failed.info.status == "FAILED"
    assert {cell_run.data.tags["mlflow.parentRunId"], failed.data.tags["mlflow.parentRunId"]} == {parent.info.run_id}
    assert cell_run.data.params == {"head.queries": "4"} and cell_run.data.metrics == {"mAP": 0.5}
    assert cell_run.data.tags["git.commit"] == parent.data.tags["git.commit"]


def test_check_is_typed_as_an_option() -> None:
    assert with_check("tune", ["demo", "--check", "bundles/demo"]) == ["demo", "check=bundles/demo"]
    assert with_check("tune", ["demo"]) == ["demo"]
    with pytest.raises(DongsunError, match="bundle after --check"):
        with_check("tune", ["--check"])
