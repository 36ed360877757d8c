"""The whole stage on a bundle of two tiny models: one always sees the same box, one takes mean colour for a face."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import openvino as ov
import pytest
from openvino import opset13 as ops

from dongsun.contract.bundle import (
    BundleManifest,
    DetectorSpec,
    Provenance,
    ReidSpec,
    SimilarityThreshold,
    file_entry,
    read_bundle,
)
from dongsun.contract.durable import write_json
from dongsun.contract.errors import DongsunError
from dongsun.contract.preprocess import InputSpec
from dongsun.contract.stage import SilentRunLog
from dongsun.data.manifest import write_manifest
from dongsun.data.records import DetectorRecord, ReidRecord
from dongsun.eval.bundle_runs import TimedEmbedder
from dongsun.eval.crossing_truth import TwinTruth
from dongsun.eval.embed_manifest import embed_manifest
from dongsun.eval.evaluate_settings import ClipSettings, EvaluateSettings
from dongsun.eval.evaluation_metrics import EVALUATION_NAME, read_evaluation
from dongsun.eval.pair_similarities import pair_similarities
from dongsun.eval.reid_protocol import ReidProtocol
from dongsun.eval.run_evaluate import EvaluateStage
from dongsun.eval.run_tune import TuneStage
from dongsun.eval.threshold_check_run import CheckEvidence
from dongsun.eval.threshold_settings import ThresholdSettings

_INPUT = InputSpec(height_px=32, width_px=32, channels="bgr", resize="letterbox", scale=1 / 255)
_BOX = (8.0, 4.0, 20.0, 28.0)
_STORE = {
    "id": "tiny",
    "cameras": {"cam": {"lines": {"door": {"from": [0, 0.1], "to": [1, 0.1], "inside": [0.5, 0.9]}}}},
}


def _save(model: ov.Model, path: Path) -> None:
    ov.save_model(model, path, compress_to_fp16=False)


def _models(folder: Path) -> None:
    picture = ops.parameter([1, 3, 32, 32], np.float32, name="images")
    nothing = ops.multiply(ops.reduce_mean(picture, np.array([1, 2, 3]), keep_dims=False), np.float32(0))
    row = np.array([[[*_BOX, 0.9, 0.0]]], np.float32)
    _save(ov.Model([ops.add(ops.constant(row), nothing)], [picture]), folder / "detector.xml")
    crop = ops.parameter([1, 3, 32, 32], np.float32, name="crops")
    colour = ops.subtract(ops.reduce_mean(crop, np.array([2, 3]), keep_dims=False), np.float32(0.5))
    _save(ov.Model([colour], [crop]), folder / "reid.xml")


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    folder = tmp_path / "bundle"
    folder.mkdir()
    _models(folder)
    threshold = SimilarityThreshold(
        similarity=0.9,
        ci95=(0.85, 0.95),
        target_false_match_rate=0.01,
        false_match_rate=0.01,
        true_match_rate=0.9,
        genuine_pairs=100,
        impostor_pairs=1000,
        persons=8,
    )
    manifest = BundleManifest(
        schema_version=1,
        store_id="tiny",
        version="1",
        created_at_utc=datetime(2026, 1, 1, tzinfo=UTC),
        detector=DetectorSpec(
            files={"FP32": "detector.xml", "INT8": "detector.xml"},
            shipped_precision="INT8",
            input=_INPUT,
            output="end2end_xyxy_score_class",
            class_names=("person",),
            person_class=0,
            score_threshold=0.3,
        ),
        reid=ReidSpec(
            files={"FP32": "reid.xml"},
            shipped_precision="FP32",
            input=_INPUT.model_copy(update={"resize": "stretch"}),
            embedding_size=3,
            thresholds={"FP32": threshold},
        ),
        metrics={},
        provenance=Provenance(git_commit="0", git_dirty=False, dvc_hashes={}, mlflow_run_id=None, packages={}),
        files=tuple(file_entry(folder, f"{name}.{end}") for name in ("detector", "reid") for end in ("xml", "bin")),
    )
    write_json(folder / "bundle.json", manifest.model_dump(mode="json"))
    return folder


def _detector_manifest(folder: Path) -> Path:
    x0, y0, x1, y1 = (value / 32 for value in _BOX)
    label = f"0 {(x0 + x1) / 2} {(y0 + y1) / 2} {x1 - x0} {y1 - y0}\n"
    path = folder / "detector.parquet"
    with write_manifest(path, DetectorRecord, class_names=("person",)) as writer:
        for index in range(4):
            cv2.imwrite(str(folder / f"frame{index}.png"), np.zeros((32, 32, 3), np.uint8))
            (folder / f"frame{index}.txt").write_text(label)
            writer.write(
                DetectorRecord(
                    f"frame{index}.png", f"frame{index}.txt", "cam", "s", index, "test", "made", 32, 32, people=1
                )
            )
    return path


def _reid_manifest(folder: Path) -> Path:
    generator = np.random.default_rng(0)
    path = folder / "reid.parquet"
    with write_manifest(path, ReidRecord) as writer:
        for person in range(6):
            colour = generator.uniform(30, 225, 3)
            for image in range(6):
                crop = np.clip(generator.normal(colour, 20, (8, 4, 3)), 0, 255).astype(np.uint8)
                name = f"p{person}_{image}.png"
                cv2.imwrite(str(folder / name), crop)
                writer.write(ReidRecord(name, f"p{person}", f"c{image % 2}", "s", image, "test", "made"))
    return path


def _video(path: Path) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("h264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        for index in range(15):
            picture = np.full((64, 64, 3), 60 + index, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        container.mux(stream.encode(None))
    return path


@pytest.fixture
def stage(tmp_path: Path, bundle: Path) -> EvaluateStage:
    (tmp_path / "crossings.csv").write_text("camera_id,line_id,person_id,direction,frame_index,time_s\n")
    clip: dict[str, Any] = {
        "id": "morning",
        "camera_id": "cam",
        "source": _video(tmp_path / "clip.mp4"),
        "truth": TwinTruth(path=tmp_path),
    }
    return EvaluateStage(
        store=_STORE,
        store_file=tmp_path / "store.yaml",
        bundle=bundle,
        detector_manifest=_detector_manifest(tmp_path),
        reid_manifest=_reid_manifest(tmp_path),
        out_dir=tmp_path / "reports" / "evaluate",
        settings=EvaluateSettings(
            footage="synthetic",
            clips=(ClipSettings(**clip),),
            baseline_bundle=bundle,
            also_replay=("FP32",),
            pictures=2,
        ),
        threshold=ThresholdSettings(bootstrap=100, min_persons=3),
    )


def test_everything_is_measured_through_the_bundle(stage: EvaluateStage) -> None:
    result = stage.run(SilentRunLog())
    measured = read_evaluation(stage.out_dir / EVALUATION_NAME)
    assert measured.detector is not None
    assert measured.reid is not None
    assert measured.detector.shipped["INT8"].map50 == pytest.approx(1.0)
    assert measured.detector.baseline["FP32"].map50_95 == pytest.approx(1.0, abs=0.01)
    assert measured.reid.protocol == "cross_camera"
    assert measured.reid.retrieval["FP32"].mean_average_precision > 0.9
    assert 0 <= measured.reid.threshold["FP32"].false_match_rate < 0.5
    identification = measured.reid.threshold["FP32"].identification
    assert identification is not None
    assert (identification.gallery_size, identification.persons, identification.probes) == (2, 6, 12)
    shipped, other = measured.clips
    assert (shipped.detector_precision, other.detector_precision) == ("INT8", "FP32")
    assert shipped.total.f1 == 1.0
    assert shipped.frames == 15
    assert shipped.annotated_video is not None
    assert other.annotated_video is None
    assert len(shipped.pictures) == 2
    assert all(path.is_file() for path in result.artifacts)
    assert result.metrics["detector/int8/map50"] == pytest.approx(1.0)
    assert "synthetic" in result.summary


def test_a_threshold_is_checked_through_the_model_that_ships(stage: EvaluateStage, tmp_path: Path) -> None:
    tune = TuneStage(
        manifest=stage.reid_manifest, checkpoint=tmp_path / "none.pt", out_dir=tmp_path / "threshold",
        threshold=ThresholdSettings(bootstrap=100, min_persons=3), split="test",
        check=stage.bundle, check_dir=tmp_path / "check",
    )  # fmt: skip
    assert tune.run(SilentRunLog()).summary.startswith("too little data")
    evidence = CheckEvidence.model_validate_json((tmp_path / "check/check.json").read_bytes())
    assert (evidence.precision, evidence.protocol, evidence.check.persons) == ("FP32", "cross_camera", 6)
    reid = read_bundle(stage.bundle).reid
    assert reid is not None
    embedder = TimedEmbedder(reid, stage.bundle, "FP32")
    people = embed_manifest(embedder, stage.reid_manifest, "test")
    pairs = pair_similarities(people, ReidProtocol("cross_camera"))
    assert evidence.check.false_matches.met == np.mean(pairs.impostor >= np.float32(0.9))
    assert evidence.check.true_matches.met == np.mean(pairs.genuine >= np.float32(0.9))


def test_a_failed_evaluation_leaves_the_last_one_standing(stage: EvaluateStage) -> None:
    stage.run(SilentRunLog())
    before = (stage.out_dir / EVALUATION_NAME).read_bytes()
    (stage.detector_manifest.parent / "frame0.png").write_bytes(b"")
    with pytest.raises(DongsunError, match=r"frame0\.png"):
        stage.run(SilentRunLog())
    assert (stage.out_dir / EVALUATION_NAME).read_bytes() == before
    assert [path.name for path in stage.out_dir.parent.iterdir()] == ["evaluate"]


def test_a_bundle_without_reid_is_refused_unless_switched_off(stage: EvaluateStage, bundle: Path) -> None:
    text = (bundle / "bundle.json").read_text()
    manifest = BundleManifest.model_validate_json(text).model_copy(update={"reid": None})
    write_json(bundle / "bundle.json", manifest.model_dump(mode="json"))
    with pytest.raises(DongsunError, match=r"evaluate\.reid=false"):
        stage.run(SilentRunLog())
    off = replace(stage, settings=replace(stage.settings, reid=False, clips=()))
    off.run(SilentRunLog())
    assert read_evaluation(stage.out_dir / EVALUATION_NAME).reid is None
