"""Finding a person's feet when they are hidden: how tall people are, in metres."""

from collections import deque

import numpy as np

from dongsun.contract.geometry import Point
from dongsun.serve_edge.pipeline.footprints import Footprints
from dongsun.serve_edge.pipeline.motion import Box
from dongsun.serve_edge.pipeline.stature import Bottom

_ADULT_M = 1.72
"""What a box says of an unknown person's stature: a head's height and a bit, since the nearer shoe is the lower one."""
_ADULT_COUNTS = 3
"""As many boxes would outweigh it."""
_ADULTS_M = (1.45, 1.95)
"""Boxes of other statures show a part of a person, or more than one, or a child."""
_CHILD_M = 1.1
"""Nobody is believed to be shorter but where feet were seen before: a shelf stands before the legs."""
_SMALL_CHILD_M = 0.9
_REMEMBERED = 25
_SHARE = 0.7
"""Legs hidden make boxes shorter, and that is commoner than boxes made taller by a neighbour: so not the median."""
_OFF_M = 0.1
"""A box so much shorter or taller than the person is wrong at one end: whole ones waver by 0.04 m (one sigma)."""
_STRANGER_OFF_M = 0.1
"""That much more as long as nobody knows how tall the person is."""
_EDGE_PX = 2.0


class FloorStature:
    """Remembers how tall a person is, to place the feet when the box doesn't show them.

    A camera with floor points tells from a box's head and feet how tall the person is: the same number anywhere in the
    picture, so that it can be remembered as it is. A box that says otherwise is cut (furniture, a nearer person, the
    picture's edge) or drawn around two people; then the end nearer to where it was expected is believed, by default the
    head, and the other end follows from the stature.
    """

    def __init__(self, footprints: Footprints) -> None:
        self._footprints, self._view = footprints, footprints.view
        self._seen_m: deque[float] = deque([_ADULT_M] * _ADULT_COUNTS, maxlen=_REMEMBERED)

    @property
    def metres(self) -> float:
        """How tall the person is by now."""
        return float(np.quantile(self._seen_m, _SHARE))

    @property
    def _tolerance_m(self) -> float:
        return _OFF_M + _STRANGER_OFF_M * self._seen_m.count(_ADULT_M) / len(self._seen_m)

    def complete(self, box: Box, time_s: float, bottom: Bottom, expected_px: Box | None = None) -> tuple[Box, bool]:
        """Returns the whole box, and whether `box` was whole itself.

        Args:
            box: As detected.
            time_s: When.
            bottom: What is known of its lower end.
            expected_px: Where motion says it should be.
        """
        bottom_px = (float(box[0] + box[2]) / 2, float(box[3]))
        measured = self._view.stature_m(bottom_px, box[1])
        if measured is None or box[1] <= _EDGE_PX:
            return box, bottom is Bottom.SEEN
        if bottom is Bottom.SEEN:
            self._learn(bottom_px, measured)
        if bottom is Bottom.CUT and measured >= self.metres:
            return box, False
        if bottom is not Bottom.CUT and abs(measured - self.metres) <= self._tolerance_m:
            return box, bottom is Bottom.SEEN
        if expected_px is not None and bottom is Bottom.SEEN:
            head_off, foot_off = (abs(box[end] - expected_px[end]) for end in (1, 3))
            if foot_off < head_off:
                return box, True
        return self._from_head(box), False

    def _learn(self, bottom_px: Point, measured: float) -> None:
        if measured >= _ADULTS_M[1]:
            return
        if measured > _ADULTS_M[0]:
            self._footprints.note(bottom_px)
            self._seen_m.append(measured)
        elif measured > _CHILD_M or (measured > _SMALL_CHILD_M and self._footprints.knows(bottom_px)):
            self._seen_m.append(measured)

    def _from_head(self, box: Box) -> Box:
        foot = self._view.foot_px(((box[0] + box[2]) / 2, box[1]), self.metres)
        whole = box.copy()
        if foot is not None:
            whole[3] = max(foot[1], box[1] + 1)
        return whole
