import pytest

from dongsun.contract.errors import DongsunError
from dongsun.data.readers.yolo_layout import YoloLayoutReader
from dongsun.data.ultralytics_layout import label_path_for


@pytest.fixture
def add(tmp_path, write_picture):
    root = tmp_path / "raw"
    root.mkdir()
    (root / "data.yaml").write_text("train: images/train\nval: images/val\nnames: {0: person, 1: head}\n")

    def write(part: str, name: str, label: str | None) -> None:
        image = write_picture(root / "images" / part / f"{name}.jpg", (40, 30))
        if label is not None:
            label_path_for(image).parent.mkdir(parents=True, exist_ok=True)
            label_path_for(image).write_text(label)

    write("train", "good", "0 0.5 0.5 0.2 0.4\n1 0.5 0.35 0.1 0.1\n0 0.1 0.5 0.2 1.0\n")
    write("val", "nobody", "")
    return write


def test_frames_and_people(tmp_path, add, read, problems):
    records = read(YoloLayoutReader(root=tmp_path / "raw", camera_id="door"))
    assert [(r.split, r.people, r.width_px, r.height_px, r.camera_id) for r in records] == [
        ("train", 2, 40, 30, "door"), ("test", 0, 40, 30, "door"),
    ]  # fmt: skip
    assert records[0].label_path == str(tmp_path / "raw/labels/train/good.txt")
    assert problems.counts == {}


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        (None, "image_without_label"), ("0 0.5 0.5 0.2\n", "malformed_label"), ("0 a 0.5 0.2 0.1\n", "malformed_label"),
        ("0 nan 0.5 0.2 0.1\n", "malformed_label"), ("0.5 0.5 0.5 0.2 0.1\n", "malformed_label"),
        ("2 0.5 0.5 0.2 0.1\n", "label_of_unknown_class"), ("0 0.95 0.5 0.2 0.1\n", "box_out_of_range"),
        ("0 0.5 0.5 0 0.1\n", "box_out_of_range"), ("0 320 240 20 40\n", "box_out_of_range"),
    ],
)  # fmt: skip
def test_half_truths_are_left_out_and_listed(tmp_path, add, read, problems, label, kind):
    add("train", "bad", label)
    assert len(read(YoloLayoutReader(root=tmp_path / "raw"))) == 2
    assert problems.counts == {kind: 1}


def test_orphan_labels_are_listed(tmp_path, add, read, problems):
    (tmp_path / "raw/labels/train/lost.txt").write_text("")
    read(YoloLayoutReader(root=tmp_path / "raw"))
    assert problems.counts == {"label_without_image": 1}


def test_val_is_calibration_beside_a_test_part(tmp_path, add, read):
    add("test", "one", "")
    (tmp_path / "raw/data.yaml").write_text(
        "train: images/train\nval: images/val\ntest: images/test\nnames: [person, head]\n"
    )
    assert [r.split for r in read(YoloLayoutReader(root=tmp_path / "raw"))] == ["train", "test", "calibration"]


def test_other_classes_and_missing_files_are_refused(tmp_path, add, read):
    (tmp_path / "raw/data.yaml").write_text("train: images/train\nnames: [car, person]\n")
    with pytest.raises(DongsunError, match="person, head"):
        read(YoloLayoutReader(root=tmp_path / "raw"))
    (tmp_path / "raw/data.yaml").write_text("train: images/gone\nnames: [person]\n")
    with pytest.raises(DongsunError, match="no such folder"):
        read(YoloLayoutReader(root=tmp_path / "raw"))
    (tmp_path / "raw/data.yaml").unlink()
    with pytest.raises(DongsunError, match=r"data\.yaml"):
        read(YoloLayoutReader(root=tmp_path / "raw"))
