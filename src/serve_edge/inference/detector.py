"""The bundle's detector."""

import os
from pathlib import Path

from dongsun.contract.bundle import DetectorSpec, Precision
from dongsun.contract.detections import Detections
from dongsun.contract.errors import DongsunError
from dongsun.contract.preprocess import FrameBgr, letterboxed
from dongsun.serve_edge.inference.decode import decode_detections
from dongsun.serve_edge.inference.openvino_model import OpenVinoModel


class OpenVinoDetector:
    """Finds objects in frames with the bundle's detector.

    Args:
        spec: The detector of the bundle's manifest.
        bundle_dir: The bundle.
        precision: Which of its models to run.
        score_floor: Least score returned; the bundle's `score_threshold` by default. A tracker wants weak detections
            too, a precision-recall curve nearly all.
        threads: CPU threads; all by default.
        requests: Inferences at once, for many cameras; see `OpenVinoModel`.

    Raises:
        DongsunError: The bundle has no such precision, or the model isn't what the bundle says.
    """

    def __init__(
        self,
        spec: DetectorSpec,
        bundle_dir: Path,
        precision: Precision,
        *,
        score_floor: float | None = None,
        threads: int | None = None,
        requests: int = 1,
    ) -> None:
        if precision not in spec.files:
            raise DongsunError(
                expected=f"one of the detector's precisions {', '.join(spec.files)}",
                got=precision,
                where=str(bundle_dir),
                mend="choose another --precision",
            )
        if spec.input.resize != "letterbox":
            raise DongsunError(
                expected="a detector whose input is letterboxed",
                got=spec.input.resize,
                where=str(bundle_dir),
                mend="export the bundle again",
            )
        self.spec = spec
        self._floor = spec.score_threshold if score_floor is None else score_floor
        self._model = OpenVinoModel(
            bundle_dir / spec.files[precision], spec.input, threads or os.cpu_count() or 1, requests
        )
        expected = (6, None) if spec.output == "end2end_xyxy_score_class" else (None, 4 + len(spec.class_names))
        shape = self._model.output_shape
        last, middle = expected
        if len(shape) != 3 or (last is not None and shape[2] != last) or (middle is not None and shape[1] != middle):
            raise DongsunError(
                expected=f"an output of the form {spec.output} with {len(spec.class_names)} classes",
                got=f"the shape {shape}",
                where=str(bundle_dir / spec.files[precision]),
                mend="export the bundle again",
            )

    def detect(self, frame_bgr: FrameBgr) -> Detections:
        """What is in the frame: every class, best score first, in the frame's pixels."""
        with self._model.turn() as turn:
            _, fit = letterboxed(frame_bgr, self.spec.input, turn.input)
            return decode_detections(
                turn.infer(),
                self.spec.output,
                fit,
                classes=len(self.spec.class_names),
                score_floor=self._floor,
                nms_iou=self.spec.nms_iou,
            )
