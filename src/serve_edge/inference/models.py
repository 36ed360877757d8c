"""The bundle's models, verified and loaded."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dongsun.contract.bundle import BundleManifest, Precision, read_bundle
from dongsun.contract.detections import Detections
from dongsun.contract.embedding import Embeddings
from dongsun.contract.preprocess import FrameBgr, person_crops
from dongsun.serve_edge.inference.detector import OpenVinoDetector
from dongsun.serve_edge.inference.embedder import OpenVinoEmbedder
from dongsun.serve_edge.pipeline.track import Track


@dataclass(frozen=True)
class Models:
    """The bundle's models at the precisions in use."""

    manifest: BundleManifest
    detector: OpenVinoDetector
    detector_precision: Precision
    embedder: OpenVinoEmbedder | None
    reid_precision: Precision | None

    @property
    def similarity_threshold(self) -> float | None:
        """The bundle's threshold at the precision in use; None without a re-ID model."""
        reid, precision = self.manifest.reid, self.reid_precision
        return None if reid is None or precision is None else reid.thresholds[precision].similarity

    def looks(self, picture_bgr: FrameBgr, tracks: list[Track]) -> Iterator[tuple[Track, Embeddings]]:
        """The embedding (1, d) of each track's last box in the picture; nothing without a re-ID model."""
        if not tracks or self.embedder is None:
            return
        boxes = np.array([track.last.seen_xyxy_px for track in tracks], dtype=np.float32)
        of_interest = Detections(boxes, np.ones(len(tracks), np.float32), np.zeros(len(tracks), np.int64))
        embeddings = self.embedder.embed(person_crops(picture_bgr, of_interest))
        for track, embedding in zip(tracks, embeddings, strict=True):
            yield track, embedding[None]


def load_models(
    bundle: Path, precision: Precision | None, threads: int | None, score_floor: float, requests: int = 1
) -> Models:
    """Verifies a bundle and loads its models.

    Args:
        bundle: Directory of the bundle.
        precision: Of both models. The re-ID model falls back on its shipped precision where the bundle has no other;
            by default each model runs at its shipped precision.
        threads: CPU threads; all by default.
        score_floor: Weakest detections wanted.
        requests: Inferences at once, for many cameras.

    Raises:
        DongsunError: The bundle is not whole, or has no detector of that precision.
    """
    manifest = read_bundle(bundle)
    detector_precision = precision or manifest.detector.shipped_precision
    floor = min(score_floor, manifest.detector.score_threshold)
    detector = OpenVinoDetector(
        manifest.detector, bundle, detector_precision, score_floor=floor, threads=threads, requests=requests
    )
    reid = manifest.reid
    if reid is None:
        return Models(manifest, detector, detector_precision, None, None)
    asked = precision if precision in reid.files and precision in reid.thresholds else None
    reid_precision = asked or reid.shipped_precision
    embedder = OpenVinoEmbedder(reid, bundle, reid_precision, threads=threads, requests=requests)
    return Models(manifest, detector, detector_precision, embedder, reid_precision)
