"""What `dongsun evaluate` measures of a store: the section `evaluate` of `conf/experiment/<store>.yaml`."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass

from dongsun.contract.bundle import Precision
from dongsun.contract.errors import DongsunError
from dongsun.eval.evaluation_metrics import Footage


@dataclass(frozen=True, config=ConfigDict(extra="forbid", arbitrary_types_allowed=True))
class ClipSettings:
    """One recording to replay.

    Attributes:
        id: Name of its outputs' folder.
        camera_id: Camera of the store file whose lines and zones are counted.
        source: Video file, or folder of stills.
        truth: A `dongsun.eval.crossing_truth.CrossingTruth`: who truly crossed.
        visits: The twin's `visits.csv`, for dwell; null judges no zones.
        people: MOT truth, for the number of different people; null judges no visitors.
        people_scale: That truth's pixels → the recording's pixels.
        people_min_frames: Who has fewer boxes there isn't expected to be counted as a visitor.
        judged_frames: Half-open range of frames that is judged: the test part of a clip whose beginning was trained
            on. null judges all.
        warm_up_frames: Frames replayed before the judged ones, so that people who are there already have tracks;
            null replays from the start.
        frames_per_s: Needed with `judged_frames`.
    """

    id: Annotated[str, Field(pattern=r"^[\w.-]+$")]
    camera_id: str
    source: Path
    truth: Any
    visits: Path | None = None
    people: Path | None = None
    people_scale: Annotated[float, Field(gt=0)] = 1.0
    people_min_frames: Annotated[int, Field(ge=1)] = 10
    judged_frames: tuple[int, int] | None = None
    warm_up_frames: Annotated[int, Field(ge=0)] | None = None
    frames_per_s: Annotated[float, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _whole(self) -> "ClipSettings":
        if not callable(getattr(self.truth, "crossings", None)):
            raise ValueError("`truth` must name a reader, such as _target_: dongsun.eval.crossing_truth.TwinTruth")
        if self.judged_frames is not None:
            if self.frames_per_s is None:
                raise ValueError("`judged_frames` needs `frames_per_s`")
            if not 0 <= self.judged_frames[0] < self.judged_frames[1]:
                raise ValueError("`judged_frames` must ascend")
        return self

    @property
    def replayed_frames(self) -> tuple[int, int | None]:
        """Half-open range of frames to replay; None stands for the end."""
        if self.judged_frames is None:
            return 0, None
        first, end = self.judged_frames
        return (0 if self.warm_up_frames is None else max(first - self.warm_up_frames, 0)), end

    @property
    def judged_s(self) -> tuple[float, float] | None:
        """`judged_frames` in seconds since the first frame."""
        if self.judged_frames is None or self.frames_per_s is None:
            return None
        return self.judged_frames[0] / self.frames_per_s, self.judged_frames[1] / self.frames_per_s


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class EvaluateSettings:
    """What is measured.

    Attributes:
        footage: `real` or `synthetic`; stands beside every figure.
        clips: Recordings to replay and count.
        detection: Measure detectors on the manifest's test frames.
        reid: Measure re-ID and the threshold on the manifest's test crops.
        baseline_bundle: A bundle whose detector is measured beside ours (zero-shot weights, exported); null for none.
        baseline_name: What the report calls it.
        min_height_px: Lower true boxes are ignored in detection.
        most_frames: Test frames for detection at most, evenly spaced; null takes all.
        most_crops_per_person_and_camera: Test crops at most; null takes all.
        tolerance_s: How far a crossing may lie from the true one.
        also_replay: Precisions to replay besides the shipped one.
        annotate: Write an annotated video of every replay at the shipped precision, faces blurred.
        face_model: YuNet ONNX that finds faces for it; null blurs whole people.
        pictures: Stills taken from each annotated video.
    """

    footage: Footage
    clips: tuple[ClipSettings, ...] = ()
    detection: bool = True
    reid: bool = True
    baseline_bundle: Path | None = None
    baseline_name: str = "zero-shot"
    min_height_px: Annotated[float, Field(ge=0)] = 0.0
    most_frames: Annotated[int, Field(ge=1)] | None = None
    most_crops_per_person_and_camera: Annotated[int, Field(ge=2)] | None = None
    tolerance_s: Annotated[float, Field(ge=0)] = 1.0
    also_replay: tuple[Precision, ...] = ()
    annotate: bool = True
    face_model: Path | None = None
    pictures: Annotated[int, Field(ge=0)] = 4

    def __post_init__(self) -> None:
        names = [clip.id for clip in self.clips]
        if len(set(names)) != len(names):
            raise DongsunError(
                expected="clips with different ids",
                got=", ".join(names),
                where="evaluate.clips",
                mend="rename one of them",
            )
        if not (self.clips or self.detection or self.reid):
            raise DongsunError(
                expected="something to evaluate",
                got="no clips, no detection, no re-ID",
                where="evaluate",
                mend="give clips, or switch detection or reid on, in conf/experiment/<store>.yaml",
            )
