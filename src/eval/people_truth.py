"""Who truly stands where in a recording, and where the runtime's tracks say they stand."""

import io
from pathlib import Path

import numpy as np

from dongsun.contract.errors import DongsunError
from dongsun.data.problems import ProblemLog
from dongsun.data.readers.mot_truth import read_mot_truth
from dongsun.eval.crossing_truth import read_table
from dongsun.eval.tracking_metrics import NamedBoxes

_PEDESTRIANS = frozenset({-1, 1})
"""MOT's class column: 1 is a pedestrian, -1 says nothing."""
PathsByFrame = dict[int, NamedBoxes]


def read_true_paths(mot: Path, scale: float, first_frame: int, end_frame: int) -> PathsByFrame:
    """True boxes by 0-based frame, of the frames from `first_frame` up to `end_frame` alone.

    Raises:
        DongsunError: The truth has a broken line.
    """
    problems = io.StringIO()
    log = ProblemLog(problems)
    frames = read_mot_truth(mot, scale, _PEDESTRIANS, log)
    if log.counts:
        raise DongsunError(
            expected="truth without a broken line",
            got=f"{log.counts}; the first: {problems.getvalue().splitlines()[1]}",
            where=str(mot),
            mend="mend the file",
        )
    return {
        index: NamedBoxes(
            tuple(box.track_id for box in boxes), np.array([box.box_xyxy_px for box in boxes], dtype=np.float32)
        )
        for index, boxes in frames.items()
        if first_frame <= index < end_frame
    }


def read_tracked_paths(tracks: Path) -> PathsByFrame:
    """The boxes of `tracks.csv`, as the runtime wrote it, by frame."""
    rows: dict[int, list[tuple[str, tuple[float, ...]]]] = {}
    columns = ("x0_px", "y0_px", "x1_px", "y1_px")
    for row in read_table(tracks, ("frame_index", "track_id", *columns)):
        box = tuple(float(row[column]) for column in columns)
        rows.setdefault(int(row["frame_index"]), []).append((row["track_id"], box))
    return {
        index: NamedBoxes(tuple(name for name, _ in found), np.array([box for _, box in found], dtype=np.float32))
        for index, found in rows.items()
    }


def frames_of_each(paths: PathsByFrame) -> dict[str, int]:
    """Name → number of frames in which it has a box."""
    frames: dict[str, int] = {}
    for boxes in paths.values():
        for name in boxes.names:
            frames[name] = frames.get(name, 0) + 1
    return frames
