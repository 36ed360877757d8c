"""The layer contracts hold, and could fail."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_contracts_hold() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports"))], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "kept" in done.stdout


def test_edge_imports_nothing_heavy() -> None:
    script = "import sys, dongsun.serve_edge.__main__; print(' '.join(sorted({m.split('.')[0] for m in sys.modules})))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "dongsun" in loaded and "numpy" in loaded
    assert not loaded & {
        "torch",
        "hydra",
        "omegaconf",
        "mlflow",
        "ultralytics",
        "pandas",
        "pyarrow",
        "matplotlib",
        "numba",
    }
