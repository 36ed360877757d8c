"""Runs a bundle's models over test data, exactly as a station would, and takes their time."""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from dongsun.contract.bundle import BundleManifest, DetectorSpec, Precision, ReidSpec
from dongsun.contract.detections import Detections
from dongsun.contract.embedding import Embeddings
from dongsun.contract.preprocess import FrameBgr
from dongsun.eval.embed_manifest import read_picture_bgr
from dongsun.eval.labelled_frames import LabelledFrame
from dongsun.serve_edge.inference.detector import OpenVinoDetector
from dongsun.serve_edge.inference.embedder import OpenVinoEmbedder

_SCORE_FLOOR = 0.001
"""A precision-recall curve needs nearly all detections, however weak."""


@dataclass(frozen=True)
class DetectorRun:
    """What a detector found in test frames.

    Attributes:
        detections: One a frame, every class.
        median_ms: Median milliseconds a frame, preprocessing and decoding included.
    """

    detections: tuple[Detections, ...]
    median_ms: float


def run_detector(
    spec: DetectorSpec, bundle_dir: Path, precision: Precision, frames: Sequence[LabelledFrame], *, name: str
) -> DetectorRun:
    """Detects on every frame."""
    detector = OpenVinoDetector(spec, bundle_dir, precision, score_floor=_SCORE_FLOOR)
    found: list[Detections] = []
    taken_s: list[float] = []
    for frame in tqdm(frames, desc=f"{name} {precision}", unit="frame", disable=None):
        picture = read_picture_bgr(frame.path)
        started = time.perf_counter()
        found.append(detector.detect(picture))
        taken_s.append(time.perf_counter() - started)
    return DetectorRun(tuple(found), 1000 * statistics.median(taken_s))


class TimedEmbedder:
    """An `EmbedFn` around the bundle's embedder that remembers how long its crops took."""

    def __init__(self, spec: ReidSpec, bundle_dir: Path, precision: Precision) -> None:
        self._embedder = OpenVinoEmbedder(spec, bundle_dir, precision)
        self._taken_s: list[float] = []

    def __call__(self, crops_bgr: list[FrameBgr]) -> Embeddings:
        """Crops (n pictures of any size) → float32 (n, d), unit rows."""
        started = time.perf_counter()
        embeddings = self._embedder.embed(crops_bgr)
        self._taken_s.append((time.perf_counter() - started) / max(len(crops_bgr), 1))
        return embeddings

    @property
    def median_ms(self) -> float:
        """Median milliseconds a crop."""
        return 1000 * statistics.median(self._taken_s)


def model_bytes(manifest: BundleManifest, xml: str) -> int:
    """Size of an OpenVINO model: its `.xml` and `.bin` together."""
    stem = xml.removesuffix(".xml")
    return sum(entry.bytes for entry in manifest.files if entry.path in (xml, f"{stem}.bin"))
