"""Pictures that show nothing: black, blank and frozen ones."""

import cv2
import numpy as np
import numpy.typing as npt

from dongsun.contract.preprocess import FrameBgr
from dongsun.serve_edge.stream.captured_frame import GapReason

_THUMBNAIL = (64, 36)
_EDGE = _THUMBNAIL[0] * _THUMBNAIL[1] // 50
"""2 % of the thumbnail's pixels."""
_DARK = 24.0
"""Limited-range black is 16; a lens cap with sensor noise stays below this."""
_LIVELY = 3.0
"""Spread of the middle 96 % of luma: a room at night with its lamps off still has more than a lens cap."""


class PictureHealth:
    """Tells whether a camera's pictures still show the shop.

    Black: dark all over. Blank: one shade all over, which is how decoders fill what they never got. Frozen: not one
    pixel of a small version differs for `frozen_s`; a real sensor's noise survives coding at least at each key picture,
    so the time must be longer than the camera's key interval.

    Args:
        frozen_s: How long a picture must stand to be called frozen.
    """

    def __init__(self, frozen_s: float) -> None:
        self._frozen_s = frozen_s
        self._last: npt.NDArray[np.uint8] | None = None
        self._since_s = 0.0

    def fault(self, small_bgr: FrameBgr, time_s: float) -> GapReason | None:
        """What is wrong with the picture taken at `time_s`, if anything; told from its small version."""
        if self._last is None or self._last.shape != small_bgr.shape or bool((self._last != small_bgr).any()):
            self._last, self._since_s = small_bgr, time_s
        luma = cv2.resize(cv2.cvtColor(small_bgr, cv2.COLOR_BGR2GRAY), _THUMBNAIL, interpolation=cv2.INTER_AREA)
        levels = np.sort(luma, axis=None)  # a tenth of numpy's percentiles' time
        low, high = int(levels[_EDGE]), int(levels[-1 - _EDGE])
        if high - low < _LIVELY:
            return GapReason.BLACK if high < _DARK else GapReason.BLANK
        return GapReason.FROZEN if time_s - self._since_s >= self._frozen_s else None
