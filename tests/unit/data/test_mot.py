from datetime import UTC, datetime, timedelta

import cv2
import pytest

from dongsun.contract.errors import DongsunError
from dongsun.contract.stage import SilentRunLog
from dongsun.data.frames import count_frames, read_frames_bgr
from dongsun.data.manifest import read_box_extent, read_manifest
from dongsun.data.readers.clip import Clip
from dongsun.data.readers.mot_folder import MotFolderReader
from dongsun.data.readers.mot_truth import read_mot_truth
from dongsun.data.readers.mot_video import CropRules, MotVideoReader
from dongsun.data.records import DetectorRecord, ReidRecord
from dongsun.data.run_ingest import IngestStage
from dongsun.data.splits import ByPerson

RULES = CropRules(min_label_height_px=6, min_crop_height_px=10)
BY_TIME = {"train": 0.6, "calibration": 0.1, "test": 0.3}


@pytest.fixture
def clip(tmp_path, write_video, write_truth):
    """20 frames of 96×64; persons 1 and 2 throughout, 3 in the last six frames; truth in twice the video's pixels."""

    def make(**more) -> Clip:
        rows = []
        for frame in range(1, 21):
            rows.append((frame, 1, 20, 20, 20, 60, 1, -1, -1))
            rows.append((frame, 2, 100 + 2 * frame, 40, 20, 50, 1, 1, 0.9))
            if frame > 14:
                rows.append((frame, 3, 60, 30, 20, 40, 1, 1, 1.0))
        video = write_video(tmp_path / "raw" / "shop.mp4", 20)
        truth = write_truth(tmp_path / "raw" / "shop.txt", rows)
        options = {"video": video, "truth": truth, "camera_id": "c1", "by_time": BY_TIME, "truth_scale": 0.5} | more
        return Clip(**options)

    return make


def test_frames_come_in_decode_order_and_are_counted(tmp_path, write_video, write_picture):
    video = write_video(tmp_path / "v.mp4", 12)
    assert count_frames(video) == 12
    means = [round(float(picture.mean())) for _, picture in read_frames_bgr(video)]
    assert all(abs(mean - (20 + 5 * index)) <= 4 for index, mean in enumerate(means))
    for index in (2, 0, 1):
        write_picture(tmp_path / "stills" / f"{index:03d}.jpg")
    assert count_frames(tmp_path / "stills") == 3
    assert [index for index, _ in read_frames_bgr(tmp_path / "stills")] == [0, 1, 2]
    (tmp_path / "bad.mp4").write_bytes(b"no video")
    with pytest.raises(DongsunError, match="readable video"):
        count_frames(tmp_path / "bad.mp4")


def test_truth_lines(tmp_path, write_truth, problems):
    path = write_truth(
        tmp_path / "gt.txt",
        [(1, 7, 10, 20, 30, 40, 1, 1, 0.5), (1, 7, 0, 0, 5, 5, 1, 1, 1), (2, 8, 0, 0, 4, 4, 0, 1, 1),
         (2, 9, 0, 0, 4, 4, 1, 3, 1), (3, 1, 0, 0, 0, 4), (0, 1, 0, 0, 4, 4), (4, "x", 1), (5, 1, "nan", 0, 4, 4),
         (6, 2, 1, 2, 3, 4)],
    )  # fmt: skip
    truth = read_mot_truth(path, 0.5, frozenset({-1, 1}), problems)
    assert {index: [(b.track_id, b.box_xyxy_px, b.visibility) for b in boxes] for index, boxes in truth.items()} == {
        0: [("7", (5.0, 10.0, 20.0, 30.0), 0.5)],
        5: [("2", (0.5, 1.0, 2.0, 3.0), None)],
    }
    assert problems.counts == {"malformed_truth_line": 4, "truth_id_twice_in_frame": 1}
    assert problems.left_out == {"truth_marked_ignore": 1, "truth_of_other_class": 1}
    with pytest.raises(DongsunError, match="no usable line"):
        read_mot_truth(
            write_truth(tmp_path / "other.txt", [(1, 1, 0, 0, 9, 9, 1, 3, 1)]), 1.0, frozenset({1}), problems
        )
    assert read_mot_truth(write_truth(tmp_path / "empty.txt", []), 1.0, frozenset({1}), problems) == {}


