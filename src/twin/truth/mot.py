"""Box truth in MOT Challenge text: `frame,id,x,y,w,h,1,class,visibility`, frames from 1, boxes in pixels."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TextIO

from dongsun.twin.render.renderer import Box, Sighting

PERSON_CLASS, HEAD_CLASS = 1, 2
LEAST_HEAD_VISIBILITY = 0.25
LEAST_SIDE_PX = 3.0
SUFFIXES = ("gt", "amodal", "heads")


class MotFiles:
    """Writes the sightings of one camera into its three truth files, row by row; made by `mot_files`."""

    def __init__(self, size: tuple[int, int], visible: TextIO, amodal: TextIO, heads: TextIO) -> None:
        self._size = size
        self._visible, self._amodal, self._heads = visible, amodal, heads
        self.boxes = 0

    def add(self, frame_number: int, sightings: Iterable[Sighting]) -> None:
        """Notes the sightings of a frame (`frame_number` counts from 1). Specks under 3 pixels are left out."""
        for s in sightings:
            visible = clipped(s.visible_xyxy_px, self._size)
            if visible[2] - visible[0] < LEAST_SIDE_PX or visible[3] - visible[1] < LEAST_SIDE_PX:
                continue
            self.boxes += 1
            self._visible.write(_row(frame_number, s.person_id, visible, PERSON_CLASS, s.visibility))
            amodal = clipped(s.amodal_xyxy_px, self._size)
            self._amodal.write(_row(frame_number, s.person_id, amodal, PERSON_CLASS, s.visibility))
            head = clipped(s.head_xyxy_px, self._size)
            large = min(head[2] - head[0], head[3] - head[1]) >= LEAST_SIDE_PX
            if large and s.head_visibility >= LEAST_HEAD_VISIBILITY:
                self._heads.write(_row(frame_number, s.person_id, head, HEAD_CLASS, s.head_visibility))


@contextmanager
def mot_files(directory: Path, camera_id: str, width_px: int, height_px: int) -> Iterator[MotFiles]:
    """Opens a camera's files in `directory`.

    `<camera>.gt.txt` has the box of what can be seen, `<camera>.amodal.txt` the whole body's box clipped to the picture
    (its bottom centre is the foot point unless the picture cuts it), `<camera>.heads.txt` the head's.
    """
    with ExitStack() as stack:
        streams = [
            stack.enter_context((directory / f"{camera_id}.{suffix}.txt").open("w", encoding="utf-8"))
            for suffix in SUFFIXES
        ]
        yield MotFiles((width_px, height_px), *streams)


def clipped(box: Box, size: tuple[int, int]) -> Box:
    """The part of a box within a picture of (width, height)."""
    x0, y0, x1, y1 = box
    return max(0.0, x0), max(0.0, y0), min(float(size[0]), x1), min(float(size[1]), y1)


def _row(frame_number: int, person_id: int, box: Box, class_id: int, visibility: float) -> str:
    x0, y0, x1, y1 = box
    return f"{frame_number},{person_id},{x0:.2f},{y0:.2f},{x1 - x0:.2f},{y1 - y0:.2f},1,{class_id},{visibility:.3f}\n"
