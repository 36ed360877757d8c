"""Finding a person's feet when they are hidden: the remembered height."""

from enum import IntEnum
from typing import Protocol

import numpy as np
import numpy.typing as npt

from dongsun.contract.detections import BoxExtent
from dongsun.serve_edge.pipeline.motion import Box

_MEMORY_S = 0.7
"""Time constant of the remembered height: long against a box's jitter, short against a walk through the picture."""
_FASTEST_PER_S = 0.4
"""Heights shrink no faster than by this share a second: a brisk walk (1.6 m/s) seen from 4 m. They are not expected to
grow: a box that grows is mostly somebody coming into view, and would go on growing only on paper."""
_SHRUNK = 0.8
"""A box under this share of the remembered height is missing its lower part: bodies don't shrink that fast."""
_BELIEVE_S = 1.0
"""After this long a smaller box is believed (the person sat down, or the memory was wrong)."""
_WIDTHS_TALL = 2.5
"""A standing person's box is about 2.5 times as tall as wide, walking 2, arms at the sides 3."""
_EDGE_PX = 2.0
"""A box ending this near the picture's bottom is cut by it."""
_COVER_SHARE = 0.4
"""A nearer person's box across this share of the width hides the feet."""


class Bottom(IntEnum):
    """What is known of the lower end of a box."""

    SEEN = 0
    COVERED = 1
    """It lies inside a nearer person's box."""
    CUT = 2
    """It lies on the picture's bottom edge: the feet are below the picture."""


class BodyStature(Protocol):
    """Knows how tall a tracked person is, one way or another."""

    def complete(self, box: Box, time_s: float, bottom: Bottom, expected_px: Box | None = None) -> tuple[Box, bool]:
        """Returns the whole box, and whether `box` was whole itself."""


class Stature:
    """Remembers how tall a person's box was when seen whole, to place the feet when they are hidden.

    Feet are hidden by the picture's bottom edge, by a nearer person, or by furniture; the top of the box stays. A box
    that is seen cut gets its bottom from the remembered height. Somebody who comes in over the bottom edge and was
    never seen whole is taken to have ordinary proportions: the feet are below the picture, not on its edge.

    The height is remembered with its rate of change (Holt's double exponential smoothing of its logarithm, critically
    damped). A plain average lags behind somebody who walks away by a tenth of a height, which, when a neighbour's box
    hides the feet just at the door, would leave the feet on the wrong side of the line.
    """

    def __init__(self) -> None:
        self._height_px: float | None = None
        self._rate_per_s = 0.0
        self._seen_whole_at_s = 0.0
        self._last_at_s = 0.0

    def complete(self, box: Box, time_s: float, bottom: Bottom, expected_px: Box | None = None) -> tuple[Box, bool]:
        """Returns the whole box, and whether `box` was whole itself."""
        height = float(box[3] - box[1])
        if self._height_px is None:
            return self._complete_stranger(box, time_s, bottom)
        hidden = bottom is not Bottom.SEEN
        since_s = max(time_s - self._last_at_s, 0.0)
        expected = self._expected(time_s)
        shrunk = height < _SHRUNK * expected
        believed = not hidden and time_s - self._seen_whole_at_s > _BELIEVE_S
        if (shrunk and not believed) or (hidden and height < expected):
            return _with_height(box, expected), False
        if hidden or shrunk:
            self._rate_per_s = 0.0
            self._remember(height, time_s)  # taller than remembered though hidden, or smaller for long enough
        else:
            keep = float(np.exp(-since_s / _MEMORY_S))
            surprise = float(np.log(height / expected))
            if since_s > 0:
                rate = self._rate_per_s + (1 - keep) ** 2 * surprise / since_s
                self._rate_per_s = float(np.clip(rate, -_FASTEST_PER_S, 0.0))
            self._remember(expected * float(np.exp((1 - keep**2) * surprise)), time_s)
        return box, not hidden

    def _expected(self, time_s: float) -> float:
        """The height by now, had it gone on changing as it did; the rate is trusted for a second."""
        assert self._height_px is not None
        ahead_s = min(max(time_s - self._last_at_s, 0.0), _BELIEVE_S)
        return self._height_px * float(np.exp(self._rate_per_s * ahead_s))

    def _complete_stranger(self, box: Box, time_s: float, bottom: Bottom) -> tuple[Box, bool]:
        height, width = float(box[3] - box[1]), float(box[2] - box[0])
        if bottom is Bottom.SEEN:
            self._remember(height, time_s)
        elif bottom is Bottom.CUT:
            return _with_height(box, max(height, _WIDTHS_TALL * width)), False
        return box, bottom is Bottom.SEEN

    def _remember(self, height: float, time_s: float) -> None:
        self._height_px = height
        self._seen_whole_at_s = self._last_at_s = time_s


def bottoms(
    boxes_xyxy_px: npt.NDArray[np.float64], frame_height_px: int, box_extent: BoxExtent = "visible"
) -> list[Bottom]:
    """What is known of the lower end of each box (n, 4) of a frame. Boxes around whole bodies are not covered."""
    found: list[Bottom] = []
    for x0, _, x1, bottom in boxes_xyxy_px:
        across = np.minimum(boxes_xyxy_px[:, 2], x1) - np.maximum(boxes_xyxy_px[:, 0], x0)
        nearer = (boxes_xyxy_px[:, 3] > bottom + _EDGE_PX) & (boxes_xyxy_px[:, 1] < bottom)
        if bottom >= frame_height_px - _EDGE_PX:
            found.append(Bottom.CUT)
        elif box_extent == "visible" and bool((nearer & (across > _COVER_SHARE * (x1 - x0))).any()):
            found.append(Bottom.COVERED)
        else:
            found.append(Bottom.SEEN)
    return found


def _with_height(box: Box, height_px: float) -> Box:
    whole = box.copy()
    whole[3] = box[1] + height_px
    return whole