def test_labels_and_crops_match_the_truth(clip, read, workspace, problems):
    records = read(MotVideoReader(source="shop", clips=(clip(),), rules=RULES))
    frames = [record for record in records if isinstance(record, DetectorRecord)]
    crops = [record for record in records if isinstance(record, ReidRecord)]
    assert [(r.frame_index, r.split) for r in frames] == [
        (i, "train" if i < 12 else "calibration" if i < 14 else "test") for i in range(20)
    ]
    assert [r.people for r in frames] == [2] * 14 + [3] * 6
    label = (workspace.detector_dir / frames[0].label_path).read_text().splitlines()
    expected = [(10, 10, 20, 40), (51, 20, 61, 45)]
    for line, (x1, y1, x2, y2) in zip(label, expected, strict=True):
        cells = [float(cell) for cell in line.split()]
        assert cells == pytest.approx([0, (x1 + x2) / 192, (y1 + y2) / 128, (x2 - x1) / 96, (y2 - y1) / 64], abs=1e-5)
    first = crops[0]
    assert (first.person_id, first.frame_index, first.box_xyxy_px) == ("1", 0, (10.0, 10.0, 20.0, 40.0))
    assert cv2.imread(str(workspace.reid_dir / first.path)).shape == (30, 10, 3)
    assert (crops[1].visibility, first.visibility) == (pytest.approx(0.9), None)
    part = workspace.clips[0]
    assert (part.frames, part.ranges["test"]) == (20, (14, 20))
    assert problems.counts == {}


def test_strides_heights_visibility_and_the_frame_edge(clip, read, problems):
    rules = CropRules(frame_stride=5, crop_stride=4, min_label_height_px=6, min_crop_height_px=28)
    records = read(MotVideoReader(source="shop", clips=(clip(),), rules=rules))
    assert [r.frame_index for r in records if isinstance(r, DetectorRecord)] == [0, 5, 10, 15]
    crops = [r for r in records if isinstance(r, ReidRecord)]
    assert {r.person_id for r in crops} == {"1"}
    assert sorted({r.frame_index for r in crops}) == [0, 4, 8, 12, 16]
    assert problems.left_out["crop_too_small"] == 6


def test_hidden_persons_and_those_outside_the_frame_are_left_out(tmp_path, write_video, write_truth, read, problems):
    rows = [
        (1, 1, -15, 0, 20, 40, 1, 1, 1),
        (1, 2, 10, 0, 20, 40, 1, 1, 0.1),
        (1, 3, 85, 0, 20, 40, 1, 1, 1),
        (9, 3, 1, 1, 20, 40),
    ]
    video = write_video(tmp_path / "v.mp4", 3)
    clip = Clip(video=video, truth=write_truth(tmp_path / "v.txt", rows), camera_id="c", split="train")
    records = read(MotVideoReader(source="x", clips=(clip,), rules=CropRules()))
    crops = [r for r in records if isinstance(r, ReidRecord)]
    assert [(r.person_id, r.box_xyxy_px) for r in crops] == [("3", (85.0, 0.0, 96.0, 40.0))]
    assert [r.people for r in records if isinstance(r, DetectorRecord)] == [1, 0, 0]
    assert problems.left_out == {"crop_too_hidden": 2, "label_too_hidden": 2}
    assert problems.counts == {"truth_beyond_video": 1}


