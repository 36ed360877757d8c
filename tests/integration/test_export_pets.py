"""YOLOv8n on the real PETS clip: what INT8 costs, through the stage and back through the reader."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from dongsun.contract.bundle import read_bundle
from dongsun.contract.stage import SilentRunLog
from dongsun.data.manifest import write_manifest
from dongsun.data.records import DetectorRecord, Split
from dongsun.eval.threshold_settings import ThresholdSettings
from dongsun.export.run_export import ExportStage
from dongsun.export.settings import ExportSettings

ASSETS = Path(os.environ.get("DONGSUN_ASSETS", "/nowhere"))
CLIP = ASSETS / "video" / "vtest_pets2009_s2l1_480x360.avi"
TRUTH = ASSETS / "truth" / "pets2009_s2l1_mot_gt.txt"
WEIGHTS = ASSETS / "detector" / "yolov8n.pt"
_SCALE = 0.625
_EVERY = 8

pytestmark = pytest.mark.skipif(not WEIGHTS.is_file(), reason="DONGSUN_ASSETS isn't set to the real assets")


def _split(frame: int) -> Split:
    if frame < 477:
        return "calibration"
    return "validation" if frame < 636 else "test"


def _write_frames(folder: Path) -> None:
    truth = np.loadtxt(TRUTH, delimiter=",")
    (folder / "frames").mkdir(parents=True)
    clip = cv2.VideoCapture(str(CLIP))
    with write_manifest(folder / "manifest.parquet", DetectorRecord, class_names=("person",)) as writer:
        index = 0
        while (decoded := clip.read())[0]:
            if index % _EVERY == 0:
                frame = decoded[1]
                height, width = frame.shape[:2]
                boxes = truth[truth[:, 0] == index + 1][:, 2:6] * _SCALE
                centres = (boxes[:, :2] + boxes[:, 2:] / 2) / (width, height)
                rows = np.column_stack([np.zeros(len(boxes)), centres, boxes[:, 2:] / (width, height)])
                cv2.imwrite(str(folder / "frames" / f"{index}.png"), frame)
                np.savetxt(folder / "frames" / f"{index}.txt", rows, fmt=["%d", "%.6f", "%.6f", "%.6f", "%.6f"])
                name = f"frames/{index}"
                writer.write(
                    DetectorRecord(
                        f"{name}.png",
                        f"{name}.txt",
                        "view1",
                        "s2l1",
                        index,
                        _split(index),
                        "pets",
                        width,
                        height,
                        len(boxes),
                    )
                )
            index += 1


def test_int8_costs_at_most_a_point_and_the_bundle_reads_back(tmp_path: Path) -> None:
    _write_frames(tmp_path / "processed" / "detector")
    stage = ExportStage(
        store_id="pets2009",
        root_dir=tmp_path,
        models_dir=tmp_path / "models",
        processed_dir=tmp_path / "processed",
        bundle_dir=tmp_path / "bundle",
        settings=ExportSettings(
            detector_weights=WEIGHTS, detector_height_px=384, detector_width_px=512, reid=None, tensorrt=False
        ),
        threshold=ThresholdSettings(),
    )
    result = stage.run(SilentRunLog())
    print(result.summary)
    assert read_bundle(tmp_path / "bundle").metrics == dict(result.metrics)
    assert result.metrics["detector_test_map50_fp32"] > 0.8
    for split in ("validation", "test"):
        assert result.metrics[f"detector_{split}_map50_drop_points"] <= 1.0
