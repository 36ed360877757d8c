"""The summary of one run."""

from dataclasses import asdict, dataclass
from typing import Any

from dongsun.serve_edge.results.stopwatch import StageTime


@dataclass(frozen=True)
class LineTotal:
    """Crossings of one line, and how often somebody walked round one of its ends: then it should be drawn longer."""

    crossings_in: int
    crossings_out: int
    walked_round: int = 0


@dataclass(frozen=True)
class CountSummary:
    """What one run of `dongsun-edge count` found, and how long it took.

    All but `seconds`, `frames_per_second` and `stages` is the same, bit for bit, whenever the run is repeated on the
    same machine with as many threads.

    Attributes:
        lines: Line → totals, staff included.
        unique_visitors: People seen for a second or more, each counted once as far as their looks tell; staff apart.
        unique_staff: Those taken for staff, by the store's rules.
        unidentified: Tracks of a second or more, or parts of them, that are nobody known and gave no look good enough
            to say that they are somebody new; in no visitor's name. Always 0 without a re-ID model.
        visitors_identified: False without a re-ID model: `unique_visitors` then counts tracks.
        frames: Frames looked at.
        duration_s: Stream time looked at.
        repaired_timestamps: Frames whose stated time did not ascend and was replaced.
        seconds: Wall clock of the whole run.
        stages: Stage → time per frame.
        detector_precision: Precision of the detector that ran.
        reid_precision: Precision of the re-ID model that ran; None without one.
        spared: Frames that the motion gate spared the detector; 0 without it.
    """

    store_id: str
    camera_id: str
    bundle_version: str
    detector_precision: str
    reid_precision: str | None
    source: str
    first_frame: int
    frames: int
    duration_s: float
    repaired_timestamps: int
    lines: dict[str, LineTotal]
    unique_visitors: int
    visitors_identified: bool
    tracks: int
    zone_visits: dict[str, int]
    seconds: float
    frames_per_second: float
    stages: dict[str, StageTime]
    unidentified: int = 0
    unique_staff: int = 0
    spared: int = 0

    def as_json(self) -> dict[str, Any]:
        """Plain values for `summary.json`."""
        return asdict(self)