def test_heads_become_a_second_class(clip, tmp_path, write_truth, read, workspace):
    heads = write_truth(tmp_path / "heads.txt", [(1, 1, 24, 20, 10, 10, 1, 1, 1)])
    reader = MotVideoReader(source="shop", clips=(clip(head_truth=heads),), rules=RULES)
    assert reader.class_names == ("person", "head")
    frame = next(r for r in read(reader) if isinstance(r, DetectorRecord))
    assert frame.people == 2
    classes = [line[0] for line in (workspace.detector_dir / frame.label_path).read_text().splitlines()]
    assert classes == ["0", "0", "1"]


def test_a_start_time_stamps_the_crops(clip, read):
    start = datetime(2026, 3, 1, 9, tzinfo=UTC)
    records = read(MotVideoReader(source="shop", clips=(clip(starts_at_utc=start),), rules=RULES))
    stamped = [r for r in records if isinstance(r, ReidRecord) and r.frame_index == 7]
    assert stamped[0].captured_at_utc == start + timedelta(seconds=0.7)


def test_ingest_by_person_and_time(clip, tmp_path):
    reader = MotVideoReader(
        source="shop", clips=(clip(),), rules=RULES, splits=ByPerson(train=0.67, test=0.33, camera_rule="report")
    )
    out = tmp_path / "data/interim/shop"
    IngestStage(reader=reader, out_dir=out).run(SilentRunLog())
    rows = list(read_manifest(out / "reid/manifest.parquet", ReidRecord))
    assert {(r.person_id, r.split) for r in rows} == {
        ("1", "train"), ("1", "calibration"), ("2", "train"), ("2", "calibration"), ("3", "test"),
    }  # fmt: skip
    assert all(r.frame_index < 12 for r in rows if r.split == "train")
    on_disk = {path.relative_to(out / "reid").as_posix() for path in (out / "reid/crops").rglob("*.jpg")}
    assert on_disk == {r.path for r in rows}, "held back crops are not left lying about"
    assert not (out / ".scratch").exists()


def test_ingest_twice_gives_the_same_bytes(clip, tmp_path):
    stage = IngestStage(
        reader=MotVideoReader(source="shop", clips=(clip(),), rules=RULES, splits=ByPerson(camera_rule="report")),
        out_dir=tmp_path / "data/interim/shop",
    )
    contents = []
    for _ in range(2):
        stage.run(SilentRunLog())
        contents.append({p.relative_to(stage.out_dir): p.read_bytes() for p in stage.out_dir.rglob("*") if p.is_file()})
    assert contents[0] == contents[1]


def test_twin_folders_with_video_and_stills(tmp_path, write_video, write_truth, write_picture, read, problems):
    root = tmp_path / "raw"
    for split, person in (("train", 1), ("calibration", 2), ("test", 3)):
        write_video(root / split / "door.mp4", 4)
        write_truth(root / split / "door.gt.txt", [(f, person, 10, 5, 20, 40, 1, 1, 1) for f in range(1, 5)])
    for index in range(3):
        write_picture(root / "test" / "till" / f"{index:04d}.jpg", (64, 64))
    write_truth(root / "test" / "till.gt.txt", [(2, 3, 10, 5, 20, 40, 1, 1, 1)])
    write_truth(root / "train" / "lost.gt.txt", [(1, 1, 1, 1, 9, 9)])
    write_video(root / "train" / "mute.mp4", 2)
    (root / "test" / "truth").mkdir()
    records = read(MotFolderReader(root=root, source="twin"))
    crops = [(r.person_id, r.camera_id, r.split, r.frame_index) for r in records if isinstance(r, ReidRecord)]
    assert crops == [
        *[("1", "door", "train", i) for i in range(4)], *[("2", "door", "calibration", i) for i in range(4)],
        *[("3", "door", "test", i) for i in range(4)], ("3", "till", "test", 1),
    ]  # fmt: skip
    assert problems.counts == {"recording_without_truth": 1, "truth_without_recording": 1}


