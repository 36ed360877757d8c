import csv
from pathlib import Path

import pytest
import yaml

from dongsun.contract.errors import DongsunError
from dongsun.contract.stage import SilentRunLog
from dongsun.data.manifest import read_box_extent, read_manifest, resolve, write_manifest
from dongsun.data.records import DetectorRecord, ReidRecord
from dongsun.data.run_sample import SampleStage
from dongsun.data.sampling import Full, Systematic
from dongsun.data.ultralytics_layout import label_path_for, write_ultralytics_data_yaml


@pytest.fixture
def interim(tmp_path, crop, frame, write_picture) -> Path:
    """60 training, 10 calibration and 10 test frames; 2 × 40 training crops and others."""
    folder = tmp_path / "data/interim/s"
    path = folder / "detector/manifest.parquet"
    with write_manifest(path, DetectorRecord, class_names=["person"], box_extent="whole_body") as writer:
        for index in range(80):
            split = "train" if index < 60 else "calibration" if index < 70 else "test"
            record = frame(f"images/{index:03d}.jpg", split, index)
            write_picture(folder / "detector" / record.path)
            (folder / "detector/labels").mkdir(exist_ok=True)
            (folder / "detector" / record.label_path).write_text("0 0.5 0.5 0.2 0.2\n")
            writer.write(record)
    with write_manifest(folder / "reid/manifest.parquet", ReidRecord) as writer:
        for person in ("1", "2"):
            for index in range(40):
                writer.write(crop(f"crops/{person}_{index}.jpg", person, frame=index))
        writer.write(crop("/far/away/3.jpg", "3", "test"))
    return folder


def stage(tmp_path: Path, **more) -> SampleStage:
    options = {"reid": Systematic(fraction=0.25), "detector": Systematic(fraction=0.5), "seed": 2, "calibration_cap": 5}
    return SampleStage(in_dir=tmp_path / "data/interim/s", out_dir=tmp_path / "data/processed/s", **(options | more))


def test_training_is_sampled_and_the_rest_is_whole(tmp_path, interim):
    result = stage(tmp_path).run(SilentRunLog())
    out = tmp_path / "data/processed/s"
    assert result.metrics["detector_train"] == 30
    assert read_box_extent(out / "detector/manifest.parquet") == "whole_body"
    assert result.metrics["detector_calibration"] == 5
    assert result.metrics["detector_test"] == 10
    assert (result.metrics["reid_train"], result.metrics["reid_test"]) == (20, 1)
    for record in read_manifest(out / "detector/manifest.parquet", DetectorRecord):
        assert record.path.startswith("../../../interim/s/detector/images/")
        assert resolve(out / "detector/manifest.parquet", record.path).is_file()
        assert resolve(out / "detector/manifest.parquet", record.label_path).is_file()
    paths = [record.path for record in read_manifest(out / "reid/manifest.parquet", ReidRecord)]
    assert paths[-1] == "/far/away/3.jpg"
    with (out / "reid/sampling_summary.csv").open() as stream:
        assert list(csv.reader(stream)) == [
            ["person_id", "camera_id", "sequence_id", "images", "kept"],
            ["1", "c1", "s1", "40", "10"], ["2", "c1", "s1", "40", "10"],
        ]  # fmt: skip


def test_the_detector_lists_never_mix(tmp_path, interim):
    stage(tmp_path).run(SilentRunLog())
    out = tmp_path / "data/processed/s/detector"
    lists = {n: (out / f"{n}.txt").read_text().split() for n in ("train", "val", "calibration", "test")}
    assert {n: len(lines) for n, lines in lists.items()} == {"train": 24, "val": 6, "calibration": 5, "test": 10}
    assert len({line for lines in lists.values() for line in lines}) == 45
    rows = {r.path: r.split for r in read_manifest(out / "manifest.parquet", DetectorRecord)}
    for name, lines in lists.items():
        assert {rows[line.removeprefix("./")] for line in lines} == {"train" if name == "val" else name}
        assert all((out / line).is_file() and label_path_for(out / line).is_file() for line in lines)
    assert yaml.safe_load((out / "data.yaml").read_text()) == {
        "train": "train.txt", "val": "val.txt", "test": "test.txt", "names": {0: "person"},
    }  # fmt: skip


def test_the_view_for_training_has_absolute_paths_and_touches_nothing(tmp_path, interim):
    stage(tmp_path).run(SilentRunLog())
    before = sorted(path for path in (tmp_path / "data").rglob("*"))
    path = write_ultralytics_data_yaml(tmp_path / "data/processed/s", tmp_path / "work/data.yaml")
    settings = yaml.safe_load(path.read_text())
    root = Path(settings["path"])
    assert root.is_absolute()
    for name, count in (("train", 24), ("val", 6), ("test", 10)):
        images = sorted((root / settings[name]).iterdir())
        assert len(images) == count
        assert all(image.is_file() and label_path_for(image).read_text() for image in images)
    assert sorted(path for path in (tmp_path / "data").rglob("*")) == before
    assert write_ultralytics_data_yaml(tmp_path / "data/processed/s", path) == path, "and may be made again"


def test_a_lost_label_is_no_background(tmp_path, interim):
    stage(tmp_path).run(SilentRunLog())
    for label in (interim / "detector/labels").iterdir():
        label.unlink()
    with pytest.raises(DongsunError, match="one of them is missing"):
        write_ultralytics_data_yaml(tmp_path / "data/processed/s", tmp_path / "work/data.yaml")
    assert not (tmp_path / "work/data.yaml").exists()


def test_sampling_twice_gives_the_same_bytes_and_another_seed_others(tmp_path, interim):
    contents = []
    for seed in (2, 2, 3):
        stage(tmp_path, seed=seed).run(SilentRunLog())
        contents.append((tmp_path / "data/processed/s/detector/train.txt").read_bytes())
        contents.append((tmp_path / "data/processed/s/reid/manifest.parquet").read_bytes())
    assert contents[0:2] == contents[2:4] != contents[4:6]


def test_too_little_to_train_on_is_refused_and_leaves_the_old(tmp_path, interim):
    stage(tmp_path, detector=Full()).run(SilentRunLog())
    with pytest.raises(DongsunError, match="two labelled training frames"):
        stage(tmp_path, detector=Systematic(interval=60.0)).run(SilentRunLog())
    assert len((tmp_path / "data/processed/s/detector/train.txt").read_text().split()) == 48
    assert [path.name for path in (tmp_path / "data/processed").iterdir()] == ["s"]


def test_without_ingest_there_is_nothing_to_sample(tmp_path):
    with pytest.raises(DongsunError, match="dongsun ingest"):
        stage(tmp_path).run(SilentRunLog())
    assert not (tmp_path / "data/processed/s").exists()


def test_unlabelled_frames_serve_calibration_alone(tmp_path, frame):
    from dataclasses import replace

    path = tmp_path / "data/interim/s/detector/manifest.parquet"
    with write_manifest(path, DetectorRecord) as writer:
        writer.write(replace(frame("images/1.jpg", "calibration"), label_path=None, people=None))
        writer.write(replace(frame("images/2.jpg", "test"), label_path=None, people=None))
    stage(tmp_path).run(SilentRunLog())
    out = tmp_path / "data/processed/s/detector"
    assert (out / "calibration.txt").read_text() == "./../../../interim/s/detector/images/1.jpg\n"
    assert (out / "test.txt").read_text() == ""
    assert not (out / "data.yaml").exists()
