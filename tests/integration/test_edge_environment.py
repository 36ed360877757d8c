"""A station's own environment: the built wheel and the edge extra alone, with no torch anywhere."""

import json
import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EDGE = ROOT / ".venv-edge" / "bin"

pytestmark = pytest.mark.skipif(
    not (ROOT / ".venv-edge" / ".dongsun-ready").is_file(), reason="no .venv-edge: `make edge` makes it"
)


def edge(*command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")}
    return subprocess.run(command, cwd=cwd, env=clean, capture_output=True, text=True, check=False)


def test_nothing_of_the_training_stack_is_installed(tmp_path: Path) -> None:
    script = (
        "import importlib.util as u, json; "
        "print(json.dumps([m for m in ('torch', 'hydra', 'mlflow', 'ultralytics', 'pandas') if u.find_spec(m)]))"
    )
    done = edge(str(EDGE / "python"), "-c", script, cwd=tmp_path)
    assert json.loads(done.stdout) == []


def test_help_and_errors_in_the_clean_environment(tmp_path: Path) -> None:
    done = edge(str(EDGE / "dongsun-edge"), "count", "--help", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert all(
        option in done.stdout for option in ("--bundle", "--store", "--camera", "--source", "--out", "--annotate")
    )
    wrong = edge(
        str(EDGE / "dongsun-edge"), "count", "--bundle", "nowhere", "--store", "nowhere.yaml", "--camera", "c",
        "--source", "nowhere.mp4", "--out", "out", cwd=tmp_path,
    )  # fmt: skip
    assert wrong.returncode == 2 and "mend:" in wrong.stderr and "Traceback" not in wrong.stderr
    assert list(tmp_path.iterdir()) == [], "a refused run leaves nothing behind"


def test_same_numbers_on_the_demo_bundle(tmp_path: Path) -> None:
    """What `make demo` measured in the training environment is what a station measures."""
    replay = ROOT / "reports" / "demo" / "evaluate" / "replay" / "entrance"
    clip = ROOT / "data" / "raw" / "demo" / "test" / "entrance.mp4"
    if not (replay / "summary.json").is_file() or not clip.is_file():
        pytest.skip("no demo here: `make demo` makes its bundle and clip")
    done = edge(
        str(EDGE / "dongsun-edge"), "count", "--bundle", str(ROOT / "bundles" / "demo"),
        "--store", str(ROOT / "conf" / "store" / "demo.yaml"), "--camera", "entrance", "--source", str(clip),
        "--out", str(tmp_path / "out"), cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for name in ("crossings.csv", "visits.csv"):
        assert (tmp_path / "out" / name).read_text() == (replay / name).read_text(), name
