from pathlib import Path

import pytest

from dongsun.contract.errors import DongsunError
from dongsun.data.manifest import read_manifest, resolve, write_manifest
from dongsun.data.records import ReidRecord
from dongsun.data.sampling import Full, RandomShare, SamplingPolicy, Systematic
from dongsun.study.study_data import drawn_rows, read_study_data
from tests.unit.study.conftest import IMAGES, PEOPLE


def test_nobody_is_judged_whom_the_training_saw(data_dir: Path) -> None:
    data = read_study_data(data_dir, crops_per_person_and_camera=3)
    assert len(data.train) == PEOPLE["train"] * IMAGES
    assert len(data.calibration) == PEOPLE["calibration"] * IMAGES
    groups = [set(data.train.person_ids), set(data.validation.persons), set(data.test.persons)]
    assert sum(len(group) for group in groups) == len(set.union(*groups)) == 12
    assert not set(data.calibration) & set(data.test.paths + data.validation.paths)


@pytest.mark.parametrize(
    ("policy", "least", "most"),
    [(Full(), 45, 45), (Systematic(fraction=0.34), 12, 20), (RandomShare(fraction=0.34), 5, 26)],
)
def test_rows_are_the_policys_own_draw(data_dir: Path, policy: SamplingPolicy, least: int, most: int) -> None:
    data = read_study_data(data_dir, crops_per_person_and_camera=3)
    rows = drawn_rows(data.manifest, data.train, policy, 7)
    assert least <= len(rows) <= most
    assert list(rows) == sorted(set(rows))
    assert rows == drawn_rows(data.manifest, data.train, policy, 7)
    strata: dict[tuple[str, str, str], list[Path]] = {}
    for record in read_manifest(data.manifest, ReidRecord, ("train",)):
        key = (record.person_id, record.camera_id, record.sequence_id)
        strata.setdefault(key, []).append(resolve(data.manifest, record.path))
    wanted = set()
    for key, paths in strata.items():
        decisions = policy.decisions("/".join(key), 7, len(data.train))
        wanted |= {path for path, keep in zip(paths, decisions, strict=False) if keep}
    assert {data.train.paths[row] for row in rows} == wanted


def test_too_few_people_are_refused(data_dir: Path, tmp_path: Path) -> None:
    rows = [r for r in read_manifest(data_dir / "manifest.parquet", ReidRecord) if r.person_id != "x"]
    few = [r for r in rows if r.split != "train"] + [r for r in rows if r.person_id == "train0"][:2]
    folder = tmp_path / "few"
    folder.mkdir()
    with write_manifest(folder / "manifest.parquet", ReidRecord) as writer:
        for record in sorted(few, key=lambda r: (r.person_id, r.camera_id, r.sequence_id, r.frame_index)):
            writer.write(record)
    with pytest.raises(DongsunError, match="two training persons"):
        read_study_data(folder, crops_per_person_and_camera=3)
