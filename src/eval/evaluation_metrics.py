"""`reports/<store>/evaluate/metrics.json`: everything that evaluation measured, typed."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dongsun.contract.bundle import IdentificationRates, Precision, SimilarityThreshold
from dongsun.contract.errors import DongsunError
from dongsun.contract.observations import Direction

EVALUATION_NAME = "metrics.json"
Footage = Literal["real", "synthetic"]
"""Synthetic scores say nothing about real CCTV by themselves: whoever shows a figure shows this beside it."""


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DetectionFigures(_Frozen):
    """One detector in one precision on the test frames. Shares are in [0, 1]."""

    map50: float
    map50_95: float
    precision: float = Field(description="at the bundle's score threshold, IoU 0.5")
    recall: float = Field(description="likewise")
    score_threshold: float
    precision_by_recall: tuple[float, ...] = Field(description="at recalls 0, 0.01 … 1, IoU 0.5")
    median_ms: float = Field(description="a frame, preprocessing and decoding included, batch 1")
    model_bytes: int


class DetectorResults(_Frozen):
    """Detectors side by side on the same frames."""

    frames: int
    people: int
    ignored: int = Field(description="true boxes that nobody was asked to find")
    shipped_precision: Precision
    shipped: dict[Precision, DetectionFigures] = Field(description="the bundle's detector")
    baseline_name: str | None = Field(description="what it is compared with, zero-shot; None if with nothing")
    baseline: dict[Precision, DetectionFigures] = {}


class RetrievalFigures(_Frozen):
    """The re-ID model in one precision on the test people."""

    mean_average_precision: float
    map_ci95: tuple[float, float] = Field(description="bootstrap over persons")
    rank1: float
    rank1_ci95: tuple[float, float]
    rank5: float
    rank10: float
    mean_inverse_negative_penalty: float
    median_ms: float = Field(description="a crop, preprocessing included, batch 1")
    model_bytes: int


class ThresholdFigures(_Frozen):
    """The bundle's threshold, tuned on validation people, met by test people."""

    tuned: SimilarityThreshold = Field(description="as the bundle states it")
    false_match_rate: float = Field(description="on test pairs")
    true_match_rate: float = Field(description="on test pairs")
    area_under_roc: float
    genuine_pairs: int
    impostor_pairs: int
    persons: int
    identification: IdentificationRates | None = Field(
        default=None, description="of test people before a gallery no larger than tuning's; None if they are too few"
    )


class ReidResults(_Frozen):
    """The re-ID model on people whom nobody trained or tuned on."""

    protocol: Literal["cross_camera", "across_time"]
    min_gap_frames: int = Field(description="used by across_time only")
    queries: int
    queries_without_match: int
    gallery: int
    persons: int
    shipped_precision: Precision
    retrieval: dict[Precision, RetrievalFigures]
    threshold: dict[Precision, ThresholdFigures]


class EventFigures(_Frozen):
    """Crossings matched one to one within the tolerance."""

    true: int
    predicted: int
    matched: int
    precision: float
    recall: float
    f1: float
    signed_error: float = Field(description="(predicted - true) / true")
    count_error: float = Field(description="|predicted - true| / true")


class LineFigures(_Frozen):
    """One line, each direction by itself and both together."""

    line_id: str
    both: EventFigures
    by_direction: dict[Direction, EventFigures]
    optional_taken: int = Field(description="predictions taken for a crossing that is right either way")
    mean_offset_s: dict[Direction, float] = Field(description="predicted minus true time of matched events")


class ZoneFigures(_Frozen):
    """One zone's visits."""

    zone_id: str
    true: int
    predicted: int
    matched: int
    f1: float
    dwell_error_s: float | None = Field(description="mean |predicted - true| of matched visits")
    true_person_s: float
    predicted_person_s: float


class VisitorFigures(_Frozen):
    """Different people seen by one camera."""

    true: int
    counted: int
    count_error: float = Field(description="|counted - true| / true")


class TrackingFigures(_Frozen):
    """Tracks against true paths, IoU 0.5."""

    idf1: float
    id_precision: float
    id_recall: float
    true_people: int
    tracks: int


class ClipFigures(_Frozen):
    """One recording replayed through the runtime."""

    id: str
    camera_id: str
    source: str = Field(description="file name of the recording")
    footage: Footage
    detector_precision: Precision
    reid_precision: Precision | None
    frames: int
    seconds: float = Field(description="stream time replayed")
    judged_s: tuple[float, float] | None = Field(description="part that is judged; None for all of it")
    fps: float = Field(description="frames a second that counting would reach alone: 1 / sum of its stages' means")
    stage_ms: dict[str, float] = Field(description="mean milliseconds a frame, by stage; `annotate` isn't in `fps`")
    tolerance_s: float
    total: EventFigures
    lines: tuple[LineFigures, ...]
    zones: tuple[ZoneFigures, ...]
    visitors: VisitorFigures | None
    tracking: TrackingFigures | None
    directory: str = Field(description="where the replay's outputs lie, relative to this file")
    annotated_video: str | None = Field(description="faces blurred, relative to this file")
    pictures: tuple[str, ...] = Field(description="annotated frames, faces blurred, relative to this file")


class EvaluationMetrics(_Frozen):
    """The whole evaluation of one bundle."""

    schema_version: Literal[1] = 1
    store_id: str
    bundle_version: str
    footage: Footage
    detector: DetectorResults | None
    reid: ReidResults | None
    clips: tuple[ClipFigures, ...]
    plots: dict[str, str] = Field(description="name → picture, relative to this file")


def read_evaluation(path: Path) -> EvaluationMetrics:
    """Reads what `dongsun evaluate` wrote.

    Raises:
        DongsunError: It is absent or of another format.
    """
    try:
        return EvaluationMetrics.model_validate_json(path.read_bytes())
    except (FileNotFoundError, ValidationError) as error:
        raise DongsunError(
            expected="an evaluation", got=str(error), where=str(path), mend="run `dongsun evaluate` for this store"
        ) from error
