"""Where a bundle says it came from."""

import subprocess
from pathlib import Path

import pytest

from dongsun.contract.errors import DongsunError
from dongsun.export.provenance import RUN_ID_VARIABLE, read_provenance

_LOCK = """
schema: '2.0'
stages:
  train-detector@shop:
    cmd: x
    deps:
    - {path: data/processed/shop/detector, md5: aa.dir, size: 1}
    outs:
    - {path: models/shop/detector, md5: bb.dir, size: 1}
  train-detector@other:
    cmd: x
    outs:
    - {path: models/other/detector, md5: cc.dir, size: 1}
"""


def test_outside_a_repository_the_commit_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.delenv(RUN_ID_VARIABLE, raising=False)
    provenance = read_provenance(tmp_path, "shop")
    assert (provenance.git_commit, provenance.git_dirty) == ("unknown", True)
    assert provenance.mlflow_run_id is None
    assert provenance.dvc_hashes == {}
    assert "openvino" in provenance.packages


def test_commit_dirt_hashes_and_run_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def git(*arguments: str) -> None:
        identity = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
        subprocess.run(["git", "-C", str(tmp_path), *identity, *arguments], check=True, capture_output=True)

    git("init")
    (tmp_path / "dvc.lock").write_text(_LOCK)
    git("add", "dvc.lock")
    git("commit", "-m", "x")
    monkeypatch.setenv(RUN_ID_VARIABLE, "run7")
    provenance = read_provenance(tmp_path, "shop")
    assert len(provenance.git_commit) == 40
    assert not provenance.git_dirty
    assert provenance.mlflow_run_id == "run7"
    assert provenance.dvc_hashes == {"data/processed/shop/detector": "md5:aa.dir", "models/shop/detector": "md5:bb.dir"}
    (tmp_path / "dvc.lock").write_text("stages: 3")
    assert read_provenance_refuses(tmp_path)


def read_provenance_refuses(root: Path) -> bool:
    with pytest.raises(DongsunError, match=r"dvc\.lock"):
        read_provenance(root, "shop")
    return True
