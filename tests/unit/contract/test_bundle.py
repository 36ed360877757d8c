"""The bundle's reader refuses what it does not understand."""

import json
from pathlib import Path
from typing import Any

import pytest

from dongsun.contract.bundle import MANIFEST_NAME, READABLE_VERSIONS, SimilarityThreshold, file_entry, read_bundle
from dongsun.contract.errors import DongsunError

INPUT = {"height_px": 32, "width_px": 32, "channels": "rgb", "resize": "letterbox", "scale": 0.004}


def write_bundle(directory: Path, **changes: Any) -> Path:
    """A bundle whose models are plain bytes: the reader checks identity, not content."""
    (directory / "openvino").mkdir(parents=True)
    (directory / "openvino" / "d.xml").write_bytes(b"<net/>")
    manifest: dict[str, Any] = {
        "schema_version": 1,
        "store_id": "s",
        "version": "1",
        "created_at_utc": "2026-11-21T00:00:00Z",
        "detector": {
            "files": {"INT8": "openvino/d.xml"}, "shipped_precision": "INT8", "input": INPUT,
            "output": "end2end_xyxy_score_class", "class_names": ["person"], "person_class": 0, "score_threshold": 0.3,
        },
        "reid": None,
        "metrics": {},
        "provenance": {"git_commit": "0", "git_dirty": False, "dvc_hashes": {}, "mlflow_run_id": None, "packages": {}},
        "files": [file_entry(directory, "openvino/d.xml").model_dump()],
    }  # fmt: skip
    (directory / MANIFEST_NAME).write_text(json.dumps(manifest | changes))
    return directory


@pytest.mark.parametrize("version", READABLE_VERSIONS)
def test_whole_bundle_is_read(tmp_path: Path, version: int) -> None:
    detector = read_bundle(write_bundle(tmp_path / "b", schema_version=version)).detector
    assert (detector.person_class, detector.box_extent) == (0, "visible")


def test_thresholds_of_schema_1_are_read_without_what_2_adds() -> None:
    old = {
        "similarity": 0.5, "ci95": [0.4, 0.6], "target_false_match_rate": 0.01, "false_match_rate": 0.01,
        "true_match_rate": 0.9, "genuine_pairs": 10, "impostor_pairs": 1000, "persons": 9,
    }  # fmt: skip
    threshold = SimilarityThreshold.model_validate(old)
    assert (threshold.identification, threshold.camera_pairs, threshold.false_match_ci95) == (None, (), None)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"schema_version": 4}, "schema version 4"),
        ({"surprise": 1}, "surprise"),
        ({"files": []}, "files"),
        ({"files": [{"path": "../../x", "bytes": 1, "sha256": "0" * 64}]}, "not among the files"),
    ],
)
def test_unknown_manifest_is_refused(tmp_path: Path, changes: dict[str, Any], named: str) -> None:
    with pytest.raises(DongsunError, match=named):
        read_bundle(write_bundle(tmp_path / "b", **changes))


def test_changed_missing_and_stray_files_are_refused(tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "b")
    model = bundle / "openvino" / "d.xml"
    model.write_bytes(b"<NET/>")
    with pytest.raises(DongsunError, match="not the file that was exported"):
        read_bundle(bundle)
    model.unlink()
    with pytest.raises(DongsunError, match="missing"):
        read_bundle(bundle)
    model.write_bytes(b"<net/>")
    (bundle / "extra.bin").write_bytes(b"x")
    with pytest.raises(DongsunError, match=r"extra\.bin"):
        read_bundle(bundle)


def test_path_out_of_the_bundle_is_refused(tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "b")
    (tmp_path / "secret").write_bytes(b"s")
    raw = json.loads((bundle / MANIFEST_NAME).read_text())
    raw["files"].append(file_entry(tmp_path, "secret").model_dump() | {"path": "../secret"})
    (bundle / MANIFEST_NAME).write_text(json.dumps(raw))
    with pytest.raises(DongsunError, match="outside the bundle"):
        read_bundle(bundle)


def test_no_json_and_no_bundle(tmp_path: Path) -> None:
    with pytest.raises(DongsunError, match="no bundle"):
        read_bundle(tmp_path)
    (tmp_path / MANIFEST_NAME).write_text("{")
    with pytest.raises(DongsunError, match="no JSON"):
        read_bundle(tmp_path)
