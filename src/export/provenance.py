"""Where a bundle came from: commit, data hashes, run, package versions."""

import os
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import yaml

from dongsun.contract.bundle import Provenance
from dongsun.contract.errors import DongsunError

RUN_ID_VARIABLE = "DONGSUN_RUN_ID"
"""Set by the front door to the MLflow run of the stage."""
_PACKAGES = ("dongsun", "torch", "ultralytics", "onnx", "onnxruntime", "openvino", "nncf", "numpy")


def read_provenance(root: Path, store_id: str) -> Provenance:
    """Collects it from the repository at `root` and the environment; what can't be known is said to be unknown."""
    commit, dirty = _git_state(root)
    return Provenance(
        git_commit=commit,
        git_dirty=dirty,
        dvc_hashes=_dvc_hashes(root / "dvc.lock", store_id),
        mlflow_run_id=os.environ.get(RUN_ID_VARIABLE) or None,
        packages={name: found for name in _PACKAGES if (found := _installed(name))},
    )


def _git_state(root: Path) -> tuple[str, bool]:
    """(commit, uncommitted changes), or ('unknown', True) outside a repository or without git."""
    commit = _git(root, "rev-parse", "HEAD")
    status = _git(root, "status", "--porcelain", "--untracked-files=no")
    if commit is None or status is None:
        return "unknown", True
    return commit.strip(), bool(status.strip())


def _git(root: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, text=True, timeout=30, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout


def _dvc_hashes(lock: Path, store_id: str) -> dict[str, str]:
    """Path → hash of every dependency and output of the store's stages in `dvc.lock` (`<stage>@<store>`)."""
    if not lock.is_file():
        return {}
    try:
        raw: Any = yaml.safe_load(lock.read_text(encoding="utf-8"))
        stages = raw.get("stages", {})
        entries = [
            entry
            for name, stage in stages.items()
            if name.partition("@")[2] == store_id
            for entry in [*stage.get("deps", []), *stage.get("outs", [])]
        ]
        return {
            entry["path"]: f"md5:{entry['md5']}"
            for entry in sorted(entries, key=lambda entry: str(entry["path"]))
            if "md5" in entry and not Path(entry["path"]).is_absolute()
        }
    except (yaml.YAMLError, AttributeError, KeyError, TypeError) as error:
        raise DongsunError(
            expected="a dvc.lock written by DVC", got=str(error), where=str(lock), mend="run `dvc repro` again"
        ) from error


def _installed(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
