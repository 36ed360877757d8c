"""Ground truth in the MOT Challenge text format."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from dongsun.contract.errors import DongsunError
from dongsun.data.problems import ProblemLog


@dataclass(frozen=True, slots=True)
class TruthBox:
    """One person in one frame.

    Attributes:
        track_id: The truth's id of the person.
        box_xyxy_px: Pixels of the video, not clipped to the frame.
        visibility: In [0, 1], or None where the truth does not say.
    """

    track_id: str
    box_xyxy_px: tuple[float, float, float, float]
    visibility: float | None

    def clipped(self, width_px: int, height_px: int) -> "TruthBox":
        """The same box inside the frame (it may become empty)."""
        x1, y1, x2, y2 = self.box_xyxy_px
        box = (max(0.0, x1), max(0.0, y1), min(float(width_px), x2), min(float(height_px), y2))
        return TruthBox(self.track_id, box, self.visibility)

    @property
    def height_px(self) -> float:
        """Height, at least 0."""
        return max(0.0, self.box_xyxy_px[3] - self.box_xyxy_px[1])

    @property
    def width_px(self) -> float:
        """Width, at least 0."""
        return max(0.0, self.box_xyxy_px[2] - self.box_xyxy_px[0])


def read_mot_truth(
    path: Path, scale: float, classes: frozenset[int], problems: ProblemLog
) -> Mapping[int, tuple[TruthBox, ...]]:
    """Reads `frame,id,x,y,w,h[,conf,class,visibility]` (frames from 1; x, y the left upper corner).

    Rows with conf 0 are the format's "do not consider" and are left out, as are rows of other classes.
    One clip's truth is held in memory.

    Args:
        path: The text file.
        scale: Truth pixels → video pixels.
        classes: Values of the class column that are wanted; -1 stands for "not given".
        problems: Gets every malformed line.

    Returns:
        Boxes by 0-based frame index, sorted by id.

    Raises:
        DongsunError: Not UTF-8 text, or lines of which not a single one is usable.
    """
    frames: dict[int, dict[str, TruthBox]] = {}
    number = 0
    for number, line in enumerate(_lines(path), start=1):
        if not line.strip():
            continue
        where = f"{path}:{number}"
        try:
            values = [float(cell) for cell in line.replace(" ", ",").split(",") if cell.strip()]
        except ValueError:
            problems.add("malformed_truth_line", where, line.strip()[:200])
            continue
        if len(values) < 6 or not all(map(math.isfinite, values)) or values[0] < 1 or min(values[4:6]) <= 0:
            problems.add("malformed_truth_line", where, line.strip()[:200])
            continue
        if len(values) > 6 and values[6] == 0:
            problems.set_aside("truth_marked_ignore")
            continue
        if (int(values[7]) if len(values) > 7 else -1) not in classes:
            problems.set_aside("truth_of_other_class")
            continue
        box = _box(values, scale)
        frame = frames.setdefault(int(values[0]) - 1, {})
        if box.track_id in frame:
            problems.add("truth_id_twice_in_frame", where, line.strip()[:200])
            continue
        frame[box.track_id] = box
    if number and not frames:  # an empty file says: nobody was there
        raise DongsunError(
            expected="MOT ground truth: frame,id,x,y,w,h,...",
            got="no usable line",
            where=str(path),
            mend="check the file and the reader's `truth_classes`",
        )
    return {index: tuple(frame[key] for key in sorted(frame)) for index, frame in sorted(frames.items())}


def _lines(path: Path) -> Iterator[str]:
    try:
        with path.open(encoding="utf-8-sig") as stream:
            yield from stream
    except UnicodeDecodeError as error:
        raise DongsunError(
            expected="MOT ground truth as UTF-8 text", got=str(error), where=str(path), mend="give the truth file"
        ) from error


def _box(values: list[float], scale: float) -> TruthBox:
    x, y, width, height = (value * scale for value in values[2:6])
    visibility = values[8] if len(values) > 8 and 0.0 <= values[8] <= 1.0 else None
    return TruthBox(f"{int(values[1])}", (x, y, x + width, y + height), visibility)
