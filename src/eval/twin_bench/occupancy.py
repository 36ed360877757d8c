"""How wrong the number of people in view is: `windows.csv` against the boxes in view."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dongsun.eval.crossing_truth import read_table
from dongsun.eval.tracking_metrics import NamedBoxes
from dongsun.eval.twin_bench.estimate import Ratio


def people_in_view(true: Mapping[int, NamedBoxes], frames: int) -> npt.NDArray[np.int64]:
    """(frames,) how many people are in view."""
    return np.array([len(true[f].names) if f in true else 0 for f in range(frames)], dtype=np.int64)


def occupancy_error(
    windows: Sequence[tuple[float, float, float]], in_view: npt.NDArray[np.int64], frames_per_s: float
) -> Ratio:
    """Mean absolute difference of people in view, weighted by the time observed.

    Args:
        windows: (starts_s on the stream's clock, observed_s, occupancy_mean) of each window.
        in_view: (frames,) true number in each frame.
        frames_per_s: Of the camera.
    """
    total = Ratio(0.0, 0.0)
    for starts_s, observed_s, counted in windows:
        first, end = round(starts_s * frames_per_s), round((starts_s + observed_s) * frames_per_s)
        part = in_view[max(first, 0) : max(end, 0)]
        if len(part):
            total = total + Ratio(abs(counted - float(part.mean())) * observed_s, observed_s)
    return total


def read_windows(directory: Path, started_at_utc: datetime) -> tuple[tuple[float, float, float], ...]:
    """(starts_s since the first frame, observed_s, occupancy_mean) of each window that the runtime wrote.

    The recording must start on a window's edge, as the epoch does: a window's observed time then begins at its start.
    """
    rows = read_table(directory / "windows.csv", ("starts_at_utc", "observed_s", "occupancy_mean"))
    return tuple(
        (
            (_instant(row["starts_at_utc"]) - started_at_utc).total_seconds(),
            float(row["observed_s"]),
            float(row["occupancy_mean"]),
        )
        for row in rows
    )


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
