"""A render that is killed goes on where it was, and its files are those of an undisturbed one."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import pytest
import yaml

from dongsun.contract.stage import SilentRunLog
from dongsun.twin.film.split import TwinSplit
from dongsun.twin.run_render import TwinStage
from dongsun.twin.run_truth import TruthStage

DEMO = Path(__file__).parents[3] / "conf" / "store" / "demo.yaml"
SPLIT = TwinSplit(
    name="test", seed=4, first_person=1, people=4, duration_s=4.0, warmup_s=12.0, starts_at="18:30",
    exports=("aihub", "market1501", "yolo"), export_every_s=0.5,
)  # fmt: skip


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo store with small pictures, a slower camera and one of fixed bit rate."""
    raw: dict[str, Any] = yaml.safe_load(DEMO.read_text(encoding="utf-8"))
    raw["twin"] |= {"width_px": 160, "height_px": 90}
    raw["twin"]["cameras"]["aisle"] |= {"fps": 5, "width_px": 128, "height_px": 72}
    raw["twin"]["cameras"]["entrance"]["bitrate_kbps"] = 150
    path = tmp_path_factory.mktemp("store") / "small.yaml"
    path.write_text(yaml.safe_dump(raw), encoding="utf-8")
    return path


def _stage(store: Path, output: Path) -> TwinStage:
    return TwinStage(store=store, output_dir=output, splits=(SPLIT,), workers=1, segment_s=1.0)


@pytest.fixture(scope="module")
def undisturbed(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("undisturbed")
    _stage(store, output).run(SilentRunLog())
    return output


def _contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


SCRIPT = """
import sys
sys.path[:0] = sys.argv[3:]
from pathlib import Path
from dongsun.contract.stage import SilentRunLog
from test_film_resume import _stage
_stage(Path(sys.argv[1]), Path(sys.argv[2])).run(SilentRunLog())
"""


def test_a_killed_render_goes_on(store: Path, undisturbed: Path, tmp_path: Path) -> None:
    output = tmp_path / "raw"
    command = [sys.executable, "-c", SCRIPT, str(store), str(output), str(Path(__file__).parent)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    give_up = time.monotonic() + 120
    while len(list(output.glob(".test.*.partial/*/*/segment.json"))) < 2 and process.poll() is None:
        assert time.monotonic() < give_up
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert not (output / "test").exists()
    kept = {p: p.stat().st_mtime_ns for p in output.glob(".test.*.partial/*/*/segment.json")}
    (output / ".test.00000000.partial").mkdir()

    _stage(store, output).run(SilentRunLog())
    assert len(kept) >= 2
    assert _contents(output) == _contents(undisturbed)


def test_segments_that_are_there_are_not_filmed_again(
    store: Path, undisturbed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("dongsun.twin.film.crew.assemble_exports", stop)
        _stage(store, tmp_path).run(SilentRunLog())
    with monkeypatch.context() as patch:
        patch.setattr("dongsun.twin.film.crew.film_segment", stop)
        _stage(store, tmp_path).run(SilentRunLog())
    assert _contents(tmp_path) == _contents(undisturbed)


def test_every_camera_has_its_size_and_rate(undisturbed: Path) -> None:
    for camera, size, fps, frames in (("entrance", (160, 90), 10, 40), ("aisle", (128, 72), 5, 20)):
        with av.open(str(undisturbed / "test" / f"{camera}.mp4")) as container:
            stream = container.streams.video[0]
            assert (stream.width, stream.height, stream.average_rate) == (*size, fps)
            times = [frame.time for frame in container.decode(video=0)]
        assert times == pytest.approx([k / fps for k in range(frames)])
        rows = (undisturbed / "test" / f"{camera}.gt.txt").read_text().splitlines()
        numbers = [int(row.split(",")[0]) for row in rows]
        assert rows and numbers == sorted(numbers) and max(numbers) <= frames
        assert max(numbers) > fps, "rows of later segments follow"


def test_truth_without_pictures_is_the_same_truth(store: Path, undisturbed: Path, tmp_path: Path) -> None:
    result = TruthStage(store=store, output_dir=tmp_path, splits=(SPLIT,)).run(SilentRunLog())
    assert "test: 4 s" in result.summary
    assert _contents(tmp_path / "test" / "truth") == _contents(undisturbed / "test" / "truth")


def test_the_arrival_curve_says_how_many_come_where_the_split_does_not(store: Path, tmp_path: Path) -> None:
    split = replace(SPLIT, people=None, exports=())
    result = TruthStage(store=store, output_dir=tmp_path, splits=(split,)).run(SilentRunLog())
    assert result.metrics["test_unique_visitors"] >= 0
