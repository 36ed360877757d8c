"""Finding faces, to hide them."""

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from dongsun.contract.errors import DongsunError
from dongsun.contract.preprocess import FrameBgr

SCORE_THRESHOLD = 0.7
"""YuNet's false finds lie below this; a face missed costs no privacy: its person is then blurred whole."""
_LEAST_SIDE_PX = 320
"""Crops are enlarged to at least this: YuNet was trained on faces of 10 px and more."""
_ERRORS_ONLY = 2
_LARGEST_GAIN = 6.0
"""Beyond this, enlarging adds no detail."""

Faces = npt.NDArray[np.float64]
"""float64 (n, 4): x0, y0, x1, y1 in the pixels of the picture searched."""


class FaceFinder:
    """Finds faces with YuNet (`cv2.FaceDetectorYN`); finds none without a model, so that people are blurred whole.

    Args:
        model: YuNet ONNX, or None.

    Raises:
        DongsunError: The file is absent or no face model.
    """

    def __init__(self, model: Path | None) -> None:
        self._yunet: cv2.FaceDetectorYN | None = None
        if model is None:
            return
        if not model.is_file():
            raise _refused("no such file", model)
        level = cv2.utils.logging.getLogLevel()
        cv2.utils.logging.setLogLevel(_ERRORS_ONLY)  # OpenCV 5 warns on every start that the CPU is its only target
        try:
            self._yunet = cv2.FaceDetectorYN.create(str(model), "", (_LEAST_SIDE_PX, _LEAST_SIDE_PX), SCORE_THRESHOLD)
            self._yunet.detect(np.zeros((_LEAST_SIDE_PX, _LEAST_SIDE_PX, 3), np.uint8))
        except cv2.error as error:
            raise _refused(str(error).strip(), model) from error
        finally:
            cv2.utils.logging.setLogLevel(level)

    def find(self, picture_bgr: FrameBgr) -> Faces:
        """Faces in a picture of any size, float64 (n, 4) in its pixels."""
        height, width = picture_bgr.shape[:2]
        if self._yunet is None or height < 2 or width < 2:
            return np.zeros((0, 4))
        gain = min(max(1.0, _LEAST_SIDE_PX / min(height, width)), _LARGEST_GAIN)
        size = (round(width * gain), round(height * gain))
        self._yunet.setInputSize(size)
        _, found = self._yunet.detect(cv2.resize(picture_bgr, size, interpolation=cv2.INTER_CUBIC))
        if found is None:
            return np.zeros((0, 4))
        boxes = np.asarray(found, dtype=np.float64)[:, :4] / gain
        boxes[:, 2:] += boxes[:, :2]
        return np.asarray(boxes, dtype=np.float64)


def _refused(got: str, where: Path) -> DongsunError:
    return DongsunError(
        expected="a YuNet face model (ONNX)", got=got, where=str(where), mend="give another --face-model, or none"
    )
