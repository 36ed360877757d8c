"""A store's results, made in memory: everything that the stages would have left."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from dongsun.contract.bundle import BundleManifest, IdentificationRates, SimilarityHistogram, SimilarityThreshold
from dongsun.contract.preprocess import InputSpec
from dongsun.eval.counting_metrics import EventCounts
from dongsun.eval.crossing_truth import TwinTruth
from dongsun.eval.evaluate_settings import ClipSettings
from dongsun.eval.evaluation_metrics import (
    ClipFigures,
    DetectionFigures,
    DetectorResults,
    EvaluationMetrics,
    EventFigures,
    LineFigures,
    ReidResults,
    RetrievalFigures,
    ThresholdFigures,
    TrackingFigures,
    VisitorFigures,
    ZoneFigures,
)
from dongsun.eval.run_report import ReportStage
from dongsun.eval.threshold_evidence import ThresholdEvidence

STORE = {
    "id": "made",
    "cameras": {"entrance": {"lines": {"door": {"from": [0.1, 0.5], "to": [0.9, 0.5], "inside": [0.5, 0.9]}}}},
    "twin": {"fps": 10},
}
MODEL_UNIT_BYTES = 100
TRUE_IN_S = (3.0, 9.5, 14.2, 21.0, 33.3, 40.1, 52.0, 61.4, 70.7)
TRUE_OUT_S = (26.0, 45.5, 58.8, 66.1, 77.7, 84.9)
COUNTED_IN_S = (3.2, 9.4, 14.6, 21.1, 33.2, 52.3, 61.3, 70.9)
COUNTED_OUT_S = (26.2, 45.4, 58.9, 66.3, 77.5, 85.1, 87.0)


def events(true: int, predicted: int, matched: int) -> EventFigures:
    """Figures that follow from counts."""
    counts = EventCounts(true, predicted, matched)
    return EventFigures(
        true=true,
        predicted=predicted,
        matched=matched,
        precision=counts.precision,
        recall=counts.recall,
        f1=counts.f1,
        signed_error=counts.signed_error,
        count_error=counts.count_error,
    )


def detection(map50: float, milliseconds: float, size: int) -> DetectionFigures:
    """A detector whose curve falls at the end."""
    recall = np.linspace(0, 1, 101)
    return DetectionFigures(
        map50=map50,
        map50_95=map50 * 0.71,
        precision=0.951,
        recall=map50 - 0.03,
        score_threshold=0.3,
        precision_by_recall=tuple((1 - 0.04 * recall) * (recall < map50 + 0.02)),
        median_ms=milliseconds,
        model_bytes=size,
    )


def retrieval(mean_average_precision: float, milliseconds: float, size: int) -> RetrievalFigures:
    """Retrieval figures around an mAP."""
    m = mean_average_precision
    return RetrievalFigures(
        mean_average_precision=m,
        map_ci95=(m - 0.06, m + 0.05),
        rank1=m + 0.082,
        rank1_ci95=(m + 0.01, m + 0.13),
        rank5=m + 0.121,
        rank10=m + 0.142,
        mean_inverse_negative_penalty=m - 0.213,
        median_ms=milliseconds,
        model_bytes=size,
    )


def threshold(similarity: float = 0.6134) -> SimilarityThreshold:
    """A threshold with its evidence."""
    return SimilarityThreshold(
        similarity=similarity,
        ci95=(similarity - 0.031, similarity + 0.027),
        target_false_match_rate=0.01,
        false_match_rate=0.0098,
        true_match_rate=0.873,
        genuine_pairs=4120,
        impostor_pairs=98765,
        persons=40,
        identification=IdentificationRates(
            gallery_size=19,
            target_false_positive_rate=None,
            false_positive_rate=0.083,
            false_positive_ci95=(0.041, 0.126),
            miss_rate=0.204,
            method="empirical",
            measured_gallery_size=19,
            persons=40,
            probes=80,
        ),
    )


def clip(**changes: Any) -> ClipFigures:
    """The entrance: 9 in and 6 out truly."""
    door_in, door_out = events(9, 8, 8), events(6, 7, 6)
    both = events(15, 15, 14)
    plain: dict[str, Any] = {
        "id": "entrance",
        "camera_id": "entrance",
        "source": "entrance.mp4",
        "footage": "synthetic",
        "detector_precision": "INT8",
        "reid_precision": "INT8",
        "frames": 900,
        "seconds": 90.0,
        "judged_s": None,
        "fps": 41.7,
        "stage_ms": {
            "decode": 2.1,
            "detect": 15.2,
            "track": 1.1,
            "embed": 4.4,
            "identify": 0.6,
            "lines and zones": 0.6,
            "annotate": 6.2,
        },
        "tolerance_s": 1.0,
        "total": both,
        "lines": (
            LineFigures(
                line_id="door",
                both=both,
                by_direction={"in": door_in, "out": door_out},
                optional_taken=0,
                mean_offset_s={"in": 0.11, "out": 0.04},
            ),
        ),
        "zones": (
            ZoneFigures(
                zone_id="promotion",
                true=11,
                predicted=12,
                matched=10,
                f1=20 / 23,
                dwell_error_s=0.83,
                true_person_s=141.2,
                predicted_person_s=138.9,
            ),
        ),
        "visitors": VisitorFigures(true=14, counted=15, count_error=1 / 14),
        "tracking": TrackingFigures(idf1=0.912, id_precision=0.93, id_recall=0.895, true_people=14, tracks=19),
        "directory": "replay/entrance",
        "annotated_video": None,
        "pictures": ("replay/entrance/frame_000032.jpg", "replay/entrance/frame_000146.jpg"),
    }
    return ClipFigures(**{**plain, **changes})


def evaluation(**changes: Any) -> EvaluationMetrics:
    """The whole evaluation."""
    plain: dict[str, Any] = {
        "store_id": "made",
        "bundle_version": "2026.11.21+abc1234",
        "footage": "synthetic",
        "detector": DetectorResults(
            frames=180,
            people=1204,
            ignored=37,
            shipped_precision="INT8",
            shipped={"FP32": detection(0.942, 26.4, 9_700_000), "INT8": detection(0.9387, 15.1, 2_900_000)},
            baseline_name="zero-shot",
            baseline={"FP32": detection(0.861, 26.4, 9_700_000), "INT8": detection(0.858, 15.1, 2_900_000)},
        ),
        "reid": ReidResults(
            protocol="cross_camera",
            min_gap_frames=20,
            queries=560,
            queries_without_match=8,
            gallery=1120,
            persons=14,
            shipped_precision="INT8",
            retrieval={"FP32": retrieval(0.771, 4.1, 6_400_000), "INT8": retrieval(0.7684, 2.9, 1_800_000)},
            threshold={
                "INT8": ThresholdFigures(
                    tuned=threshold(0.6081),
                    false_match_rate=0.0127,
                    true_match_rate=0.861,
                    area_under_roc=0.984,
                    genuine_pairs=3100,
                    impostor_pairs=54000,
                    persons=14,
                )
            },
        ),
        "clips": (
            clip(),
            clip(
                detector_precision="FP32",
                reid_precision="FP32",
                fps=28.8,
                directory="replay/entrance-fp32",
                pictures=(),
            ),
        ),
        "plots": {"distributions": "distributions.png", "det_curve": "det_curve.png"},
    }
    return EvaluationMetrics(**{**plain, **changes})


def bundle_manifest(directory: Path) -> BundleManifest:
    """Writes model files that hold nothing true, and describes them."""
    sizes = {"detector-fp32": 97, "detector-int8": 29, "reid-fp32": 64, "reid-int8": 18}
    entries = []
    for name, units in sizes.items():
        for suffix, content in ((".xml", b"<net/>"), (".bin", bytes(MODEL_UNIT_BYTES * units))):
            path = directory / "openvino" / f"{name}{suffix}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            entries.append(path)
    card = directory / "model_card.md"
    card.write_text("# Model card\n\nCounts people. <b>Not</b> faces.\n", encoding="utf-8")
    entries.append(card)
    spec = InputSpec(height_px=384, width_px=640, channels="rgb", resize="letterbox", scale=1 / 255).model_dump()
    files = {
        model: {p: f"openvino/{model}-{p.lower()}.xml" for p in ("FP32", "INT8")} for model in ("detector", "reid")
    }
    return BundleManifest.model_validate(
        {
            "schema_version": 1,
            "store_id": "made",
            "version": "2026.11.21+abc1234",
            "created_at_utc": "2026-11-21T01:02:03Z",
            "detector": {
                "files": files["detector"],
                "shipped_precision": "INT8",
                "input": spec,
                "output": "end2end_xyxy_score_class",
                "class_names": ["person"],
                "person_class": 0,
                "score_threshold": 0.3,
            },
            "reid": {
                "files": files["reid"],
                "shipped_precision": "INT8",
                "input": spec,
                "embedding_size": 128,
                "thresholds": {"FP32": threshold().model_dump(), "INT8": threshold(0.6081).model_dump()},
            },
            "metrics": {},
            "provenance": {
                "git_commit": "0123456789abcdef0123456789abcdef01234567",
                "git_dirty": False,
                "dvc_hashes": {"data/processed/made": "md5:aabbcc", "models/made/reid": "md5:ddeeff"},
                "mlflow_run_id": "f00dcafe",
                "packages": {"openvino": "2026.4.1", "torch": "2.15.0"},
            },
            "files": [
                {
                    "path": path.relative_to(directory).as_posix(),
                    "bytes": path.stat().st_size,
                    "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
                }
                for path in entries
            ],
        }
    )


class MadeStore:
    """A store's folders, filled."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.truth = root / "truth"

    def stage(self, **changes: Any) -> ReportStage:
        """The stage that reports on it."""
        plain: dict[str, Any] = {
            "store": STORE,
            "evaluate_dir": self.root / "evaluate",
            "models_dir": self.root / "models",
            "interim_dir": self.root / "interim",
            "processed_dir": self.root / "processed",
            "bundle_dir": self.root / "bundle",
            "out_dir": self.root / "out",
            "clips": (
                ClipSettings(
                    id="entrance",
                    camera_id="entrance",
                    source=Path("entrance.mp4"),
                    truth=TwinTruth(path=self.truth),
                ),
            ),
        }
        return ReportStage(**{**plain, **changes})

    def write_evaluation(self, measured: EvaluationMetrics) -> None:
        """`evaluate/metrics.json` with events and pictures."""
        directory = self.root / "evaluate"
        directory.mkdir(exist_ok=True)
        for figures in measured.clips:
            replay = directory / figures.directory
            replay.mkdir(parents=True, exist_ok=True)
            rows = [("door", "in", at) for at in COUNTED_IN_S] + [("door", "out", at) for at in COUNTED_OUT_S]
            lines = [f"{line},{way},{at},{round(10 * at)}" for line, way, at in rows]
            (replay / "crossings.csv").write_text(
                "\n".join(["line_id,direction,stream_time_s,frame_index", *lines]) + "\n", encoding="utf-8"
            )
            for name in figures.pictures:
                write_picture(directory / name, 360, 640)
        for name in measured.plots.values():
            write_picture(directory / name, 420, 720)
        (directory / "metrics.json").write_text(measured.model_dump_json(), encoding="utf-8")
        self.truth.mkdir(exist_ok=True)
        true = [("in", at) for at in TRUE_IN_S] + [("out", at) for at in TRUE_OUT_S]
        truth_lines = [f"entrance,door,p{n},{way},{round(10 * at)},{at}" for n, (way, at) in enumerate(true)]
        header = "camera_id,line_id,person_id,direction,frame_index,time_s"
        write(self.truth / "crossings.csv", "\n".join([header, *truth_lines]) + "\n")

    def write_everything_else(self) -> None:
        """What ingest, sample, training, tune and export leave."""
        self._write_training()
        write_json(self.root / "models/export/metrics.json", EXPORT)
        histogram = SimilarityHistogram(
            edges=tuple(np.linspace(-1, 1, 51).tolist()), genuine=bell(0.78, 0.09), impostor=bell(0.31, 0.13)
        )
        evidence = ThresholdEvidence(
            threshold=threshold(),
            model="reid.pt",
            split="validation",
            protocol="cross_camera",
            min_gap_frames=20,
            area_under_roc=0.987,
            histogram=histogram,
        )
        write_json(self.root / "models/threshold/threshold.json", evidence.model_dump(mode="json"))
        write_json(self.root / "interim/ingest_report.json", INGEST)
        images = np.random.default_rng(4).integers(9, 130, 40)
        strata = [f"{person},entrance,train,{count},{count // 2}" for person, count in enumerate(images)]
        write(
            self.root / "processed/reid/sampling_summary.csv",
            "\n".join(["person_id,camera_id,sequence_id,images,kept", *strata]) + "\n",
        )
        bundle = self.root / "bundle"
        manifest = bundle_manifest(bundle)
        write(bundle / "bundle.json", manifest.model_dump_json())

    def _write_training(self) -> None:
        for part, columns in (("detector", "train_box_loss,val_map50"), ("reid", "train_loss,val_map")):
            directory = self.root / "models" / part
            rows = [f"{e},{2 / e:.4f},{1 - 0.6 / e:.4f}" for e in range(1, 13)]
            write(directory / "history.csv", "\n".join([f"epoch,{columns}", *rows]) + "\n")
            write_json(directory / "metrics.json", {"val_map50": 0.95, "train_frames": 240.0})
            write_picture(directory / "augment_sheet.png", 400, 1200)


