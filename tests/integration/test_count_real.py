"""The edge runtime on real footage, with a real INT8 detector made here from the given weights, never trained on it."""

import csv
import dataclasses
import json
import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from dongsun.contract.bundle import (
    MANIFEST_NAME,
    BundleManifest,
    DetectorSpec,
    Provenance,
    ReidSpec,
    SimilarityThreshold,
    file_entry,
    read_bundle,
)
from dongsun.contract.clock import utc_now
from dongsun.contract.detections import Detections
from dongsun.contract.preprocess import InputSpec, letterboxed
from dongsun.contract.store import StoreConfig, parse_store
from dongsun.serve_edge.count import run_count
from dongsun.serve_edge.inference.detector import OpenVinoDetector
from dongsun.serve_edge.pipeline.constants import CountingConstants, TrackingConstants
from dongsun.serve_edge.pipeline.counter import Counter
from dongsun.serve_edge.pipeline.looks import FrameSize
from dongsun.serve_edge.pipeline.people import People
from dongsun.serve_edge.results.summary import CountSummary
from dongsun.serve_edge.settings import UNKNOWN_START_UTC, CountSettings
from dongsun.serve_edge.stream.video_file import VideoFile

ASSETS = Path(os.environ.get("DONGSUN_ASSETS", "unset"))
pytestmark = pytest.mark.skipif(
    not (ASSETS / "detector/yolov8n.pt").is_file(), reason="DONGSUN_ASSETS does not hold the real weights and footage"
)
GATE = {"from": [0.5, 0.25], "to": [0.5, 1.0], "inside": [0.2, 0.6]}
PEOPLE, PETS = "people-detection.mp4", "vtest_pets2009_s2l1_480x360.avi"
FACES = ASSETS / "face/face_detection_yunet_2026may.onnx"
V8_HEAD_IN_FLOAT = r".*/model.22/.*(Sigmoid|Softmax|Concat|Add|Sub|Mul|Div|dfl).*"


def make_bundle(folder: Path, work: Path, height: int, width: int, clip: str, step: int) -> Path:
    """YOLOv8n as INT8 OpenVINO, calibrated on some frames of the clip; retail-0277 for re-ID."""
    import nncf
    import openvino as ov
    from ultralytics import YOLO

    models = folder / "openvino"
    models.mkdir(parents=True)
    weights = work / "yolov8n.pt"
    shutil.copy(ASSETS / "detector/yolov8n.pt", weights)
    yolo = YOLO(weights)
    onnx = yolo.export(format="onnx", imgsz=(height, width), simplify=False, dynamic=False)
    spec = InputSpec(height_px=height, width_px=width, channels="rgb", resize="letterbox", scale=1 / 255)
    frames = VideoFile(ASSETS / "video" / clip).frames(0, 500)
    samples = [letterboxed(f.picture_bgr, spec)[0] for f in frames if f.index % step == 0]
    quantised = nncf.quantize(
        ov.convert_model(onnx),
        nncf.Dataset(samples),
        subset_size=len(samples),
        preset=nncf.QuantizationPreset.MIXED,
        ignored_scope=nncf.IgnoredScope(patterns=[V8_HEAD_IN_FLOAT], validate=False),
    )
    ov.save_model(quantised, models / "detector.xml", compress_to_fp16=False)
    for suffix in ("xml", "bin"):
        shutil.copy(ASSETS / f"reid/person-reidentification-retail-0277.{suffix}", models / f"reid.{suffix}")
    threshold = SimilarityThreshold(  # 1 % of 36,476 pairs of different people of the PETS clip lie above it
        similarity=0.64, ci95=(0.6, 0.68), target_false_match_rate=0.01, false_match_rate=0.01, true_match_rate=0.18,
        genuine_pairs=2584, impostor_pairs=36476, persons=19,
    )  # fmt: skip
    manifest = BundleManifest(
        schema_version=1,
        store_id="real",
        version="integration",
        created_at_utc=utc_now(),
        detector=DetectorSpec(
            files={"INT8": "openvino/detector.xml"}, shipped_precision="INT8", input=spec, output="raw_cxcywh_scores",
            class_names=tuple(yolo.names.values()), person_class=0, score_threshold=0.3,
        ),
        reid=ReidSpec(
            files={"FP32": "openvino/reid.xml"}, shipped_precision="FP32", embedding_size=256,
            input=InputSpec(height_px=256, width_px=128, channels="bgr", resize="stretch", scale=1.0),
            thresholds={"FP32": threshold},
        ),
        metrics={},
        provenance=Provenance(git_commit="test", git_dirty=True, dvc_hashes={}, mlflow_run_id=None, packages={}),
        files=tuple(file_entry(folder, p.relative_to(folder).as_posix()) for p in sorted(models.iterdir())),
    )  # fmt: skip
    (folder / MANIFEST_NAME).write_text(manifest.model_dump_json())
    return folder


def store(line: dict[str, list[float]]) -> StoreConfig:
    return parse_store({"id": "real", "cameras": {"c": {"lines": {"l": line}}}}, where="test")


def f1_within_a_second(counted: list[tuple[int, str]], truth: list[tuple[int, str]], fps: int) -> float:
    far = [[0 if a[1] == b[1] and abs(a[0] - b[0]) <= fps else 1 for b in counted] for a in truth]
    rows, columns = linear_sum_assignment(far)
    matched = sum(far[r][c] == 0 for r, c in zip(rows, columns, strict=True))
    return 2 * matched / (len(counted) + len(truth))


