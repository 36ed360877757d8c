"""The real clip through ingest and sampling, and into ultralytics' own loader."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dongsun.contract.stage import SilentRunLog
from dongsun.data.manifest import read_manifest
from dongsun.data.readers.clip import Clip
from dongsun.data.readers.mot_video import MotVideoReader
from dongsun.data.records import DetectorRecord, ReidRecord
from dongsun.data.run_ingest import IngestStage
from dongsun.data.run_sample import SampleStage
from dongsun.data.sampling import Systematic
from dongsun.data.splits import ByPerson
from dongsun.data.ultralytics_layout import write_ultralytics_data_yaml

ASSETS = Path(os.environ.get("DONGSUN_ASSETS", "unset"))
VIDEO = ASSETS / "video/vtest_pets2009_s2l1_480x360.avi"
pytestmark = pytest.mark.skipif(not VIDEO.is_file(), reason="DONGSUN_ASSETS does not hold the PETS 2009 clip")

LOAD = """
import sys
from ultralytics.data.dataset import YOLODataset
from ultralytics.data.utils import check_det_dataset
data = check_det_dataset(sys.argv[1], autodownload=False)
for name in ("train", "val", "test"):
    labels = YOLODataset(img_path=data[name], data=data, augment=False, imgsz=320).labels
    print(name, len(labels), sum(len(label["cls"]) for label in labels))
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("pets") / "data"
    clip = Clip(
        video=VIDEO,
        truth=ASSETS / "truth/pets2009_s2l1_mot_gt.txt",
        camera_id="view1",
        sequence_id="s2l1",
        by_time={"train": 0.6, "calibration": 0.1, "test": 0.3},
        truth_scale=0.625,
    )
    reader = MotVideoReader(
        source="pets2009", clips=(clip,), splits=ByPerson(train=0.67, test=0.33, seed=1, camera_rule="report")
    )
    IngestStage(reader=reader, out_dir=root / "interim/pets2009").run(SilentRunLog())
    SampleStage(
        in_dir=root / "interim/pets2009",
        out_dir=root / "processed/pets2009",
        reid=Systematic(fraction=0.5),
        detector=Systematic(fraction=0.3),
        seed=1,
    ).run(SilentRunLog())
    return root


def test_counts_of_the_real_clip(data):
    frames = list(read_manifest(data / "interim/pets2009/detector/manifest.parquet", DetectorRecord))
    crops = list(read_manifest(data / "interim/pets2009/reid/manifest.parquet", ReidRecord))
    assert [sum(f.split == s for f in frames) for s in ("train", "calibration", "test")] == [477, 79, 239]
    assert sum(f.people or 0 for f in frames) == 4650, (
        "every box of the truth is large and inside enough to be labelled"
    )
    persons = {s: {c.person_id for c in crops if c.split == s} for s in ("train", "calibration", "test")}
    assert len(persons["test"]) == 6
    assert not persons["test"] & (persons["train"] | persons["calibration"])
    assert len(persons["train"] | persons["test"]) >= 18
    assert max(c.frame_index for c in crops if c.split == "train") < 477
    assert {c.frame_index >= 477 for c in crops if c.split == "calibration"} == {True}


def test_ultralytics_finds_every_label(data, tmp_path):
    path = write_ultralytics_data_yaml(data / "processed/pets2009", tmp_path / "work/data.yaml")
    environment = os.environ | {
        "YOLO_CONFIG_DIR": str(tmp_path / "yolo"), "YOLO_OFFLINE": "1", "PYTHONPATH": os.pathsep.join(sys.path),
    }  # fmt: skip
    loaded = subprocess.run(
        [sys.executable, "-c", LOAD, str(path)],
        capture_output=True,
        text=True,
        env=environment,
        timeout=300,
        check=True,
    )
    found = {line.split()[0]: [int(n) for n in line.split()[1:]] for line in loaded.stdout.splitlines()
             if line.startswith(("train ", "val ", "test "))}  # fmt: skip
    frames = list(read_manifest(data / "processed/pets2009/detector/manifest.parquet", DetectorRecord))
    assert found["train"][0] + found["val"][0] == sum(f.split == "train" for f in frames)
    for splits, names in ((("train",), ("train", "val")), (("test",), ("test",))):
        assert sum(found[name][1] for name in names) == sum(f.people or 0 for f in frames if f.split in splits)
