"""A recording with ground truth, as a reader's setting."""

from datetime import datetime
from pathlib import Path

from pydantic import Field
from pydantic.dataclasses import dataclass

from dongsun.contract.errors import DongsunError
from dongsun.data.records import Split
from dongsun.data.splits import time_ranges


@dataclass(frozen=True)
class Clip:
    """One recording of one camera.

    Attributes:
        video: Video file, or a folder of stills.
        truth: MOT text, frames from 1.
        camera_id: The physical camera.
        split: The whole clip's split; or
        by_time: shares of consecutive parts, such as {train: 0.6, calibration: 0.1, test: 0.3}.
        truth_scale: Truth pixels → video pixels.
        sequence_id: Defaults to the video's name without suffix.
        head_truth: MOT text of head boxes, if there is any: labels then get a second class, `head`.
        starts_at_utc: Time of the first frame; gives `captured_at_utc`.
        person_prefix: Put before the truth's ids, where different clips number different people alike.
    """

    video: Path
    truth: Path
    camera_id: str = Field(pattern=r"^[\w.-]+$")
    split: Split | None = None
    by_time: dict[Split, float] | None = None
    truth_scale: float = Field(default=1.0, gt=0.0)
    sequence_id: str | None = Field(default=None, pattern=r"^[\w.-]+$")
    head_truth: Path | None = None
    starts_at_utc: datetime | None = None
    person_prefix: str = ""

    def __post_init__(self) -> None:
        if (self.split is None) == (self.by_time is None):
            raise DongsunError(
                expected="either `split` or `by_time`",
                got=f"split={self.split}, by_time={self.by_time}",
                where=f"clip {self.video}",
                mend="give exactly one of them in conf/dataset",
            )
        if self.by_time is not None and abs(sum(self.by_time.values()) - 1.0) > 1e-6:
            raise DongsunError(
                expected="`by_time` shares that sum to 1",
                got=f"{sum(self.by_time.values()):g}",
                where=f"clip {self.video}",
                mend="correct the shares in conf/dataset",
            )
        if self.starts_at_utc is not None and self.starts_at_utc.utcoffset() is None:
            raise DongsunError(
                expected="`starts_at_utc` with a time zone",
                got=self.starts_at_utc.isoformat(),
                where=f"clip {self.video}",
                mend="write it as 2026-01-31T09:00:00Z",
            )

    @property
    def sequence(self) -> str:
        """The sequence's name."""
        return self.sequence_id or self.video.stem

    def ranges(self, frames: int) -> dict[Split, tuple[int, int]]:
        """Half-open frame ranges per split, for a clip of `frames` frames."""
        if self.split is not None:
            return {self.split: (0, frames)}
        return time_ranges(frames, self.by_time or {})
