"""Pictures on disk → embeddings → a threshold with its evidence on disk."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from dongsun.contract.embedding import Embeddings, l2_normalised
from dongsun.contract.errors import DongsunError
from dongsun.contract.preprocess import FrameBgr
from dongsun.data.manifest import write_manifest
from dongsun.data.records import ReidRecord
from dongsun.eval.embed_manifest import embed_manifest, select_records
from dongsun.eval.embedded_set import EmbeddedSet
from dongsun.eval.run_tune import TuneStage
from dongsun.eval.threshold_evidence import EVIDENCE_NAME, read_evidence, tune_on, write_evidence
from dongsun.eval.threshold_settings import ThresholdSettings

_PERSONS, _IMAGES = 8, 12


def _embed(crops_bgr: list[FrameBgr]) -> Embeddings:
    """The mean colour of a crop stands for its appearance."""
    means = np.stack([crop.reshape(-1, 3).mean(axis=0) for crop in crops_bgr])
    return l2_normalised((means - 127.5).astype(np.float32))


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    generator = np.random.default_rng(0)
    colours = generator.uniform(40, 215, size=(_PERSONS, 3))
    path = tmp_path / "manifest.parquet"
    with write_manifest(path, ReidRecord) as writer:
        for person in range(_PERSONS):
            for image in range(_IMAGES):
                crop = np.clip(generator.normal(colours[person], 12, size=(8, 4, 3)), 0, 255).astype(np.uint8)
                name = f"p{person}_{image}.png"
                cv2.imwrite(str(tmp_path / name), crop)
                writer.write(ReidRecord(name, f"p{person}", f"c{image % 2}", "s", image * 5, "calibration", "made"))
    return path


def test_crops_become_embeddings_in_file_order(manifest: Path) -> None:
    people = embed_manifest(_embed, manifest, "calibration")
    assert len(people) == _PERSONS * _IMAGES
    assert people.persons == tuple(f"p{index}" for index in range(_PERSONS))
    first = cv2.imread(str(manifest.parent / "p0_0.png"))
    assert people.embeddings[0] == pytest.approx(_embed([first])[0], abs=1e-6)
    assert people.frame_indices[:3].tolist() == [0, 5, 10]


def test_selection_is_balanced_and_seeded(manifest: Path) -> None:
    some = select_records(manifest, "calibration", most_per_person_and_camera=2, seed=1)
    assert len(some) == _PERSONS * 2 * 2
    assert some == select_records(manifest, "calibration", most_per_person_and_camera=2, seed=1)
    assert some != select_records(manifest, "calibration", most_per_person_and_camera=2, seed=2)


def test_missing_split_and_broken_picture_are_refused(manifest: Path) -> None:
    with pytest.raises(DongsunError, match="'test'"):
        embed_manifest(_embed, manifest, "test")
    (manifest.parent / "p0_0.png").write_bytes(b"no picture")
    with pytest.raises(DongsunError, match="no decoder reads"):
        embed_manifest(_embed, manifest, "calibration")


def test_evidence_is_written_and_read_back(manifest: Path, tmp_path: Path) -> None:
    settings = ThresholdSettings(target_false_match_rate=0.05, bootstrap=200)
    people: EmbeddedSet = embed_manifest(_embed, manifest, "calibration")
    tuned = tune_on(people, settings, seed=3)
    written = write_evidence(tmp_path / "out", tuned, model="made", split="calibration")
    evidence = read_evidence(tmp_path / "out" / EVIDENCE_NAME)
    assert evidence.threshold.model_copy(update={"histogram": evidence.histogram}) == tuned.threshold
    assert evidence.protocol == "cross_camera"
    assert sum(evidence.histogram.impostor) == tuned.threshold.impostor_pairs
    assert all(path.stat().st_size > 0 for path in written)
    assert evidence.area_under_roc > 0.9
    again = write_evidence(tmp_path / "again", tune_on(people, settings, seed=3), model="made", split="calibration")
    for one, other in zip(written, again, strict=True):
        assert one.read_bytes() == other.read_bytes()


def test_reading_no_evidence_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(DongsunError, match="dongsun tune"):
        read_evidence(tmp_path / EVIDENCE_NAME)


def test_tuning_on_test_people_is_refused(manifest: Path, tmp_path: Path) -> None:
    from dongsun.contract.stage import SilentRunLog

    stage = TuneStage(manifest, tmp_path / "reid.pt", tmp_path / "out", ThresholdSettings(), split="test")
    with pytest.raises(DongsunError, match="other than test"):
        stage.run(SilentRunLog())
    assert not (tmp_path / "out").exists()
