"""An ingest killed while it looks at files goes on where it was, and ends with the same bytes."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

from dongsun.contract.stage import SilentRunLog
from dongsun.data import shards
from dongsun.data.fake_aihub import FakeTree, write_fake_tree
from dongsun.data.readers import aihub
from dongsun.data.readers.aihub import AihubReader
from dongsun.data.run_ingest import IngestStage

FILES_PER_SHARD = 60
STOP_AFTER = 3

STUCK = (
    textwrap.dedent(
        """
    import sys, time
    from pathlib import Path
    from dongsun.contract.stage import SilentRunLog
    from dongsun.data import shards
    from dongsun.data.readers import aihub
    from dongsun.data.run_ingest import IngestStage

    def stuck(names, settings):
        for number, shard in enumerate(shards.work_in_shards(names, settings), 1):
            yield shard
            if number == STOP_AFTER:
                Path(sys.argv[3]).touch()
                time.sleep(600)

    if __name__ == "__main__":
        shards.FILES_PER_SHARD = FILES_PER_SHARD
        aihub.work_in_shards = stuck
        reader = aihub.AihubReader(root=Path(sys.argv[1]), workers=2)
        IngestStage(reader=reader, out_dir=Path(sys.argv[2])).run(SilentRunLog())
    """
    )
    .replace("STOP_AFTER", str(STOP_AFTER))
    .replace("= FILES_PER_SHARD", f"= {FILES_PER_SHARD}")
)


def children(process: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (entry / "stat").is_file():
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            if int(fields[1]) == process and fields[0] != "Z":
                found.append(int(entry.name))
    return found


def wait_until(condition, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_killed_ingest_goes_on_and_ends_with_the_same_bytes(tmp_path, monkeypatch):
    raw = tmp_path / "raw"
    write_fake_tree(raw, FakeTree(people=12, images=300, damaged=0.05, layout="flat"))
    out, mark, script = tmp_path / "killed/s", tmp_path / "mark", tmp_path / "stuck.py"
    script.write_text(STUCK)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen([sys.executable, str(script), str(raw), str(out), str(mark)], env=environment)
    wait_until(lambda: mark.exists() or process.poll() is not None)
    workers = children(process.pid)
    assert len(workers) >= 2, "the work is done in processes"
    process.send_signal(signal.SIGKILL)
    process.wait()
    wait_until(lambda: not any(Path(f"/proc/{worker}").exists() for worker in workers))
    assert not out.exists()
    finished = len(list((out.parent / ".s.progress").glob("[!.]*.json")))
    assert finished >= STOP_AFTER

    monkeypatch.setattr(shards, "FILES_PER_SHARD", FILES_PER_SHARD)
    reused = []

    def watched(names, settings):
        for shard in shards.work_in_shards(names, settings):
            reused.append(shard.reused)
            yield shard

    monkeypatch.setattr(aihub, "work_in_shards", watched)
    for folder in (out, tmp_path / "undisturbed/s"):
        IngestStage(reader=AihubReader(root=raw, workers=1), out_dir=folder).run(SilentRunLog())
    half = len(reused) // 2
    assert sum(reused[:half]) == finished and not any(reused[half:])
    for name in ("reid/manifest.parquet", "problems.csv", "ingest_report.json"):
        assert (out / name).read_bytes() == (tmp_path / "undisturbed/s" / name).read_bytes()
    assert [path.name for path in out.parent.iterdir()] == ["s"], "what was kept for going on is swept away"
