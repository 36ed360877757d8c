import os
import unicodedata
from collections import Counter
from pathlib import Path

import pytest

from dongsun.contract.errors import DongsunError
from dongsun.contract.stage import SilentRunLog
from dongsun.data.manifest import read_manifest
from dongsun.data.readers.aihub import AihubReader
from dongsun.data.readers.aihub_label import parse_aihub_label
from dongsun.data.readers.aihub_name import AihubName, parse_aihub_name
from dongsun.data.records import ReidRecord
from dongsun.data.run_ingest import IngestStage
from dongsun.data.splits import ByPerson, FromSource


def test_names_are_read_in_any_spelling():
    expected = AihubName("IN", "H00997", "SN3", "110301", 10650)
    assert parse_aihub_name("IN_H00997_SN3_110301_10650") == expected
    assert parse_aihub_name("in_h00997_sn03_110301_10650") == expected
    assert expected.camera_id(2) == "IN-11"
    assert expected.camera_id(6) == "IN-110301"


@pytest.mark.parametrize(
    "stem",
    ["", "IN_H997_SN3_110301_10650", "UP_H00997_SN3_110301_1", "IN_H00997_SN3_11030_1", "IN_H00997_SN3_110301_1_x"],
)
def test_other_names_are_not_guessed(stem):
    assert parse_aihub_name(stem) is None


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_images_get_their_labels_below_korean_folders(tmp_path, write_aihub, read, problems, form):
    image, _ = write_aihub(tmp_path / "raw", "IN_H00997_SN3_110301_10650", form=form)
    (record,) = read(AihubReader(root=tmp_path / "raw"))
    assert record == ReidRecord(
        path=str(image), person_id="H00997", camera_id="IN-110301", sequence_id="SN3-110301", frame_index=10650,
        split=None, source="aihub", scene="IN-SN3", clothes_id="반팔|검정|긴바지|파랑",
    )  # fmt: skip
    assert Path(record.path).is_file(), "the true spelling opens the file"
    assert problems.counts == {}


def test_equal_outfits_are_equal_in_either_spelling(tmp_path, write_aihub, read):
    for stem, form in (("IN_H00001_SN1_110301_1", "NFC"), ("IN_H00001_SN1_110301_2", "NFD")):
        write_aihub(tmp_path / "raw", stem, upper=unicodedata.normalize(form, "반팔"))
    assert len({record.clothes_id for record in read(AihubReader(root=tmp_path / "raw"))}) == 1


def test_everything_that_cannot_be_used_is_listed(tmp_path, write_aihub, write_picture, read, problems):
    raw = tmp_path / "raw"
    folder = write_aihub(raw, "IN_H00001_SN1_110301_1")[0].parent
    write_picture(folder / "IN_H00001_SN1_110301_2.png", keep_bytes=200)
    write_picture(folder / "person one.png")
    (folder / "IN_H00001_SN1_110301_3.png").write_bytes(b"")
    write_picture(folder / "IN_H00001_SN1_110301_4.png")
    write_aihub(raw, "IN_H00002_SN1_110301_5")[0].unlink()
    write_aihub(raw, "IN_H00003_SN1_110301_6")[1].write_text("<ANNOTATION><FILE><name>cut")
    write_picture(raw / "Validation" / "IN_H00001_SN1_110301_1.png")
    (raw / "notes.hwp").write_text("?")
    used = read(AihubReader(root=raw))
    assert sorted(record.frame_index for record in used) == [1, 4, 6]
    assert problems.counts == {
        "image_name_twice": 1,
        "image_without_label": 4,  # 2, 3 (unreadable besides), 4, and 6 whose label is malformed
        "label_without_image": 1,
        "malformed_label": 1,
        "unexpected_file": 1,
        "unparsable_name": 1,
        "unreadable_image": 2,
    }


def test_problems_reach_the_csv_in_full(tmp_path, write_picture):
    for index in range(12):
        write_picture(tmp_path / "raw" / f"IN_H0000{index % 3}_SN1_1103{index % 2}1_{index}.png")
        write_picture(tmp_path / "raw" / f"bad {index}.png")
    reader = AihubReader(root=tmp_path / "raw", camera_digits=5)
    result = IngestStage(reader=reader, out_dir=tmp_path / "data" / "interim" / "s").run(SilentRunLog())
    assert result.metrics["problems"] == 12
    lines = (tmp_path / "data/interim/s/problems.csv").read_text(encoding="utf-8").splitlines()
    assert Counter(line.split(",")[0] for line in lines) == {"kind": 1, "unparsable_name": 12}
    assert {r.camera_id for r in read_manifest(tmp_path / "data/interim/s/reid/manifest.parquet", ReidRecord)} == {
        "IN-11030", "IN-11031",
    }  # fmt: skip


def test_a_label_of_another_person_gives_no_clothes(tmp_path, write_aihub, read, problems):
    _, label = write_aihub(tmp_path / "raw", "IN_H00001_SN1_110301_1")
    label.write_text(label.read_text(encoding="utf-8").replace('H00001"', 'H00009"'), encoding="utf-8")
    (record,) = read(AihubReader(root=tmp_path / "raw"))
    assert record.clothes_id is None
    assert problems.counts == {"label_of_another_person": 1}


def test_no_labels_at_all_are_no_problem(tmp_path, write_picture, read, problems):
    write_picture(tmp_path / "raw" / "OUT_H00001_SN1_110301_1.jpg")
    (record,) = read(AihubReader(root=tmp_path / "raw"))
    assert (record.camera_id, record.clothes_id, problems.counts) == ("OUT-110301", None, {})


