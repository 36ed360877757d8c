"""What the twin exports is what the readers take in: names, folders, labels, and a manifest at the end."""

from pathlib import Path

import numpy as np
import pytest

from dongsun.contract.errors import DongsunError
from dongsun.contract.stage import SilentRunLog
from dongsun.data.manifest import MANIFEST_NAME, read_manifest
from dongsun.data.readers.aihub import AihubReader
from dongsun.data.readers.market1501 import Market1501Reader
from dongsun.data.readers.yolo_layout import YoloLayoutReader
from dongsun.data.records import ReidRecord
from dongsun.data.run_ingest import IngestStage
from dongsun.data.splits import FromSource
from dongsun.twin.render.renderer import Box, Sighting
from dongsun.twin.truth.reid_crops import Crop, cut_crops, found_crops, write_aihub, write_market1501
from dongsun.twin.truth.yolo_frames import write_data_yaml, write_frame

STAFF = 800_001


def _sighting(person: int, box: Box, visibility: float = 1.0) -> Sighting:
    head = (box[0], box[1], box[2], box[1] + 12)
    return Sighting(person, box, box, visibility, head, 0.9)


@pytest.fixture
def crops(tmp_path: Path) -> list[Crop]:
    """Two people and one of staff before two cameras; somebody too small and somebody hidden besides."""
    rng = np.random.default_rng(1)
    found = []
    for camera in (1, 2):
        folder = tmp_path / f"segment{camera}"
        folder.mkdir()
        for frame in (0, 10, 20):
            image = rng.integers(0, 255, (120, 160, 3)).astype(np.uint8)
            people = [
                _sighting(7, (4, 10, 30, 80)),
                _sighting(12_345, (40, 10, 70, 90), 0.41),
                _sighting(STAFF, (80, 5, 99, 70)),
                _sighting(8, (100, 10, 120, 49)),
                _sighting(9, (120, 10, 150, 100), 0.39),
            ]
            assert cut_crops(image, people, frame, folder) == 3
        found += found_crops([folder], camera)
    return found


@pytest.mark.parametrize(("name", "split"), [("train", "train"), ("test", "test")])
def test_aihub_crops_become_a_manifest(tmp_path: Path, crops: list[Crop], name: str, split: str) -> None:
    write_aihub(crops, tmp_path / "aihub", name)
    reader = AihubReader(root=tmp_path / "aihub", splits=FromSource(), camera_digits=2)
    IngestStage(reader=reader, out_dir=tmp_path / "out").run(SilentRunLog())
    records = list(read_manifest(tmp_path / "out" / "reid" / MANIFEST_NAME, ReidRecord))
    assert len(records) == 18 and {r.split for r in records} == {split}
    assert {r.person_id for r in records} == {"H00007", "H12345", "H90001"}
    assert {(r.camera_id, r.frame_index) for r in records} == {(f"IN-0{c}", f) for c in (1, 2) for f in (0, 10, 20)}
    assert len((tmp_path / "out" / "problems.csv").read_text().splitlines()) == 1, "no problems"


def test_market_crops_are_read_back(tmp_path: Path, crops: list[Crop], read, problems) -> None:
    write_market1501(crops, tmp_path / "market", "test")
    records = read(Market1501Reader(root=tmp_path / "market"))
    assert problems.counts == {}
    assert {r.person_id for r in records} == {"0001", "0002", "0003"}
    assert {r.camera_id for r in records} == {"c1", "c2"}
    assert sorted(r.role for r in records) == ["gallery"] * 12 + ["query"] * 6
    names = (tmp_path / "market" / "persons.csv").read_text().splitlines()
    assert names == ["market1501_id,person_id", "1,7", "2,12345", f"3,{STAFF}"]
    write_market1501(crops, tmp_path / "training", "train")
    assert {r.split for r in read(Market1501Reader(root=tmp_path / "training"))} == {"train"}


def test_frames_are_read_as_yolo_layout(tmp_path: Path, read, problems) -> None:
    root = tmp_path / "yolo"
    for kind in ("images", "labels"):
        (root / kind / "test").mkdir(parents=True)
    image = np.full((120, 160, 3), 90, np.uint8)
    seen = [_sighting(7, (-10, 10, 30, 130)), _sighting(9, (120, 10, 150, 100), 0.2)]
    write_frame(image, seen, root / "images" / "test", root / "labels" / "test", "door_000000")
    write_frame(image, [], root / "images" / "test", root / "labels" / "test", "door_000010")
    write_data_yaml(root, "test")
    records = read(YoloLayoutReader(root=root))
    assert problems.counts == {}
    assert [(r.people, r.split, r.width_px, r.height_px) for r in records] == [
        (1, "test", 160, 120),
        (0, "test", 160, 120),
    ]
    lines = (root / "labels" / "test" / "door_000000.txt").read_text().splitlines()
    assert lines[0] == "0 0.093750 0.541667 0.187500 0.916667"
    assert [line[0] for line in lines] == ["0", "1", "1"]


def test_a_number_that_has_no_aihub_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DongsunError, match="90000"):
        write_aihub([Crop(tmp_path / "x.png", 123_456, 1, 0)], tmp_path / "aihub", "train")
