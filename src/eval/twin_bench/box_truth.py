"""The twin's boxes with how much of each person can be seen: who counts as in view, and who needn't be found."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dongsun.contract.errors import DongsunError
from dongsun.eval.people_truth import PathsByFrame
from dongsun.eval.tracking_metrics import NamedBoxes

LEAST_VISIBILITY = 0.4
LEAST_HEIGHT_PX = 40.0
"""The twin's realism is promised for people at least this tall and this visible; others may be found or not."""
_PERSON_CLASS = 1


@dataclass(frozen=True)
class TrueBox:
    """A row of `<camera>.gt.txt` or `<camera>.amodal.txt`.

    Attributes:
        frame_index: From 0, of the camera.
        person_id: Who.
        xyxy_px: Box of what can be seen, or of the whole body.
        visibility: Share of the whole body that can be seen.
    """

    frame_index: int
    person_id: str
    xyxy_px: tuple[float, float, float, float]
    visibility: float

    @property
    def in_view(self) -> bool:
        """Tall and visible enough that a person at the screen would count it."""
        return self.visibility >= LEAST_VISIBILITY and self.xyxy_px[3] - self.xyxy_px[1] >= LEAST_HEIGHT_PX


def read_true_boxes(mot: Path) -> tuple[TrueBox, ...]:
    """Reads `frame,id,x,y,w,h,1,class,visibility` (frames from 1), people only.

    Raises:
        DongsunError: No such file, or a line that can't be read.
    """
    if not mot.is_file():
        raise DongsunError(expected="the twin's box truth", got="no file", where=str(mot), mend="film the twin again")
    boxes = []
    for number, line in enumerate(mot.read_text(encoding="utf-8").splitlines(), 1):
        try:
            frame, person, x, y, w, h, _, kind, visibility = line.split(",")
            if int(kind) == _PERSON_CLASS:
                x0, y0 = float(x), float(y)
                box = (x0, y0, x0 + float(w), y0 + float(h))
                boxes.append(TrueBox(int(frame) - 1, person, box, float(visibility)))
        except ValueError as error:
            raise DongsunError(
                expected="frame,id,x,y,w,h,1,class,visibility",
                got=line,
                where=f"{mot}:{number}",
                mend="film the twin again",
            ) from error
    return tuple(boxes)


def paths(
    boxes: tuple[TrueBox, ...], *, in_view: bool, whole_bodies: tuple[TrueBox, ...] | None = None
) -> PathsByFrame:
    """Boxes by frame, of those in view or of the others.

    Args:
        boxes: Of what can be seen: they say who is in view.
        in_view: Which are wanted.
        whole_bodies: The same people's whole bodies, where those boxes are wanted.
    """
    whole = {(box.frame_index, box.person_id): box for box in whole_bodies or ()}
    rows: dict[int, list[TrueBox]] = {}
    for box in boxes:
        if box.in_view == in_view:
            rows.setdefault(box.frame_index, []).append(whole.get((box.frame_index, box.person_id), box))
    return {
        frame: NamedBoxes(
            tuple(box.person_id for box in found), np.array([box.xyxy_px for box in found], dtype=np.float32)
        )
        for frame, found in rows.items()
    }
