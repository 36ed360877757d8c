"""Writes the self-test: drawn pictures and what the shipped models answer here."""

from pathlib import Path

import cv2
import numpy as np

from dongsun.contract.bundle import DetectorSpec, Precision, ReidSpec
from dongsun.contract.detections import Detections
from dongsun.contract.durable import write_text
from dongsun.contract.errors import DongsunError
from dongsun.contract.preprocess import FrameBgr
from dongsun.contract.selftest import (
    SELFTEST_DIRECTORY,
    SELFTEST_NAME,
    Box,
    DetectorCase,
    DetectorSelfTest,
    ReidSelfTest,
    SelfTest,
)
from dongsun.export.drawn_people import drawn_crop, drawn_scene
from dongsun.serve_edge.inference.detector import OpenVinoDetector
from dongsun.serve_edge.inference.embedder import OpenVinoEmbedder

_SCENES = 3
_CROPS = 4
_SCENE_HEIGHT_PX, _SCENE_WIDTH_PX = 360, 640
_EXPECTED_PER_SCENE = 3
# INT8 kernels of another CPU generation round elsewhere (without VNNI sums saturate), so answers may move this far.
_LEAST_IOU: dict[Precision, float] = {"FP32": 0.9, "INT8": 0.6}
_SCORE_TOLERANCE: dict[Precision, float] = {"FP32": 0.02, "INT8": 0.15}
_LEAST_COSINE: dict[Precision, float] = {"FP32": 0.999, "INT8": 0.95}
_WEAKEST_FLOOR = 1e-4


def write_selftest(bundle_dir: Path, detector: DetectorSpec, reid: ReidSpec | None) -> SelfTest:
    """Writes `selftest/` into a bundle being made. Only drawn figures: a real person must never lie in a bundle.

    Raises:
        DongsunError: The detector finds nothing at all in any drawing, even far below its threshold.
    """
    folder = bundle_dir / SELFTEST_DIRECTORY
    folder.mkdir()
    test = SelfTest(
        schema_version=1,
        detector=_detector_test(bundle_dir, folder, detector),
        reid=None if reid is None else _reid_test(bundle_dir, folder, reid),
    )
    write_text(folder / SELFTEST_NAME, test.model_dump_json(indent=2) + "\n")
    return test


def _detector_test(bundle_dir: Path, folder: Path, spec: DetectorSpec) -> DetectorSelfTest:
    precision = spec.shipped_precision
    scenes = [drawn_scene(_SCENE_HEIGHT_PX, _SCENE_WIDTH_PX, 4, seed) for seed in range(_SCENES)]
    found = [OpenVinoDetector(spec, bundle_dir, precision, score_floor=_WEAKEST_FLOOR).detect(s) for s in scenes]
    strongest = max((float(d.scores.max()) for d in found if len(d)), default=0.0)
    if not strongest:
        raise DongsunError(
            expected="a detector that gives scores",
            got=f"nothing above {_WEAKEST_FLOOR} in {_SCENES} drawn scenes",
            where="self-test of the bundle",
            mend="look at the detector's training: its outputs are dead",
        )
    # Half the strongest score: what is expected stays clear of the floor by its own tolerance where it can.
    floor = max(_WEAKEST_FLOOR, 0.5 * strongest - _SCORE_TOLERANCE[precision])
    cases = tuple(
        _case(_write(folder, f"scene_{index}.png", scene), detections, 0.5 * strongest)
        for index, (scene, detections) in enumerate(zip(scenes, found, strict=True))
    )
    return DetectorSelfTest(
        precision=precision,
        score_floor=floor,
        least_iou=_LEAST_IOU[precision],
        score_tolerance=_SCORE_TOLERANCE[precision],
        cases=cases,
    )


def _case(picture: str, detections: Detections, least_score: float) -> DetectorCase:
    expected = detections.keep(detections.scores >= least_score)
    rows = range(min(len(expected), _EXPECTED_PER_SCENE))
    return DetectorCase(
        picture=picture,
        boxes_xyxy_px=tuple(_box(expected, row) for row in rows),
        scores=tuple(round(float(expected.scores[row]), 4) for row in rows),
        class_ids=tuple(int(expected.class_ids[row]) for row in rows),
    )


def _box(detections: Detections, row: int) -> Box:
    x0, y0, x1, y1 = (round(float(value), 2) for value in detections.boxes_xyxy_px[row])
    return x0, y0, x1, y1


def _reid_test(bundle_dir: Path, folder: Path, spec: ReidSpec) -> ReidSelfTest:
    precision = spec.shipped_precision
    crops = [drawn_crop(160, 64, seed) for seed in range(_CROPS)]
    names = tuple(_write(folder, f"crop_{index}.png", crop) for index, crop in enumerate(crops))
    embeddings = OpenVinoEmbedder(spec, bundle_dir, precision).embed(crops)
    return ReidSelfTest(
        precision=precision,
        least_cosine=_LEAST_COSINE[precision],
        pictures=names,
        embeddings=tuple(tuple(round(float(value), 6) for value in row) for row in embeddings),
    )


def _write(folder: Path, name: str, picture: FrameBgr) -> str:
    done, encoded = cv2.imencode(".png", picture)
    if not done:
        raise ValueError(f"OpenCV could not encode {name}")
    np.asarray(encoded).tofile(folder / name)
    return name
