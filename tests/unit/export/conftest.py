"""A tiny detector with random weights, exported once for all tests of this folder."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest

from dongsun.contract.bundle import BundleManifest, DetectorSpec, Provenance
from dongsun.contract.preprocess import InputSpec
from dongsun.eval.detection_metrics import FrameTruth
from dongsun.export.bundle_writer import BundleHeader, seal_bundle
from dongsun.export.calibration import calibration_set
from dongsun.export.detector_export import DetectorExport, ExportedDetector
from dongsun.export.detector_gate import GateFrames
from dongsun.export.detector_to_onnx import TraceableDetector, describe_checkpoint, prepare_detector
from dongsun.export.drawn_people import drawn_scene
from dongsun.export.model_card import CardFacts, model_card
from dongsun.export.selftest_writer import write_selftest
from dongsun.export.settings import ExportSettings
from dongsun.train.detector.weights import new_detection_model

SMALL = InputSpec(height_px=96, width_px=160, channels="rgb", resize="letterbox", scale=1 / 255)


@dataclass(frozen=True)
class TinyBundle:
    """A sealed bundle of a random detector."""

    directory: Path
    manifest: BundleManifest
    exported: ExportedDetector
    head_index: int


def tiny_detector(architecture: str) -> tuple[TraceableDetector, DetectorSpec]:
    import torch

    torch.manual_seed(0)
    network = new_detection_model(architecture)
    network.names = {index: f"class{index}" for index in range(80)} | {0: "person"}
    description = describe_checkpoint(network, SMALL, "random.pt")
    spec = DetectorSpec(
        files={"FP32": "openvino/detector-fp32.xml", "INT8": "openvino/detector-int8.xml"},
        shipped_precision="FP32",
        input=SMALL,
        output=description.output,
        class_names=description.class_names,
        person_class=0,
        score_threshold=0.3,
    )
    return prepare_detector(network, description), spec


@pytest.fixture(scope="session")
def make_detector() -> Callable[[str], tuple[TraceableDetector, DetectorSpec]]:
    return tiny_detector


@pytest.fixture(scope="session")
def frames(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    folder = tmp_path_factory.mktemp("frames")
    paths = tuple(folder / f"{index}.png" for index in range(8))
    for index, path in enumerate(paths):
        cv2.imwrite(str(path), drawn_scene(108, 192, 2, index))
    return paths


@pytest.fixture(scope="session")
def tiny_bundle(tmp_path_factory: pytest.TempPathFactory, frames: tuple[Path, ...]) -> TinyBundle:
    directory = tmp_path_factory.mktemp("bundles") / "tiny"
    (directory / "openvino").mkdir(parents=True)
    detector, spec = tiny_detector("yolov8n")
    truth = FrameTruth.judged(np.array([[20, 20, 60, 100]], dtype=np.float32))
    export = DetectorExport(
        detector,
        spec,
        ExportSettings(tensorrt=False),
        calibration_set(frames, SMALL, 4, "frames"),
        (GateFrames("validation", frames[:2], (truth, truth)),),
    )
    exported = export.run(directory, tmp_path_factory.mktemp("work"))
    write_selftest(directory, exported.spec, None)
    manifest = seal_bundle(directory, header_of(exported), card_of(exported))
    return TinyBundle(directory, manifest, exported, detector.head_index)


def header_of(exported: ExportedDetector) -> BundleHeader:
    return BundleHeader(
        store_id="tiny",
        created_at_utc=datetime(2026, 11, 21, tzinfo=UTC),
        detector=exported.spec,
        reid=None,
        metrics=exported.metrics,
        provenance=Provenance(git_commit="unknown", git_dirty=True, dvc_hashes={}, mlflow_run_id=None, packages={}),
    )


def card_of(exported: ExportedDetector) -> Callable[[str], str]:
    header = header_of(exported)
    facts = CardFacts(
        store_id="tiny",
        detector=exported.spec,
        detector_architecture="yolov8n",
        detector_trained_from="scratch",
        zero_shot=True,
        reid=None,
        reid_origin="none",
        metrics=header.metrics,
        notes=exported.notes,
        provenance=header.provenance,
    )
    return lambda version: model_card(facts, version)