def test_twin_heads(tmp_path, write_video, write_truth, read, workspace):
    write_video(tmp_path / "raw/train/door.mp4", 2)
    write_truth(tmp_path / "raw/train/door.gt.txt", [(1, 5, 10, 5, 20, 40, 1, 1, 1)])
    write_truth(tmp_path / "raw/train/door.amodal.txt", [(1, 5, 10, 5, 20, 50, 1, 1, 1)])
    write_truth(tmp_path / "raw/train/door.heads.txt", [(1, 5, 15, 5, 8, 8, 1, 2, 1)])
    reader = MotFolderReader(root=tmp_path / "raw", source="twin", heads=True)
    assert reader.class_names == ("person", "head")
    frame = next(r for r in read(reader) if isinstance(r, DetectorRecord))
    lines = (workspace.detector_dir / frame.label_path).read_text().splitlines()
    assert [line[0] for line in lines] == ["0", "1"]


def test_labels_and_crops_go_around_whole_bodies_where_asked_for(tmp_path, write_video, write_truth):
    root, out = tmp_path / "raw", tmp_path / "data/interim/s"
    write_video(root / "train/door.mp4", 2)
    write_truth(root / "train/door.gt.txt", [(1, 5, 10, 5, 20, 30, 1, 1, 0.5)])
    write_truth(root / "train/door.amodal.txt", [(1, 5, 10, 5, 20, 40, 1, 1, 0.5)])
    manifest = out / "detector/manifest.parquet"
    for extent, height_px in (("visible", 30), ("whole_body", 40)):
        reader = MotFolderReader(root=root, source="twin", box_extent=extent)
        IngestStage(reader=reader, out_dir=out).run(SilentRunLog())
        assert read_box_extent(manifest) == extent
        frame = next(read_manifest(manifest, DetectorRecord))
        label = (out / "detector" / frame.label_path).read_text().split()
        assert float(label[4]) * frame.height_px == pytest.approx(height_px, abs=0.01)
        crop = next(read_manifest(out / "reid/manifest.parquet", ReidRecord))
        assert crop.box_xyxy_px == (10, 5, 30, 5 + height_px)
    (root / "train/door.amodal.txt").unlink()
    with pytest.raises(DongsunError, match=r"camera>\.amodal\.txt"):
        IngestStage(reader=reader, out_dir=out).run(SilentRunLog())


def test_ids_numbered_per_split_can_be_told_apart(tmp_path, write_video, write_truth):
    root = tmp_path / "raw"
    for split in ("train", "test"):
        write_video(root / split / "door.mp4", 2)
        write_truth(root / split / "door.gt.txt", [(1, 1, 10, 5, 20, 40, 1, 1, 1)])
    out = tmp_path / "data/interim/s"
    with pytest.raises(DongsunError, match="1 shared"):
        IngestStage(reader=MotFolderReader(root=root, source="twin"), out_dir=out).run(SilentRunLog())
    assert not out.exists()
    reader = MotFolderReader(root=root, source="twin", person_ids="per_split")
    IngestStage(reader=reader, out_dir=out).run(SilentRunLog())
    assert {r.person_id for r in read_manifest(out / "reid/manifest.parquet", ReidRecord)} == {"train-1", "test-1"}


def test_settings_that_cannot_be(clip, read, tmp_path):
    with pytest.raises(DongsunError, match="either `split` or `by_time`"):
        clip(split="train")
    with pytest.raises(DongsunError, match="sum to 1"):
        clip(by_time={"train": 0.5})
    with pytest.raises(DongsunError, match="time zone"):
        clip(starts_at_utc=datetime(2026, 1, 1))
    with pytest.raises(DongsunError, match="twice: shop_c1"):
        read(MotVideoReader(source="x", clips=(clip(), clip())))
    with pytest.raises(DongsunError, match="DONGSUN_ASSETS"):
        read(MotVideoReader(source="x", clips=(clip(video=tmp_path / "unset/video.avi"),)))
    with pytest.raises(DongsunError, match="dongsun twin"):
        (tmp_path / "none").mkdir()
        read(MotFolderReader(root=tmp_path / "none", source="twin"))