def test_truncation_needs_decoding_to_be_seen(tmp_path, write_picture, read):
    write_picture(tmp_path / "raw" / "IN_H00001_SN1_110301_1.png", (64, 128), keep_bytes=400)
    assert read(AihubReader(root=tmp_path / "raw", verify_images="decode")) == []
    assert len(read_again(tmp_path, "header")) == len(read_again(tmp_path, "off")) == 1


def read_again(tmp_path: Path, check: str) -> list[ReidRecord]:
    out = tmp_path / check
    from dongsun.data.problems import problem_log
    from dongsun.data.readers.reader import Workspace

    (out / "scratch").mkdir(parents=True)
    with problem_log(out / "problems.csv") as problems:
        reader = AihubReader(root=tmp_path / "raw", verify_images=check)
        return list(reader.read(Workspace(out, out, out / "scratch", out / "progress"), problems))


def test_folders_may_give_the_split(tmp_path, write_aihub, read, problems, write_picture):
    raw = tmp_path / "raw"
    write_aihub(raw, "IN_H00001_SN1_110301_1", part="1.Training")
    write_aihub(raw, "IN_H00002_SN1_110301_1", part="2.Validation")
    write_picture(raw / "other" / "IN_H00003_SN1_110301_1.png")
    records = read(AihubReader(root=raw, splits=FromSource()))
    assert {record.person_id: record.split for record in records} == {"H00001": "train", "H00002": "test"}
    assert problems.counts["image_outside_split_folders"] == 1


def test_persons_shared_by_the_folders_are_refused(tmp_path, write_aihub):
    write_aihub(tmp_path / "raw", "IN_H00001_SN1_110301_1", part="Training")
    write_aihub(tmp_path / "raw", "IN_H00001_SN1_110301_2", part="Validation")
    stage = IngestStage(
        reader=AihubReader(root=tmp_path / "raw", splits=FromSource()), out_dir=tmp_path / "data/interim/s"
    )
    with pytest.raises(DongsunError, match="persons that occur in no other split"):
        stage.run(SilentRunLog())
    assert list((tmp_path / "data/interim").iterdir()) == []


def test_ingest_deals_persons_out_camera_aware(tmp_path, write_picture):
    for person in range(20):
        for camera in (11, 12) if person < 10 else (11,):
            write_picture(tmp_path / "data/raw/s" / f"IN_H{person:05d}_SN1_{camera}0301_{person}.png")
    reader = AihubReader(root=tmp_path / "data/raw/s", splits=ByPerson(train=0.7, test=0.3, seed=3))
    IngestStage(reader=reader, out_dir=tmp_path / "data/interim/s").run(SilentRunLog())
    path = tmp_path / "data/interim/s/reid/manifest.parquet"
    test = {record.person_id for record in read_manifest(path, ReidRecord, ("test",))}
    assert len(test) == 6
    assert all(int(person[1:]) < 10 for person in test)
    rows = list(read_manifest(path, ReidRecord))
    assert len(rows) == 30
    assert all(not record.path.startswith("/") and (path.parent / record.path).is_file() for record in rows)
    keys = [(r.person_id, r.camera_id, r.sequence_id, r.frame_index) for r in rows]
    assert keys == sorted(keys)


def test_names_that_are_not_utf8_are_listed(tmp_path, write_picture, read, problems):
    write_picture(tmp_path / "raw" / "IN_H00001_SN1_110301_1.png")
    try:
        os.mkdir(os.fsencode(tmp_path / "raw") + b"/" + "원천".encode("cp949"))  # noqa: PTH102
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    assert len(read(AihubReader(root=tmp_path / "raw"))) == 1
    assert problems.counts == {"path_not_utf8": 1}


def test_korean_encodings_and_many_objects_are_read(tmp_path, write_aihub):
    _, label = write_aihub(tmp_path, "IN_H00001_SN1_110301_1", encoding="euc-kr")
    (parsed,) = parse_aihub_label(label.read_bytes())
    assert parsed.clothes_id == "반팔|검정|긴바지|파랑"
    two = b"""<A><FILE><name>IN_H00002_SN1_110301_1.png</name></FILE>
    <OBJECT ID="H00001"><upperclothes>x</upperclothes></OBJECT>
    <OBJECT ID="H00002"><upperclothes>y</upperclothes></OBJECT></A>"""
    assert parse_aihub_label(two)[0].person_id == "H00002"
    nested = (
        b"""<A><FILE><name>a.png</name><OBJECT ID="1"/></FILE><FILE><name>b.png</name><OBJECT ID="2"/></FILE></A>"""
    )
    assert [(label.image_stem, label.person_id) for label in parse_aihub_label(nested)] == [("a", "1"), ("b", "2")]


@pytest.mark.parametrize(
    "raw", [b"", b"<A>", b"<A/>", b"<A><FILE><name>a</name></FILE></A>", b"<!DOCTYPE a><A/>", b"\xff\xfe<A/>"]
)
def test_other_xml_is_refused(raw):
    with pytest.raises(ValueError):
        parse_aihub_label(raw)


def test_an_absent_folder_is_an_error_to_mend(tmp_path, read):
    with pytest.raises(DongsunError, match="no such folder"):
        read(AihubReader(root=tmp_path / "nowhere"))
