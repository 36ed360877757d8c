"""The bundle's self-test: drawn pictures with the answers that the exported models gave, and the check on a station."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import cv2
import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from dongsun.contract.bundle import Precision
from dongsun.contract.detections import Detections, iou_matrix
from dongsun.contract.embedding import Embeddings
from dongsun.contract.errors import DongsunError
from dongsun.contract.preprocess import FrameBgr

SELFTEST_DIRECTORY = "selftest"
SELFTEST_NAME = "selftest.json"
Box = tuple[float, float, float, float]
Detect = Callable[[FrameBgr], Detections]
"""A detector of the shipped precision whose score floor is the self-test's `score_floor`."""
Embed = Callable[[list[FrameBgr]], Embeddings]
"""An embedder of the shipped precision."""


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DetectorCase(_Frozen):
    """One picture and what the detector finds in it."""

    picture: str = Field(description="PNG beside selftest.json")
    boxes_xyxy_px: tuple[Box, ...] = Field(description="expected boxes; others may be found too")
    scores: tuple[float, ...]
    class_ids: tuple[int, ...]

    @model_validator(mode="after")
    def _aligned(self) -> "DetectorCase":
        if not len(self.boxes_xyxy_px) == len(self.scores) == len(self.class_ids):
            raise ValueError("boxes, scores and class_ids differ in number")
        return self


class DetectorSelfTest(_Frozen):
    """Expected answers of the detector. They are of drawn figures, so they say nothing of its quality."""

    precision: Precision
    score_floor: float = Field(ge=0, lt=1, description="the detector's score floor while it is tested")
    least_iou: Annotated[float, Field(gt=0, le=1)]
    score_tolerance: Annotated[float, Field(gt=0, lt=1)]
    cases: tuple[DetectorCase, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _says_something(self) -> "DetectorSelfTest":
        if not any(case.scores for case in self.cases):
            raise ValueError("no case expects a detection: a dead model would pass")
        return self


class ReidSelfTest(_Frozen):
    """Expected embeddings."""

    precision: Precision
    least_cosine: Annotated[float, Field(gt=0, le=1)]
    pictures: tuple[str, ...] = Field(min_length=2, description="PNGs beside selftest.json")
    embeddings: tuple[tuple[float, ...], ...]

    @model_validator(mode="after")
    def _aligned(self) -> "ReidSelfTest":
        if len(self.pictures) != len(self.embeddings):
            raise ValueError("pictures and embeddings differ in number")
        return self


class SelfTest(_Frozen):
    """`selftest/selftest.json`."""

    schema_version: Literal[1]
    detector: DetectorSelfTest
    reid: ReidSelfTest | None


@dataclass(frozen=True)
class SelfTestOutcome:
    """How near the answers came.

    Attributes:
        lowest_iou: Of an expected box and the best found box of its class.
        largest_score_difference: Over the expected detections.
        lowest_cosine: Of an expected and a given embedding; None without a re-ID model.
    """

    lowest_iou: float
    largest_score_difference: float
    lowest_cosine: float | None


def read_selftest(bundle_dir: Path) -> SelfTest:
    """Reads a bundle's self-test. The bundle should have been verified by `read_bundle` before.

    Raises:
        DongsunError: It's absent or of another format.
    """
    path = bundle_dir / SELFTEST_DIRECTORY / SELFTEST_NAME
    try:
        return SelfTest.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, json.JSONDecodeError, UnicodeDecodeError, ValidationError) as error:
        raise DongsunError(
            expected="the bundle's self-test",
            got=str(error),
            where=str(path),
            mend="export the bundle again with this version of dongsun",
        ) from error


def run_selftest(bundle_dir: Path, selftest: SelfTest, detect: Detect, embed: Embed | None) -> SelfTestOutcome:
    """Runs the self-test's pictures through the models and compares.

    Args:
        bundle_dir: The bundle.
        selftest: As `read_selftest` gave it.
        detect: The shipped detector, its score floor set to `selftest.detector.score_floor`.
        embed: The shipped embedder; None where the bundle has none.

    Raises:
        DongsunError: An answer is off by more than the self-test allows: the runtime, the machine or the files differ
            from what was exported.
    """
    folder = bundle_dir / SELFTEST_DIRECTORY
    lowest_iou, largest_difference = _test_detector(folder, selftest.detector, detect)
    lowest_cosine: float | None = None
    if selftest.reid is not None:
        if embed is None:
            raise _failed("an embedder to test", "none", folder)
        lowest_cosine = _test_embedder(folder, selftest.reid, embed)
    return SelfTestOutcome(lowest_iou, largest_difference, lowest_cosine)


def _test_detector(folder: Path, test: DetectorSelfTest, detect: Detect) -> tuple[float, float]:
    lowest_iou, largest_difference = 1.0, 0.0
    for case in test.cases:
        found = detect(_picture(folder / case.picture))
        for box, score, class_id in zip(case.boxes_xyxy_px, case.scores, case.class_ids, strict=True):
            same_class = found.keep(found.class_ids == class_id)
            overlaps = iou_matrix(np.array([box], np.float32), same_class.boxes_xyxy_px)[0]
            if not len(overlaps) or overlaps.max() < test.least_iou:
                best = f"IoU {overlaps.max():.2f}" if len(overlaps) else "nothing of its class"
                raise _failed(f"a detection of score {score:.2f} at {box}", best, folder / case.picture)
            candidates = same_class.scores[overlaps >= test.least_iou]
            difference = float(np.abs(candidates - score).min())
            if difference > test.score_tolerance:
                raise _failed(
                    f"a score of {score:.3f} ± {test.score_tolerance}",
                    f"{candidates.max():.3f}",
                    folder / case.picture,
                )
            lowest_iou = min(lowest_iou, float(overlaps.max()))
            largest_difference = max(largest_difference, difference)
    return lowest_iou, largest_difference


def _test_embedder(folder: Path, test: ReidSelfTest, embed: Embed) -> float:
    given = embed([_picture(folder / name) for name in test.pictures])
    expected = np.array(test.embeddings, dtype=np.float32)
    if given.shape != expected.shape:
        raise _failed(f"embeddings {expected.shape}", str(given.shape), folder)
    cosines = np.einsum("nd,nd->n", given, expected)
    if (worst := int(cosines.argmin())) >= 0 and not cosines[worst] >= test.least_cosine:
        raise _failed(
            f"a cosine of {test.least_cosine} or more to the exported embedding",
            f"{cosines[worst]:.4f}",
            folder / test.pictures[worst],
        )
    return float(cosines.min())


def _picture(path: Path) -> FrameBgr:
    encoded = np.fromfile(path, np.uint8) if path.is_file() else np.zeros(0, np.uint8)
    picture = cv2.imdecode(encoded, cv2.IMREAD_COLOR) if len(encoded) else None
    if picture is None:
        raise _failed("a picture", "a file that is absent or can't be decoded", path)
    return np.asarray(picture, dtype=np.uint8)


def _failed(expected: str, got: str, where: Path) -> DongsunError:
    return DongsunError(
        expected=expected,
        got=got,
        where=f"self-test, {where}",
        mend="don't count with this bundle here: fetch it again, check the runtime's versions, or export on a like CPU",
    )
