"""Where the feet are, if the detector draws whole bodies."""

from collections import deque

import numpy as np

from dongsun.contract.geometry import Point
from dongsun.serve_edge.pipeline.floor_view import FloorView
from dongsun.serve_edge.pipeline.motion import Box
from dongsun.serve_edge.pipeline.stature import Bottom, Stature

_REMEMBERED = 25
_STATURES_M = (0.8, 2.1)
"""Boxes of other statures are drawn around something else."""
_EDGE_PX = 2.0


class WholeBodyStature:
    """Takes a box's bottom for the feet, as a detector that was trained on whole bodies means it.

    Such a detector has seen in training where feet are that others or a shelf hide; a rule that knows boxes only can't
    tell half an adult from a child. Nothing is left to complete but people cut by the picture's bottom edge: there the
    stature that was measured before tells where the feet are (in metres where the camera has floor points, else in
    pixels).

    Args:
        view: Of the floor, where the camera has one.
    """

    def __init__(self, view: FloorView | None) -> None:
        self._view = view
        self._seen_m: deque[float] = deque(maxlen=_REMEMBERED)
        self._in_pixels = Stature()

    def complete(self, box: Box, time_s: float, bottom: Bottom, expected_px: Box | None = None) -> tuple[Box, bool]:
        """Returns the whole box, and whether `box` was whole itself.

        Args:
            box: As detected.
            time_s: When.
            bottom: What is known of its lower end; only `CUT` matters.
            expected_px: Not used.
        """
        measured = self._measured_m(box)
        if bottom is not Bottom.CUT:
            if measured is not None and _STATURES_M[0] < measured < _STATURES_M[1]:
                self._seen_m.append(measured)
            self._in_pixels.complete(box, time_s, bottom)
            return box, True
        if self._view is None or measured is None or not self._seen_m:
            return self._in_pixels.complete(box, time_s, bottom)
        stature_m = float(np.median(self._seen_m))
        foot = None if measured >= stature_m else self._view.foot_px(_head(box), stature_m)
        whole = box.copy()
        if foot is not None:
            whole[3] = max(foot[1], box[3])
        return whole, False

    def _measured_m(self, box: Box) -> float | None:
        """How tall the box says the person is; None where it can't be told."""
        if self._view is None or box[1] <= _EDGE_PX:
            return None
        return self._view.stature_m(((box[0] + box[2]) / 2, float(box[3])), float(box[1]))


def _head(box: Box) -> Point:
    return float(box[0] + box[2]) / 2, float(box[1])
