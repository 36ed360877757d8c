"""The sealed bundle: read back, tampered with, killed half-way."""

import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import openvino as ov
import pytest

import dongsun
from dongsun.contract.bundle import read_bundle
from dongsun.contract.detections import Detections
from dongsun.contract.durable import atomic_directory
from dongsun.contract.errors import DongsunError
from dongsun.contract.preprocess import FrameBgr
from dongsun.contract.selftest import read_selftest, run_selftest
from dongsun.export.quantise import head_arithmetic, quantised_among
from dongsun.serve_edge.inference.detector import OpenVinoDetector

if TYPE_CHECKING:
    from tests.unit.export.conftest import TinyBundle


def test_reads_back_with_both_precisions_and_a_version_of_its_content(tiny_bundle: "TinyBundle") -> None:
    manifest = read_bundle(tiny_bundle.directory)
    assert manifest == tiny_bundle.manifest
    assert set(manifest.detector.files) == {"FP32", "INT8"}
    assert manifest.detector.shipped_precision == "INT8"
    assert re.fullmatch(r"2026\.11\.21\+[0-9a-f]{8}", manifest.version)
    assert manifest.version in (tiny_bundle.directory / "model_card.md").read_text(encoding="utf-8")


def test_every_file_is_guarded(tiny_bundle: "TinyBundle", tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(tiny_bundle.directory, copy)
    read_bundle(copy)
    for entry in tiny_bundle.manifest.files:
        path = copy / entry.path
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 0x01
        path.write_bytes(content)
        with pytest.raises(DongsunError, match=re.escape(entry.path)):
            read_bundle(copy)
        content[len(content) // 2] ^= 0x01
        path.write_bytes(content)
    (copy / "openvino" / "another.xml").write_text("stray")
    with pytest.raises(DongsunError, match=r"another\.xml"):
        read_bundle(copy)


def test_no_file_tells_of_the_machine_it_was_made_on(tiny_bundle: "TinyBundle") -> None:
    traces = [str(Path(dongsun.__file__).resolve().parents[1]), str(Path.home()), str(tiny_bundle.directory.parent)]
    traces += ["site-packages", sys.prefix]
    for path in tiny_bundle.directory.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not [trace for trace in traces if len(trace) > 5 and trace.encode() in content], path.name


def test_batch_of_eight_gives_what_single_frames_give(tiny_bundle: "TinyBundle") -> None:
    for form in ("onnx", "fp32", "int8"):
        assert tiny_bundle.exported.metrics[f"detector_{form}_batch_gap"] < 1e-2
    assert tiny_bundle.exported.metrics["detector_fp32_score_difference"] < 1e-4


def test_int8_leaves_the_heads_arithmetic_in_float(tiny_bundle: "TinyBundle") -> None:
    core = ov.Core()
    float_model = core.read_model(tiny_bundle.directory / "openvino" / "detector-fp32.xml")
    int8_model = core.read_model(tiny_bundle.directory / "openvino" / "detector-int8.xml")
    arithmetic = head_arithmetic(float_model, tiny_bundle.head_index)
    assert len(arithmetic) > 20
    assert quantised_among(int8_model, arithmetic) == ()
    quantisers = [op for op in int8_model.get_ops() if op.get_type_name() == "FakeQuantize"]
    assert len(quantisers) > 50
    sizes = [(tiny_bundle.directory / "openvino" / f"detector-{p}.bin").stat().st_size for p in ("fp32", "int8")]
    assert sizes[0] > 3 * sizes[1]


def test_the_self_test_passes_on_what_was_exported_and_fails_a_dead_model(tiny_bundle: "TinyBundle") -> None:
    selftest = read_selftest(tiny_bundle.directory)
    spec = tiny_bundle.manifest.detector
    detector = OpenVinoDetector(
        spec, tiny_bundle.directory, spec.shipped_precision, score_floor=selftest.detector.score_floor
    )
    outcome = run_selftest(tiny_bundle.directory, selftest, detector.detect, None)
    assert outcome.lowest_iou > 0.99
    assert outcome.largest_score_difference < 1e-3

    def dead(frame: FrameBgr) -> Detections:
        return Detections.none()

    with pytest.raises(DongsunError, match="nothing of its class"):
        run_selftest(tiny_bundle.directory, selftest, dead, None)


def test_the_self_test_refuses_scores_that_moved(tiny_bundle: "TinyBundle") -> None:
    selftest = read_selftest(tiny_bundle.directory)
    spec = tiny_bundle.manifest.detector
    detector = OpenVinoDetector(
        spec, tiny_bundle.directory, spec.shipped_precision, score_floor=selftest.detector.score_floor
    )

    def raised(frame: FrameBgr) -> Detections:
        found = detector.detect(frame)
        return Detections(found.boxes_xyxy_px, np.minimum(found.scores + np.float32(0.5), 1), found.class_ids)

    with pytest.raises(DongsunError, match="a score of"):
        run_selftest(tiny_bundle.directory, selftest, raised, None)


_WRITER = """
import shutil, sys, time
from pathlib import Path
from dongsun.contract.durable import atomic_directory
old, bundle = Path(sys.argv[1]), Path(sys.argv[2])
with atomic_directory(bundle) as staged:
    shutil.copytree(old / "openvino", staged / "openvino")
    print("half", flush=True)
    time.sleep(60)
"""


def test_a_kill_half_way_leaves_the_old_bundle_whole(tiny_bundle: "TinyBundle", tmp_path: Path) -> None:
    bundle = tmp_path / "store"
    shutil.copytree(tiny_bundle.directory, bundle)
    with subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(tiny_bundle.directory), str(bundle)], stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "half\n"
        writer.send_signal(signal.SIGKILL)
    assert read_bundle(bundle) == tiny_bundle.manifest
    with atomic_directory(bundle) as staged:
        shutil.copytree(tiny_bundle.directory, staged, dirs_exist_ok=True)
    assert read_bundle(bundle) == tiny_bundle.manifest
    assert [path.name for path in tmp_path.iterdir()] == ["store"]
