"""Whether a picture has changed since the detector last looked."""

import cv2
import numpy as np
import numpy.typing as npt

from dongsun.contract.preprocess import FrameBgr

CHANGED_SHARE, LOOK_ANYWAY_S = 0.002, 2.0
"""Defaults: on ten films they cost no crossing (docs/station_load.md)."""
_DIFFERENCE = 14
"""Levels of a colour: sensor noise, averaged over the pixels of a small picture and blurred, stays below."""


class MotionGate:
    """Lets the detector rest while nothing moves.

    The picture is compared with the one that the detector saw last, not with the one before: somebody who creeps, a
    lamp that fades and a door that opens slowly add up until they are looked at. Where nothing has changed, neither
    have the people: such a picture counts as seen, with the last detections.

    Args:
        changed_share: Share of the picture's pixels that must differ.
        look_anyway_s: The detector looks at least this often.
    """

    def __init__(self, changed_share: float = CHANGED_SHARE, look_anyway_s: float = LOOK_ANYWAY_S) -> None:
        self._changed_share, self._look_anyway_s = changed_share, look_anyway_s
        self._seen: npt.NDArray[np.uint8] | None = None
        self._seen_at_s = 0.0

    def opens(self, small_bgr: FrameBgr, time_s: float) -> bool:
        """Whether the detector must look at this picture; if so, it's the one that later ones are compared with.

        Args:
            small_bgr: Its small version, some 160 pixels wide.
            time_s: When it was taken.
        """
        small = np.asarray(cv2.GaussianBlur(small_bgr, (3, 3), 0), np.uint8)
        if (
            self._seen is not None
            and self._seen.shape == small.shape
            and time_s - self._seen_at_s < self._look_anyway_s
        ):
            # In any colour: a red coat before a grey wall may be as bright as the wall.
            blue, green, red = cv2.split(cv2.absdiff(small, self._seen))
            differs = cv2.max(cv2.max(blue, green), red) > _DIFFERENCE
            if np.count_nonzero(differs) <= self._changed_share * differs.size:
                return False
        self._seen, self._seen_at_s = small, time_s
        return True
