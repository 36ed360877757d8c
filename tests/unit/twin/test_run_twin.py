"""The stage: files, formats, repeatability, and what it keeps."""

import csv
from pathlib import Path
from typing import Any

import av
import cv2
import pytest
import yaml

from dongsun.contract.errors import DongsunError
from dongsun.contract.stage import SilentRunLog
from dongsun.twin.film.split import TwinSplit
from dongsun.twin.run_render import TwinStage

DEMO = Path(__file__).parents[3] / "conf" / "store" / "demo.yaml"
VIDEO = TwinSplit(name="train", seed=1, first_person=1, people=4, duration_s=1.5, warmup_s=15.0)
STILLS = TwinSplit(name="many", seed=2, first_person=50, people=6, kind="stills", frames=3, frames_per_view=2)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo store with small pictures."""
    raw: dict[str, Any] = yaml.safe_load(DEMO.read_text(encoding="utf-8"))
    raw["twin"] |= {"width_px": 160, "height_px": 90}
    path = tmp_path_factory.mktemp("store") / "small.yaml"
    path.write_text(yaml.safe_dump(raw), encoding="utf-8")
    return path


def _film(store: Path, output: Path, *splits: TwinSplit) -> str:
    return TwinStage(store=store, output_dir=output, splits=splits, workers=1).run(SilentRunLog()).summary


@pytest.fixture(scope="module")
def filmed(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("raw")
    _film(store, output, VIDEO, STILLS)
    return output


def test_a_video_split_has_clips_and_truth(filmed: Path) -> None:
    for camera in ("entrance", "aisle"):
        with av.open(str(filmed / "train" / f"{camera}.mp4")) as container:
            stream = container.streams.video[0]
            assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
            assert float(stream.average_rate or 0) == 10
            frames = sum(1 for _ in container.decode(video=0))
        assert frames == 15
        for suffix in ("gt", "amodal", "heads"):
            for line in (filmed / "train" / f"{camera}.{suffix}.txt").read_text().splitlines():
                frame, person, x, y, w, h, conf, kind, visibility = (float(v) for v in line.split(","))
                assert 1 <= frame <= 15 and 1 <= person <= 4 and conf == 1 and kind == (2 if suffix == "heads" else 1)
                assert x >= 0 and y >= 0 and w > 0 and h > 0 and x + w <= 160.01 and y + h <= 90.01
                assert 0 < visibility <= 1
    headers = {
        "crossings": "camera_id,line_id,person_id,direction,frame_index,time_s,staff,nearest_person_m",
        "entries": "door_id,person_id,direction,frame_index,time_s,staff",
        "occupancy": "time_s,people,staff",
        "heatmap": "hour,x_m,y_m,seconds",
        "visits": "camera_id,zone_id,person_id,enter_s,exit_s,dwell_s,truncated",
        "positions": "frame_index,person_id,x_m,y_m,yaw_rad",
    }
    for name, header in headers.items():
        assert (filmed / "train" / "truth" / f"{name}.csv").read_text().splitlines()[0] == header
    with (filmed / "train" / "truth" / "people.csv").open(encoding="utf-8") as stream_:
        assert [int(row["person_id"]) for row in csv.DictReader(stream_)] == [1, 2, 3, 4]


def test_a_stills_split_has_pictures_and_boxes(filmed: Path) -> None:
    people = set()
    for camera in ("entrance", "aisle"):
        names = sorted(p.name for p in (filmed / "many" / camera).iterdir())
        assert names == ["000001.jpg", "000002.jpg", "000003.jpg"]
        picture = cv2.imread(str(filmed / "many" / camera / names[0]))
        assert picture is not None and picture.shape == (90, 160, 3)
        rows = [line.split(",") for line in (filmed / "many" / f"{camera}.gt.txt").read_text().splitlines()]
        assert rows and {int(r[0]) for r in rows} <= {1, 2, 3}
        people |= {int(r[1]) for r in rows}
    assert people <= set(range(50, 56))


def test_filming_again_gives_the_same_files(store: Path, filmed: Path, tmp_path: Path) -> None:
    _film(store, tmp_path, VIDEO, STILLS)
    files = sorted(p.relative_to(filmed) for p in filmed.rglob("*") if p.is_file())
    assert files == sorted(p.relative_to(tmp_path) for p in tmp_path.rglob("*") if p.is_file())
    for name in files:
        assert (filmed / name).read_bytes() == (tmp_path / name).read_bytes(), name


def test_only_what_changed_is_filmed_again(store: Path, filmed: Path) -> None:
    before = (filmed / "train" / "split.json").stat().st_mtime_ns
    assert "filmed" not in _film(store, filmed, VIDEO, STILLS)
    other = TwinSplit(name="many", seed=3, first_person=50, people=6, kind="stills", frames=1)
    assert "filmed 2 frames" in _film(store, filmed, VIDEO, other)
    assert (filmed / "train" / "split.json").stat().st_mtime_ns == before


def test_processes_change_nothing(store: Path, filmed: Path, tmp_path: Path) -> None:
    TwinStage(store=store, output_dir=tmp_path, splits=(VIDEO,), workers=2).run(SilentRunLog())
    assert (tmp_path / "train" / "aisle.gt.txt").read_bytes() == (filmed / "train" / "aisle.gt.txt").read_bytes()
    assert (tmp_path / "train" / "aisle.mp4").read_bytes() == (filmed / "train" / "aisle.mp4").read_bytes()


def test_an_interrupted_split_leaves_nothing(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("dongsun.twin.film.crew.write_truth", stop)
    with pytest.raises(KeyboardInterrupt):
        _film(store, tmp_path, VIDEO)
    assert not (tmp_path / "train").exists()


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (TwinSplit(name="test", seed=9, first_person=4, people=3), "people 4"),
        (TwinSplit(name="train", seed=9, first_person=40, people=3), "name"),
        (TwinSplit(name="test", seed=1, first_person=40, people=3), "seed"),
    ],
)
def test_splits_must_not_share_anything(store: Path, tmp_path: Path, other: TwinSplit, said: str) -> None:
    with pytest.raises(DongsunError, match=said):
        _film(store, tmp_path, VIDEO, other)


def test_a_store_without_a_twin_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "real.yaml"
    path.write_text("id: real\ncameras: {door: {source: rtsp://camera}}\n", encoding="utf-8")
    with pytest.raises(DongsunError, match="twin"):
        _film(path, tmp_path, VIDEO)


def test_a_missing_store_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DongsunError, match="store file"):
        _film(tmp_path / "none.yaml", tmp_path, VIDEO)
