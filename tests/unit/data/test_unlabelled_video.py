import pytest

from dongsun.contract.errors import DongsunError
from dongsun.data.readers.unlabelled_video import UnlabelledVideoReader


def test_every_nth_frame_of_every_video(tmp_path, write_video, read, problems, workspace):
    write_video(tmp_path / "raw/door.mp4", 7)
    write_video(tmp_path / "raw/day 2/door.mp4", 4)
    (tmp_path / "raw/broken.mp4").write_bytes(b"?")
    (tmp_path / "raw/notes.txt").write_text("?")
    records = read(UnlabelledVideoReader(root=tmp_path / "raw", frame_stride=3))
    assert [(r.camera_id, r.frame_index) for r in records] == [
        ("day 2_door", 0), ("day 2_door", 3), ("door", 0), ("door", 3), ("door", 6),
    ]  # fmt: skip
    assert all(r.label_path is None and r.people is None and r.split == "calibration" for r in records)
    assert all((workspace.detector_dir / r.path).is_file() for r in records)
    assert problems.counts == {"unexpected_file": 1, "unreadable_video": 1}


def test_a_pattern_selects_and_train_is_refused(tmp_path, write_video, read, problems):
    write_video(tmp_path / "raw/a.mp4", 1)
    write_video(tmp_path / "raw/b.mp4", 1)
    assert len(read(UnlabelledVideoReader(root=tmp_path / "raw", name_pattern="a.*"))) == 1
    assert problems.left_out == {"name_does_not_match": 1}
    with pytest.raises(DongsunError, match="calibration or test"):
        UnlabelledVideoReader(root=tmp_path, split="train")
