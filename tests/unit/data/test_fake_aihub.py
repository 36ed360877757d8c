import hashlib
import json
import unicodedata
from collections import Counter
from pathlib import Path
from typing import get_args

import pytest

from dongsun.contract.errors import DongsunError
from dongsun.contract.stage import SilentRunLog
from dongsun.data.fake_aihub import Damage, FakeTree, write_fake_tree
from dongsun.data.fake_aihub.people import plan_people
from dongsun.data.manifest import read_manifest
from dongsun.data.readers.aihub import AihubReader
from dongsun.data.readers.aihub_label import parse_aihub_label
from dongsun.data.readers.aihub_name import parse_aihub_name
from dongsun.data.records import ReidRecord
from dongsun.data.run_ingest import IngestStage


def content(root: Path) -> dict[str, str]:
    files = (path for path in root.rglob("*") if path.is_file())
    return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_equal_settings_give_equal_trees(tmp_path):
    trees = [FakeTree(people=6, images=120, damaged=0.3, seed=seed) for seed in (1, 1, 2)]
    for number, tree in enumerate(trees):
        write_fake_tree(tmp_path / str(number), tree)
    one, same, other = (content(tmp_path / str(number)) for number in range(3))
    assert one == same
    assert set(one) != set(other)


@pytest.mark.parametrize("layout", ["flat", "folders"])
def test_ingest_finds_what_was_planted_and_everything_else(tmp_path, layout):
    tree = FakeTree(people=12, images=400, damaged=0.15, one_image_people=2, one_camera_people=1, layout=layout, seed=3)
    facts = write_fake_tree(tmp_path / "raw", tree)
    assert set(facts.planted) == set(get_args(Damage))
    IngestStage(reader=AihubReader(root=tmp_path / "raw"), out_dir=tmp_path / "out").run(SilentRunLog())
    report = json.loads((tmp_path / "out/ingest_report.json").read_text())
    assert report["problems"] == facts.expected_problems()
    rows = list(read_manifest(tmp_path / "out/reid/manifest.parquet", ReidRecord))
    assert Counter(row.person_id for row in rows) == facts.people
    assert len(rows) == facts.usable_images
    text = " ".join(report["remarks"])
    assert "people with one image only" in text and "people seen by one camera only" in text


def test_names_folders_and_labels_are_as_the_reader_expects(tmp_path):
    facts = write_fake_tree(tmp_path, FakeTree(people=4, images=60, layout="flat"))
    images, labels = sorted(tmp_path.rglob("*.png")), sorted(tmp_path.rglob("*.xml"))
    assert facts.files == 120 == len(images) + len(labels)
    assert all(parse_aihub_name(path.stem) for path in images)
    for path in labels:
        (label,) = parse_aihub_label(path.read_bytes())
        assert label.image_stem == path.stem
        assert label.person_id == path.stem.split("_")[1]
        assert label.clothes_id is not None and label.clothes_id.count("|") == 3
    folders = {path.parent.name for path in labels}
    assert folders == {"[라벨]Training", unicodedata.normalize("NFD", "[라벨]Validation")}


def test_every_image_is_dealt_out_and_odd_people_are_odd():
    tree = FakeTree(people=30, images=5_000, one_image_people=3, one_camera_people=2, seed=5)
    people = plan_people(tree)
    images = [sum(take.images for take in person.takes) for person in people]
    assert sum(images) == 5_000 and len(people) == 30
    assert images.count(1) == 3
    cameras = [len({(take.place, take.camera) for take in person.takes}) for person in people]
    assert cameras.count(1) == 5
    assert {take.place for person in people for take in person.takes} == {"IN", "OUT"}
    assert max(images) > 1.3 * (5_000 / 30), "people differ"


def test_trees_that_cannot_be_are_refused(tmp_path):
    with pytest.raises(DongsunError, match="eight images a person"):
        write_fake_tree(tmp_path / "a", FakeTree(people=10, images=20))
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "something").touch()
    with pytest.raises(DongsunError, match="something in it"):
        write_fake_tree(tmp_path / "b", FakeTree())
    assert not (tmp_path / "a").exists()
