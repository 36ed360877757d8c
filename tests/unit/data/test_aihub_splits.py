"""What the splits of an AI-Hub tree hold, whatever its people and cameras; no file is needed for that."""

import json
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dongsun.contract.errors import DongsunError
from dongsun.contract.stage import SilentRunLog
from dongsun.data.fake_aihub import FakeTree
from dongsun.data.fake_aihub.people import plan_people
from dongsun.data.manifest import read_manifest
from dongsun.data.records import ReidRecord
from dongsun.data.run_ingest import IngestStage
from dongsun.data.run_sample import SampleStage
from dongsun.data.sampling import Systematic
from dongsun.data.splits import ByPerson

SHARES = {"train": 0.60, "validation": 0.10, "calibration": 0.05, "test": 0.25}


class Planned:
    """Reads a planned tree without its files."""

    source, class_names, box_extent = "aihub", (), "visible"

    def __init__(self, tree: FakeTree, splits: ByPerson) -> None:
        self.tree, self.splits = tree, splits

    def read(self, workspace, problems):
        for person in plan_people(self.tree):
            for take in person.takes:
                camera, scene = f"{take.place}-{take.camera}", f"{take.place}-SN{take.scene}"
                for frame in take.frames():
                    path = f"/raw/{person.person_id}_{scene}_{camera}_{frame}.png"
                    yield ReidRecord(path, person.person_id, camera, scene, frame, None, "aihub", scene=scene)


def ingest(folder: Path, tree: FakeTree, seed: int = 0, **more) -> tuple[list[ReidRecord], dict]:
    splits = ByPerson(**(SHARES | more), seed=seed)
    IngestStage(reader=Planned(tree, splits), out_dir=folder).run(SilentRunLog())
    return list(read_manifest(folder / "reid/manifest.parquet", ReidRecord)), json.loads(
        (folder / "ingest_report.json").read_text()
    )


@settings(max_examples=12, deadline=None)
@given(
    people=st.integers(48, 120),
    cameras=st.integers(4, 60),
    odd=st.tuples(st.integers(0, 6), st.integers(0, 6)),
    seed=st.integers(0, 99),
)
def test_nobody_stands_in_two_splits_and_every_place_in_each(tmp_path_factory, people, cameras, odd, seed):
    tree = FakeTree(
        people=people, images=12 * people, cameras=cameras, one_image_people=odd[0], one_camera_people=odd[1], seed=seed
    )
    rows, report = ingest(tmp_path_factory.mktemp("s"), tree, seed)
    assert len(rows) == tree.images
    splits, seen_by = defaultdict(set), defaultdict(set)
    scenes, places = defaultdict(set), defaultdict(set)
    for row in rows:
        splits[row.person_id].add(row.split)
        seen_by[row.person_id].add(row.camera_id)
        scenes[row.scene].add(row.split)
        places[row.camera_id.split("-")[0]].add(row.split)
    assert all(len(of_person) == 1 for of_person in splits.values())
    assert {split for of_person in splits.values() for split in of_person} == set(SHARES)
    assert all(len(seen_by[name]) >= 2 for name, of_person in splits.items() if of_person == {"test"})
    assert places["IN"] >= {"train", "test"} and places["OUT"] >= {"train", "test"}
    said = {remark.split()[1]: remark for remark in report["remarks"] if remark.startswith("scene ")}
    for scene, used in scenes.items():
        missing = set(SHARES) - used
        assert bool(missing) == (scene in said), "a scene is in every split, or the report says where it isn't"
        assert all(split in said[scene] for split in missing)


def test_every_scene_and_place_of_a_set_of_real_variety_is_in_every_split(tmp_path):
    rows, report = ingest(tmp_path / "s", FakeTree(people=500, images=10_000, cameras=200))
    found = {(row.scene, row.split) for row in rows}
    assert found == {(f"{place}-SN{n}", split) for place in ("IN", "OUT") for n in (1, 2, 3, 4) for split in SHARES}
    images = report["reid"]["images"]
    for split, share in SHARES.items():
        assert images[split] / len(rows) == pytest.approx(share, abs=0.02)
        for place in ("IN", "OUT"):
            of_place = [row.split for row in rows if row.scene.startswith(place)]
            assert of_place.count(split) / len(of_place) == pytest.approx(share, abs=0.03)
    assert report["remarks"] == []


def test_sampling_keeps_every_person_before_every_camera_in_every_scene(tmp_path):
    rows, _ = ingest(tmp_path / "s", FakeTree(people=60, images=6_000))
    sample = SampleStage(
        in_dir=tmp_path / "s",
        out_dir=tmp_path / "p",
        reid=Systematic(fraction=0.25, min_per_stratum=2),
        detector=Systematic(fraction=1.0),
        validation_cap=100,
    )
    sample.run(SilentRunLog())
    kept = list(read_manifest(tmp_path / "p/reid/manifest.parquet", ReidRecord))

    def strata(records):
        return {(r.person_id, r.camera_id, r.scene) for r in records if r.split == "train"}

    assert strata(kept) == strata(rows)
    assert abs(sum(r.split == "validation" for r in kept) - 100) <= 1
    assert {r.person_id for r in kept if r.split == "validation"} == {
        r.person_id for r in rows if r.split == "validation"
    }
    assert [r.path for r in kept if r.split == "test"] == [r.path for r in rows if r.split == "test"]


def test_people_of_one_image_or_camera_are_counted_in_words(tmp_path):
    tree = FakeTree(people=40, images=800, one_image_people=5, one_camera_people=4)
    _, report = ingest(tmp_path / "s", tree)
    assert sum(report["reid"]["single_image_persons"].values()) == 5
    assert sum(report["reid"]["single_camera_persons"].values()) == 9
    assert report["reid"]["single_camera_persons"]["test"] == 0
    once, alone = (remark for remark in report["remarks"] if remark.startswith("people "))
    assert once.startswith("people with one image only: train") and "matched" in once
    assert alone.startswith("people seen by one camera only: train") and "across cameras" in alone


def test_a_set_of_one_camera_says_so_and_too_few_people_are_refused(tmp_path):
    one = FakeTree(people=12, images=240, one_camera_people=12)
    _, report = ingest(tmp_path / "s", one)
    assert report["remarks"][0].startswith("one camera only (IN-110101): people can be searched for across time")
    mixed = FakeTree(people=12, images=240, one_camera_people=10)
    with pytest.raises(DongsunError, match="2 of them seen by enough cameras"):
        ingest(tmp_path / "t", mixed)
    assert not (tmp_path / "t").exists()
