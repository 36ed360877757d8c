"""Where in the picture feet have been seen: elsewhere furniture may stand before them."""

import numpy as np

from dongsun.contract.geometry import Point
from dongsun.serve_edge.pipeline.floor_view import FloorView

_COLUMNS, _ROWS = 80, 120
"""Fine in rows, since a shelf's edge is: three pixels of a 360 line picture."""


class Footprints:
    """Remembers where in a camera's picture the feet of people seen whole have been.

    A box of an adult's height ends at their feet. A shorter box that ends where feet were seen before is a child, or
    somebody far off: floor is visible there. One that ends elsewhere may be cut by a shelf.

    Args:
        view: Of the camera.
    """

    def __init__(self, view: FloorView) -> None:
        self.view = view
        self._seen = np.zeros((_ROWS, _COLUMNS), np.bool_)

    def note(self, bottom_px: Point) -> None:
        """Feet are seen at a point."""
        row, column = self._cell(bottom_px)
        self._seen[row, max(column - 1, 0) : column + 2] = True

    def knows(self, bottom_px: Point) -> bool:
        """Whether feet were seen there."""
        return bool(self._seen[self._cell(bottom_px)])

    def _cell(self, point_px: Point) -> tuple[int, int]:
        column = int(np.clip(point_px[0] / self.view.width_px * _COLUMNS, 0, _COLUMNS - 1))
        return int(np.clip(point_px[1] / self.view.height_px * _ROWS, 0, _ROWS - 1)), column