def crossings(out: Path) -> list[tuple[int, str]]:
    with (out / "crossings.csv").open(encoding="utf-8", newline="") as stream:
        return [(int(row["frame_index"]), row["direction"]) for row in csv.DictReader(stream)]


@pytest.fixture(scope="module")
def people_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("people")
    return make_bundle(root / "bundle", root, 384, 640, PEOPLE, 12)


@pytest.fixture(scope="module")
def pets_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("pets")
    return make_bundle(root / "bundle", root, 480, 640, PETS, 12)


def count_people(bundle: Path, out: Path, **changes: object) -> CountSummary:
    door = {"from": [0.0, 0.8], "to": [1.0, 0.8], "inside": [0.5, 0.2]}
    return run_count(
        CountSettings(bundle, store(door), "c", ASSETS / "video" / PEOPLE, out, progress=False, **changes)  # type: ignore[arg-type]
    )


def test_seven_people_come_in_and_none_goes_out(people_bundle: Path, tmp_path: Path) -> None:
    summary = count_people(people_bundle, tmp_path / "o")
    assert (summary.lines["l"].crossings_in, summary.lines["l"].crossings_out) == (7, 0)
    truth = json.loads((ASSETS / "truth/crossings.json").read_text())[PEOPLE]["crossings"]
    assert f1_within_a_second(crossings(tmp_path / "o"), [(f, d) for f, d in truth], 12) == 1.0
    assert summary.unique_visitors == 7
    assert summary.duration_s == pytest.approx(596 / 12, abs=0.01)  # this file's timestamps are shuffled


def pets_truth(first: int, end: int) -> list[tuple[int, str]]:
    rows = json.loads((ASSETS / "truth/crossings.json").read_text())[PETS]["crossings"]
    return [(f, "in" if side == "L" else "out") for f, _, side in rows if first <= f < end]


def test_pets_test_part_without_training(pets_bundle: Path, tmp_path: Path) -> None:
    source, out = ASSETS / "video" / PETS, tmp_path / "o"
    run_count(CountSettings(pets_bundle, store(GATE), "c", source, out, first_frame=557, end_frame=795, progress=False))
    assert f1_within_a_second(crossings(out), pets_truth(557, 795), 10) >= 0.9, crossings(out)


@pytest.fixture(scope="module")
def pets_detections(pets_bundle: Path) -> list[tuple[int, float, Detections]]:
    spec = read_bundle(pets_bundle).detector
    detector = OpenVinoDetector(spec, pets_bundle, "INT8", score_floor=0.05)
    found = ((f, detector.detect(f.picture_bgr)) for f in VideoFile(ASSETS / "video" / PETS).frames())
    return [(f.index, f.stream_time_s, d.keep(d.class_ids == 0)) for f, d in found]


def counted_with(
    detections: list[tuple[int, float, Detections]], tracking: TrackingConstants, counting: CountingConstants
) -> list[tuple[int, str]]:
    """Tracking and counting alone, without re-ID, so that one pass over the video serves every variation."""
    size = FrameSize(480, 360)
    people = People(0.3, None, size, tracking)
    counter = Counter(store(GATE).camera("c"), size, UNKNOWN_START_UTC, counting)
    for index, time_s, found in detections:
        people.follow(found, index, time_s)
        counter.count(people.settle(time_s))
        for track_id in people.ended():
            counter.end(track_id)
    counter.count(people.end_all(detections[-1][1]))
    return [(c.crossing.frame_index, c.crossing.direction) for c in counter.drain()[0]]


VARIED = [
    (kind, name, factor)
    for kind in (TrackingConstants, CountingConstants)
    for name, value in dataclasses.asdict(kind()).items()
    for factor in (0.5, 2.0)
    if not name.startswith("zone") and not (name == "contained_share" and factor > 1) and value
]


@pytest.mark.parametrize(("kind", "name", "factor"), VARIED, ids=lambda v: getattr(v, "__name__", str(v)))
def test_no_constant_is_tuned_to_the_clip(
    kind: type, name: str, factor: float, pets_detections: list[tuple[int, float, Detections]]
) -> None:
    """Half or twice any constant keeps the F1 of the whole clip at 0.9 or more."""
    tracking, counting = TrackingConstants(), CountingConstants()
    value = getattr(kind(), name)
    changed = {name: max(1, round(value * factor)) if isinstance(value, int) else value * factor}
    if kind is TrackingConstants:
        tracking = dataclasses.replace(tracking, **changed)
    else:
        counting = dataclasses.replace(counting, **changed)
    counted = counted_with(pets_detections, tracking, counting)
    f1 = f1_within_a_second(counted, pets_truth(0, 795), 10)
    sys.stderr.write(f"{name} {changed[name]}: F1 {f1:.3f}\n")
    assert f1 >= 0.9


def test_faces_of_the_annotated_video_hold_no_detail(people_bundle: Path, tmp_path: Path) -> None:
    """Where YuNet finds a face in the source, it finds none in the annotated video."""
    from dongsun.serve_edge.privacy.faces import FaceFinder

    count_people(people_bundle, tmp_path / "o", annotate=True, face_model=FACES, first_frame=20, end_frame=60)
    finder = FaceFinder(FACES)
    before = sum(len(finder.find(f.picture_bgr)) for f in VideoFile(ASSETS / "video" / PEOPLE).frames(20, 60))
    after = [finder.find(f.picture_bgr) for f in VideoFile(tmp_path / "o/annotated.mp4").frames()]
    assert len(after) == 40
    assert np.concatenate(after).shape[0] == 0, before
