"""Finding a person's feet when they are hidden: the remembered height."""

import numpy as np
import numpy.typing as npt

from dongsun.serve_edge.pipeline.motion import Box

_MEMORY_S = 0.7
"""Time constant of the remembered height: perspective changes it by a few per cent in this time at a walk."""
_SHRUNK = 0.8
"""A box under this share of the remembered height is missing its lower part: bodies don't shrink by 20 % between frames."""
_BELIEVE_S = 1.0
"""After this long a smaller box is believed (the person sat down, or the memory was wrong)."""
_EDGE_PX = 2.0
"""A box ending this near the picture's bottom is cut by it."""
_COVER_SHARE = 0.4
"""A nearer person's box across this share of the width hides the feet."""


class Stature:
    """Remembers how tall a person's box was when seen whole, to place the feet when they are hidden.

    Feet are hidden by the picture's bottom edge, by a nearer person, or by furniture; the top of the box stays. A box
    that is seen cut gets its bottom from the remembered height.
    """

    def __init__(self) -> None:
        self._height_px: float | None = None
        self._seen_whole_at_s = 0.0
        self._last_at_s = 0.0

    def complete(self, box: Box, time_s: float, *, bottom_hidden: bool) -> tuple[Box, bool]:
        """Returns the whole box, and whether `box` was whole itself."""
        height = float(box[3] - box[1])
        if self._height_px is None:
            self._remember(height, time_s)
            return box, not bottom_hidden
        shrunk = height < _SHRUNK * self._height_px
        cut = (bottom_hidden and height < self._height_px) or shrunk
        believed = not bottom_hidden and time_s - self._seen_whole_at_s > _BELIEVE_S
        if cut and not believed:
            self._last_at_s = time_s
            whole = box.copy()
            whole[3] = box[1] + self._height_px
            return whole, False
        if cut:
            self._height_px = height
        weight = 1.0 if height > self._height_px and bottom_hidden else _blend(time_s - self._last_at_s)
        self._remember(self._height_px + weight * (height - self._height_px), time_s)
        return box, not bottom_hidden

    def _remember(self, height: float, time_s: float) -> None:
        self._height_px = height
        self._seen_whole_at_s = self._last_at_s = time_s


def bottoms_hidden(boxes_xyxy_px: npt.NDArray[np.float64], frame_height_px: int) -> npt.NDArray[np.bool_]:
    """Which of the boxes (n, 4) end at the picture's bottom edge or inside a nearer person's box; bool (n,)."""
    hidden = boxes_xyxy_px[:, 3] >= frame_height_px - _EDGE_PX
    for i, (x0, _, x1, bottom) in enumerate(boxes_xyxy_px):
        across = np.minimum(boxes_xyxy_px[:, 2], x1) - np.maximum(boxes_xyxy_px[:, 0], x0)
        nearer = (boxes_xyxy_px[:, 3] > bottom + _EDGE_PX) & (boxes_xyxy_px[:, 1] < bottom)
        hidden[i] |= bool((nearer & (across > _COVER_SHARE * (x1 - x0))).any())
    return np.asarray(hidden, dtype=np.bool_)


def _blend(dt_s: float) -> float:
    return 1.0 - float(np.exp(-max(dt_s, 0.0) / _MEMORY_S))