EXPORT = {
    "detector_torch_map50": 0.9,
    "detector_validation_map50_torch": 0.9512,
    "detector_validation_map50_fp32": 0.9511,
    "detector_validation_map50_int8": 0.9487,
    "detector_test_map50_fp32": 0.942,
    "detector_test_map50_int8": 0.9387,
    "reid_validation_map_fp32": 0.802,
    "reid_validation_map_int8": 0.8005,
    "detector_fp32_ms_batch1": 26.4,
    "detector_fp32_ms_batch8": 190.2,
    "detector_int8_ms_batch1": 15.1,
    "detector_int8_ms_batch8": 104.9,
    "detector_onnx_score_difference": 1.2e-5,
    "detector_fp32_matched": 1.0,
    "detector_int8_matched": 0.987,
    "detector_int8_mean_iou": 0.961,
    "reid_fp32_lowest_cosine": 0.99999,
    "reid_int8_mean_cosine": 0.9931,
}
INGEST = {
    "source": "twin",
    "detector": {"images": {"train": 480, "validation": 60, "calibration": 40, "test": 180}, "persons": {}},
    "reid": {
        "images": {"train": 3120, "validation": 800, "calibration": 160, "test": 1120},
        "persons": {"train": 14, "validation": 40, "calibration": 20, "test": 14},
    },
    "problems": {"truncated_image": 2},
    "left_out_on_purpose": {"box_too_small": 311},
}


