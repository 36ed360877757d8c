from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from dongsun.contract.errors import DongsunError
from dongsun.data.manifest import (
    ROWS_PER_GROUP,
    count_rows,
    read_class_names,
    read_manifest,
    resolve,
    write_manifest,
)
from dongsun.data.records import DISTRACTOR, DetectorRecord, ReidRecord


def write(path: Path, records, **options):
    with write_manifest(path, type(records[0]), **options) as writer:
        for record in records:
            writer.write(record)
    return writer.result


def refused(tmp_path: Path, records, text: str, **options) -> None:
    with pytest.raises(DongsunError, match=text):
        write(tmp_path / "m.parquet", records, **options)
    assert list(tmp_path.iterdir()) == []


def test_reid_rows_come_back_as_written(tmp_path, crop):
    full = crop(
        "사진/a.png", captured_at_utc=datetime(2026, 1, 2, 3, 4, 5, 678000, UTC), scene="SN1", clothes_id="반팔|검정",
        role="query", box_xyxy_px=(1.0, 2.0, 3.5, 4.0), visibility=0.5, split="test",
    )  # fmt: skip
    bare = crop("b.png", person="2")
    write(tmp_path / "m.parquet", [full, bare])
    assert list(read_manifest(tmp_path / "m.parquet", ReidRecord)) == [full, bare]
    assert list(read_manifest(tmp_path / "m.parquet", ReidRecord, ("test",))) == [full]
    assert resolve(tmp_path / "m.parquet", full.path) == tmp_path / "사진/a.png"
    assert resolve(tmp_path / "m.parquet", "/elsewhere/x.png") == Path("/elsewhere/x.png")


def test_detector_rows_and_class_names_come_back(tmp_path, frame):
    rows = [frame("images/0.jpg"), replace(frame("images/1.jpg", "test"), label_path=None, people=None)]
    result = write(tmp_path / "m.parquet", rows, class_names=["person", "head"])
    assert list(read_manifest(tmp_path / "m.parquet", DetectorRecord)) == rows
    assert read_class_names(tmp_path / "m.parquet") == ("person", "head")
    assert result.images == {"train": 1, "validation": 0, "calibration": 0, "test": 1}
    assert result.persons == {}


def test_many_rows_go_out_in_row_groups(tmp_path, crop):
    rows = 2 * ROWS_PER_GROUP + 5
    with write_manifest(tmp_path / "m.parquet", ReidRecord) as writer:
        for index in range(rows):
            writer.write(crop(f"{index}.png", frame=index))
    assert pq.ParquetFile(tmp_path / "m.parquet").metadata.num_row_groups == 3
    assert count_rows(tmp_path / "m.parquet", ReidRecord) == {
        "train": rows,
        "validation": 0,
        "calibration": 0,
        "test": 0,
    }
    frames = [record.frame_index for record in read_manifest(tmp_path / "m.parquet", ReidRecord)]
    assert frames == list(range(rows))


def test_a_test_person_in_training_is_refused(tmp_path, crop):
    refused(tmp_path, [crop("a"), crop("b", split="test")], "1 shared, such as 1")


def test_a_test_person_in_calibration_is_refused(tmp_path, crop):
    refused(tmp_path, [crop("a", split="calibration"), crop("b", split="test")], "1 shared")


def test_training_and_calibration_may_share_persons_but_no_image(tmp_path, crop):
    write(tmp_path / "m.parquet", [crop("a"), crop("b", split="calibration")])
    (tmp_path / "m.parquet").unlink()
    refused(tmp_path, [crop("a"), crop("a", split="calibration")], "a path twice: a")


def test_distractors_belong_to_nobody(tmp_path, crop):
    rows = [crop("a"), crop("b", DISTRACTOR, "test"), crop("c", "2", "test")]
    assert write(tmp_path / "m.parquet", rows).persons == {"train": 1, "validation": 0, "calibration": 0, "test": 1}


def test_test_persons_of_one_camera_are_refused_or_reported(tmp_path, crop):
    rows = [crop("a", "1", "train", "c1"), crop("b", "2", "test", "c1"), crop("c", "3", "test", "c1"),
            crop("d", "3", "test", "c2")]  # fmt: skip
    refused(tmp_path, rows, "1 seen by one, such as 2", camera_rule="require")
    assert write(tmp_path / "m.parquet", rows).single_camera_test_persons == ("2",)


def test_one_camera_is_enough_where_there_is_only_one(tmp_path, crop):
    rows = [crop("a", "1"), crop("b", "2", "test")]
    assert write(tmp_path / "m.parquet", rows, camera_rule="require").single_camera_test_persons == ("2",)


def test_a_row_without_split_is_refused(tmp_path, crop):
    refused(tmp_path, [crop("a", split=None)], "no split")


def test_an_empty_manifest_is_refused(tmp_path):
    with pytest.raises(DongsunError, match="at least one image"), write_manifest(tmp_path / "m.parquet", ReidRecord):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_failure_while_writing_leaves_the_old_manifest(tmp_path, crop):
    write(tmp_path / "m.parquet", [crop("old")])
    with pytest.raises(RuntimeError), write_manifest(tmp_path / "m.parquet", ReidRecord) as writer:
        writer.write(crop("new"))
        raise RuntimeError
    assert [record.path for record in read_manifest(tmp_path / "m.parquet", ReidRecord)] == ["old"]
    assert [path.name for path in tmp_path.iterdir()] == ["m.parquet"]


def test_the_wrong_kind_or_no_file_is_refused(tmp_path, frame):
    write(tmp_path / "m.parquet", [frame("images/0.jpg")])
    with pytest.raises(DongsunError, match=r"detector/1"):
        next(read_manifest(tmp_path / "m.parquet", ReidRecord))
    with pytest.raises(DongsunError, match="dongsun ingest"):
        next(read_manifest(tmp_path / "absent.parquet", ReidRecord))
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 not really")
    with pytest.raises(DongsunError, match="a dataset manifest"):
        next(read_manifest(tmp_path / "broken.parquet", ReidRecord))
