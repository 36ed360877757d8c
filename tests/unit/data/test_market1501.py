import pytest

from dongsun.contract.errors import DongsunError
from dongsun.contract.stage import SilentRunLog
from dongsun.data.manifest import read_manifest
from dongsun.data.readers.market1501 import Market1501Reader
from dongsun.data.records import DISTRACTOR, ReidRecord
from dongsun.data.run_ingest import IngestStage

NAMES = {
    "bounding_box_train": ["0002_c1s1_000451_03.jpg", "0002_c2s1_000461_01.jpg", "0007_c3s3_077419_03.jpg"],
    "query": ["0001_c1s1_001051_00.jpg"],
    "bounding_box_test": ["0001_c2s1_009916_02.jpg", "0000_c4s2_000001_01.jpg", "-1_c1s1_000401_03.jpg"],
}


@pytest.fixture
def root(tmp_path, write_picture):
    for folder, names in NAMES.items():
        for name in names:
            write_picture(tmp_path / "raw" / folder / name)
    return tmp_path / "raw"


def test_splits_roles_junk_and_distractors(root, read, problems):
    records = read(Market1501Reader(root=root))
    seen = [(r.person_id, r.camera_id, r.sequence_id, r.frame_index, r.split, r.role) for r in records]
    assert seen == [
        ("0002", "c1", "s1", 451, "train", None),
        ("0002", "c2", "s1", 461, "train", None),
        ("0007", "c3", "s3", 77419, "train", None),
        ("0001", "c1", "s1", 1051, "test", "query"),
        (DISTRACTOR, "c4", "s2", 1, "test", "gallery"),
        ("0001", "c2", "s1", 9916, "test", "gallery"),
    ]
    assert problems.left_out == {"junk": 1}
    assert problems.counts == {}


def test_other_files_are_listed(root, read, problems, write_picture):
    (root / "query" / "Thumbs.db").write_bytes(b"x")
    write_picture(root / "query" / "0001.jpg")
    write_picture(root / "query" / "0000_c1s1_000001_00.jpg")
    write_picture(root / "query" / "0003_c1s1_000001_00.jpg", (80, 160), keep_bytes=900)
    assert len(read(Market1501Reader(root=root))) == 6
    assert problems.counts == {
        "distractor_outside_gallery": 1, "unexpected_file": 1, "unparsable_name": 1, "unreadable_image": 1,
    }  # fmt: skip


def test_the_manifest_stands(root, tmp_path):
    IngestStage(reader=Market1501Reader(root=root), out_dir=tmp_path / "data/interim/m").run(SilentRunLog())
    rows = list(read_manifest(tmp_path / "data/interim/m/reid/manifest.parquet", ReidRecord))
    assert len(rows) == 6
    assert not (tmp_path / "data/interim/m/detector").exists()


def test_a_missing_folder_is_an_error_to_mend(tmp_path, read):
    with pytest.raises(DongsunError, match="Market"):
        read(Market1501Reader(root=tmp_path / "raw"))
