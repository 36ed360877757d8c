"""Box truth in MOT Challenge text: `frame,id,x,y,w,h,1,class,visibility`, frames from 1, boxes in pixels."""

from collections.abc import Iterable
from pathlib import Path

from dongsun.contract.durable import write_text
from dongsun.twin.render.renderer import Box, Sighting

PERSON_CLASS, HEAD_CLASS = 1, 2
LEAST_HEAD_VISIBILITY = 0.25
LEAST_SIDE_PX = 3.0


class MotFiles:
    """Collects the sightings of one camera and writes its three truth files.

    `<camera>.gt.txt` has the box of what can be seen, `<camera>.amodal.txt` the whole body's box clipped to the picture
    (its bottom centre is the foot point unless the picture cuts it), `<camera>.heads.txt` the head's.
    """

    def __init__(self, width_px: int, height_px: int) -> None:
        self._size = (width_px, height_px)
        self._visible: list[str] = []
        self._amodal: list[str] = []
        self._heads: list[str] = []

    def add(self, frame_number: int, sightings: Iterable[Sighting]) -> None:
        """Notes the sightings of a frame (`frame_number` counts from 1). Specks under 3 pixels are left out."""
        for s in sightings:
            visible = _clipped(s.visible_xyxy_px, self._size)
            if visible[2] - visible[0] < LEAST_SIDE_PX or visible[3] - visible[1] < LEAST_SIDE_PX:
                continue
            self._visible.append(_row(frame_number, s.person_id, visible, PERSON_CLASS, s.visibility))
            amodal = _clipped(s.amodal_xyxy_px, self._size)
            self._amodal.append(_row(frame_number, s.person_id, amodal, PERSON_CLASS, s.visibility))
            head = _clipped(s.head_xyxy_px, self._size)
            large = min(head[2] - head[0], head[3] - head[1]) >= LEAST_SIDE_PX
            if large and s.head_visibility >= LEAST_HEAD_VISIBILITY:
                self._heads.append(_row(frame_number, s.person_id, head, HEAD_CLASS, s.head_visibility))

    def write(self, directory: Path, camera_id: str) -> int:
        """Writes the files and returns the number of person boxes."""
        for suffix, rows in (("gt", self._visible), ("amodal", self._amodal), ("heads", self._heads)):
            write_text(directory / f"{camera_id}.{suffix}.txt", "".join(rows))
        return len(self._visible)


def _clipped(box: Box, size: tuple[int, int]) -> Box:
    x0, y0, x1, y1 = box
    return max(0.0, x0), max(0.0, y0), min(float(size[0]), x1), min(float(size[1]), y1)


def _row(frame_number: int, person_id: int, box: Box, class_id: int, visibility: float) -> str:
    x0, y0, x1, y1 = box
    return f"{frame_number},{person_id},{x0:.2f},{y0:.2f},{x1 - x0:.2f},{y1 - y0:.2f},1,{class_id},{visibility:.3f}\n"
