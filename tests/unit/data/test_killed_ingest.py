"""A stage killed at any moment leaves no half-written data set."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import dongsun
from dongsun.contract.stage import SilentRunLog
from dongsun.data.manifest import read_manifest
from dongsun.data.readers.market1501 import Market1501Reader
from dongsun.data.records import ReidRecord
from dongsun.data.run_ingest import IngestStage

ENDLESS = textwrap.dedent(
    """
    import sys
    from itertools import count
    from pathlib import Path
    from dongsun.contract.stage import SilentRunLog
    from dongsun.data.readers import reader
    from dongsun.data.records import ReidRecord
    from dongsun.data.run_ingest import IngestStage
    from dongsun.data.splits import FromSource
    from dongsun.data.staging import StagingTable

    class Endless:
        source, class_names, box_extent, splits = "endless", (), "visible", FromSource()
        def read(self, workspace, problems):
            for index in range(1000):
                yield ReidRecord(f"{index}.png", "1", "c1", "s1", index, "train", "endless")

    def forever(table):  # dies while the manifest itself is being written
        for index in count():
            if index == 20_000:
                Path(sys.argv[2]).touch()
            yield ReidRecord(f"{index}.png", "1", "c1", "s1", index, "train", "endless")

    StagingTable.in_stratum_order = forever
    IngestStage(reader=Endless(), out_dir=Path(sys.argv[1])).run(SilentRunLog())
    """
)


def kill_midway(out: Path, tmp_path: Path) -> None:
    mark = tmp_path / "writing"
    process = subprocess.Popen(
        [sys.executable, "-c", ENDLESS, str(out), str(mark)], env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    )
    deadline = time.monotonic() + 60
    while not mark.exists():
        assert process.poll() is None, "the stage ended by itself"
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    mark.unlink()


def test_a_kill_leaves_nothing_and_the_next_run_succeeds(tmp_path, write_picture):
    assert dongsun.__version__
    out = tmp_path / "data/interim/s"
    kill_midway(out, tmp_path)
    assert not out.exists()
    for folder, name in (("bounding_box_train", "0002"), ("query", "0001"), ("bounding_box_test", "0001")):
        write_picture(tmp_path / "raw" / folder / f"{name}_c1s1_000451_03.jpg")
    stage = IngestStage(reader=Market1501Reader(root=tmp_path / "raw"), out_dir=out)
    stage.run(SilentRunLog())
    assert [path.name for path in out.parent.iterdir()] == ["s"], "the killed run's remains are swept away"

    kill_midway(out, tmp_path)
    assert len(list(read_manifest(out / "reid/manifest.parquet", ReidRecord))) == 3, "the old one stands"
    stage.run(SilentRunLog())
    assert [path.name for path in out.parent.iterdir()] == ["s"]
