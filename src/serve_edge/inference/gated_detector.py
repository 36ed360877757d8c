"""One camera's detector, which rests while nothing moves."""

from dongsun.contract.detections import Detections
from dongsun.serve_edge.inference.detector import OpenVinoDetector
from dongsun.serve_edge.pipeline.motion_gate import MotionGate
from dongsun.serve_edge.stream.picture import Picture


class GatedDetector:
    """Detects in a camera's pictures, in order of time; where nothing has changed, what was found last is still there.

    Args:
        detector: The bundle's; cameras may share it.
        gate: Says which pictures must be looked at; without it, all.

    Attributes:
        looked: Pictures that the detector saw.
        spared: Pictures that it was spared.
    """

    def __init__(self, detector: OpenVinoDetector, gate: MotionGate | None) -> None:
        self._detector, self._gate = detector, gate
        self._found: Detections | None = None
        self.looked = self.spared = 0

    def detect(self, picture: Picture, time_s: float) -> Detections:
        """What is in a picture taken at `time_s`: every class, in the picture's pixels."""
        # The gate hears of every picture: it compares with the last one for which it opened.
        opens = self._gate is None or self._gate.opens(picture.small_bgr(), time_s)
        if self._found is not None and not opens:
            self.spared += 1
            return self._found
        self.looked += 1
        self._found = self._detector.detect(picture.bgr())
        return self._found

    def forget(self) -> None:
        """Pictures were missed: who was there before says nothing of who is there next."""
        self._found = None
