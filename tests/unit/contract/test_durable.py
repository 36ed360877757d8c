"""A kill at any moment leaves the old thing or the new thing, never half of one."""

import json
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from dongsun.contract.durable import atomic_directory, atomic_file, write_json


def test_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "a.txt"
    with pytest.raises(RuntimeError), atomic_file(target) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert list(tmp_path.rglob("*.txt")) == []
    with atomic_file(target) as temporary:
        temporary.write_text("whole")
        assert not target.exists()
    assert target.read_text() == "whole"


def test_failed_directory_leaves_the_previous_one(tmp_path: Path) -> None:
    target = tmp_path / "model"
    with atomic_directory(target) as temporary:
        (temporary / "v").write_text("1")
    with pytest.raises(RuntimeError), atomic_directory(target) as temporary:
        (temporary / "v").write_text("2")
        raise RuntimeError
    assert (target / "v").read_text() == "1"
    with atomic_directory(target) as temporary:
        (temporary / "w").write_text("3")
    assert sorted(p.name for p in target.iterdir()) == ["w"], "the new directory replaces the old, it does not mix"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["model"]


def test_sigkill_leaves_the_previous_directory_and_the_next_run_recovers(tmp_path: Path) -> None:
    target = tmp_path / "bundle"
    with atomic_directory(target) as temporary:
        (temporary / "v").write_text("old")
    script = textwrap.dedent(
        f"""
        import os, signal
        from pathlib import Path
        from dongsun.contract.durable import atomic_directory
        with atomic_directory(Path({str(target)!r})) as temporary:
            (temporary / "v").write_text("new")
            os.kill(os.getpid(), signal.SIGKILL)
        """
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == -signal.SIGKILL
    assert (target / "v").read_text() == "old"
    with atomic_directory(target) as temporary:
        assert list(temporary.iterdir()) == [], "what the killed run left is discarded"
        (temporary / "v").write_text("newer")
    assert (target / "v").read_text() == "newer"


def test_kill_between_the_two_renames_is_taken_back(tmp_path: Path) -> None:
    target = tmp_path / "bundle"
    (tmp_path / ".bundle.previous").mkdir()
    (tmp_path / ".bundle.previous" / "v").write_text("old")
    with pytest.raises(RuntimeError), atomic_directory(target):
        raise RuntimeError
    assert (target / "v").read_text() == "old"


def test_json_refuses_nan(tmp_path: Path) -> None:
    target = tmp_path / "m.json"
    write_json(target, {"mAP": 0.5})
    with pytest.raises(ValueError):
        write_json(target, {"mAP": float("nan")})
    assert json.loads(target.read_text()) == {"mAP": 0.5}