def bell(mean: float, width: float) -> tuple[int, ...]:
    """Counts of a bell in 50 bins over [-1, 1]."""
    centres = np.linspace(-0.98, 0.98, 50)
    return tuple(int(count) for count in 4000 * np.exp(-((centres - mean) ** 2) / (2 * width**2)))


def write(path: Path, text: str) -> None:
    """A text file with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def write_json(path: Path, value: Any) -> None:
    """A JSON file with its folders."""
    write(path, json.dumps(value))


def write_picture(path: Path, height: int, width: int) -> None:
    """A picture of a gradient."""
    path.parent.mkdir(parents=True, exist_ok=True)
    row = np.linspace(40, 200, width, dtype=np.uint8)
    picture = np.repeat(np.repeat(row[None, :, None], height, axis=0), 3, axis=2)
    cv2.imwrite(str(path), picture)


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plots are not drawn, which takes most of a page's time; captions and words are what they are."""
    monkeypatch.setattr("dongsun.eval.report.themed_svg._svg_uri", lambda *_: "data:image/svg+xml;base64,PHN2Zy8+")


@pytest.fixture
def made(tmp_path: Path) -> MadeStore:
    """A store of which every stage has run."""
    store = MadeStore(tmp_path)
    store.write_evaluation(evaluation())
    store.write_everything_else()
    return store


@pytest.fixture
def page_of() -> Callable[[ReportStage], str]:
    """Runs the stage; the page's text."""

    def run(stage: ReportStage) -> str:
        from dongsun.contract.stage import SilentRunLog

        stage.run(SilentRunLog())
        return (stage.out_dir / "index.html").read_text(encoding="utf-8")

    return run
