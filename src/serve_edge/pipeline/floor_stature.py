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
_SMALL_CHILD_M = 0.9
_LANKY, _LANKIEST = 2.0, 2.4
"""A box so many times as tall as wide shows a whole person: half of the children's boxes are over 2.4, and nine in ten
of adults' cut at the hip under 2.0 (the twin's films)."""
_KNOWN_COUNTS = 5
"""After so many boxes with feet it is known how tall the person is; or that it is another by now."""
_OTHER_M = 0.2
"""Whoever measures so much less or more is another person, or not seen whole."""
_HEAD_OFF = 0.06
"""A head so many heights from where it should be is another's."""
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
        self._seen_m: deque[float] = deque(maxlen=_REMEMBERED)
        self._contrary: list[float] = []

    @property
    def metres(self) -> float:
        """How tall the person is by now."""
        return float(np.quantile([*self._seen_m, *[_ADULT_M] * self._guesses], _SHARE))

    @property
    def is_known(self) -> bool:
        """Whether enough boxes showed the person whole."""
        return len(self._seen_m) >= _KNOWN_COUNTS

    @property
    def is_sure(self) -> bool:
        """Whether that is known, and the last boxes don't say that it is somebody else by now."""
        return self.is_known and not self._contrary

    @property
    def _guesses(self) -> int:
        return 0 if self.is_known else _ADULT_COUNTS

    @property
    def _tolerance_m(self) -> float:
        return _OFF_M + _STRANGER_OFF_M * self._guesses / (len(self._seen_m) + _ADULT_COUNTS)

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
        if bottom is not Bottom.CUT:
            self._learn(box, bottom_px, measured, expected_px, seen=bottom is Bottom.SEEN)
        return self._fitted(box, measured, bottom, expected_px)

    def complete_again(self, box: Box, bottom: Bottom) -> Box:
        """The whole box of an earlier sighting, by what has been learned since."""
        measured = self._view.stature_m((float(box[0] + box[2]) / 2, float(box[3])), box[1])
        return box if measured is None or box[1] <= _EDGE_PX else self._fitted(box, measured, bottom, None)[0]

    def also(self, other: "FloorStature") -> None:
        """Takes over what was learned of the same person on another track."""
        self._seen_m.extend(other._seen_m)

    def _learn(self, box: Box, bottom_px: Point, measured: float, expected_px: Box | None, *, seen: bool) -> None:
        if not _SMALL_CHILD_M < measured < _ADULTS_M[1]:
            return
        grown, slimness = measured > _ADULTS_M[0], (box[3] - box[1]) / max(box[2] - box[0], 1.0)
        on_floor = self._footprints.knows(bottom_px)
        if self.is_known and measured < self.metres - _OTHER_M:
            # Mostly the same person behind something. Somebody smaller has the head elsewhere, and feet to be seen.
            other = bool(self._contrary) or expected_px is None or _head_moved(box, expected_px)
            other |= slimness > _LANKIEST and not grown
            whole = other and on_floor and (seen or slimness > _LANKY)
        elif grown:
            whole = seen
            if seen:
                self._footprints.note(bottom_px)
        else:
            whole = slimness > _LANKY or (seen and on_floor)
        if whole:
            self._remember(measured)

    def _remember(self, measured: float) -> None:
        if not self.is_known or abs(measured - self.metres) <= _OTHER_M:
            self._seen_m.append(measured)
            self._contrary = []
            return
        self._contrary.append(measured)
        if len(self._contrary) == _KNOWN_COUNTS:
            self._seen_m.clear()
            self._seen_m.extend(self._contrary)
            self._contrary = []

    def _fitted(self, box: Box, measured: float, bottom: Bottom, expected_px: Box | None) -> tuple[Box, bool]:
        """The box as it is, or its other end by the stature; and whether it was whole."""
        if bottom is Bottom.CUT and measured >= self.metres:
            return box, False
        if bottom is not Bottom.CUT and abs(measured - self.metres) <= self._tolerance_m:
            return box, bottom is Bottom.SEEN
        if expected_px is not None and bottom is Bottom.SEEN:
            head_off, foot_off = (abs(box[end] - expected_px[end]) for end in (1, 3))
            if foot_off < head_off:
                return box, True
        return self._from_head(box), False

    def _from_head(self, box: Box) -> Box:
        foot = self._view.foot_px(((box[0] + box[2]) / 2, box[1]), self.metres)
        whole = box.copy()
        if foot is not None:
            whole[3] = max(foot[1], box[1] + 1)
        return whole


def _head_moved(box: Box, expected_px: Box) -> bool:
    return bool(abs(box[1] - expected_px[1]) > _HEAD_OFF * (expected_px[3] - expected_px[1]))
