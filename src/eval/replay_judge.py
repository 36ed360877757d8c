"""Judges what the edge runtime wrote of a recording."""

from dataclasses import dataclass
from pathlib import Path

from dongsun.contract.observations import Direction
from dongsun.contract.store import CameraConfig
from dongsun.eval.counting_metrics import CountingMetrics, EventCounts, evaluate_counts
from dongsun.eval.crossing_truth import CrossingTruth, direction_of, read_table
from dongsun.eval.evaluate_settings import ClipSettings
from dongsun.eval.evaluation_metrics import (
    EventFigures,
    LineFigures,
    TrackingFigures,
    VisitorFigures,
    ZoneFigures,
)
from dongsun.eval.line_event import LineEvent
from dongsun.eval.people_truth import frames_of_each, read_tracked_paths, read_true_paths
from dongsun.eval.tracking_metrics import evaluate_tracks
from dongsun.eval.visit_metrics import Stay, evaluate_visits


@dataclass(frozen=True)
class CountedCrossing:
    """A row of `crossings.csv`."""

    event: LineEvent
    frame_index: int


def read_counted(directory: Path) -> tuple[CountedCrossing, ...]:
    """The crossings that the runtime wrote."""
    file = directory / "crossings.csv"
    rows = read_table(file, ("line_id", "direction", "stream_time_s", "frame_index"))
    return tuple(
        CountedCrossing(
            LineEvent(row["line_id"], direction_of(row["direction"]), float(row["stream_time_s"])),
            int(row["frame_index"]),
        )
        for row in rows
    )


def judge_lines(
    counted: tuple[CountedCrossing, ...], clip: ClipSettings, camera: CameraConfig, tolerance_s: float
) -> CountingMetrics:
    """Counted crossings against true ones, for every line of the camera."""
    truth: CrossingTruth = clip.truth
    return evaluate_counts(
        [crossing.event for crossing in counted],
        [crossing.event for crossing in truth.crossings(clip.camera_id)],
        tuple(camera.lines),
        optional=truth.optional_crossings(clip.camera_id),
        tolerance_s=tolerance_s,
        judged_s=clip.judged_s or (0.0, float("inf")),
    )


def judge_zones(directory: Path, clip: ClipSettings, camera: CameraConfig) -> tuple[ZoneFigures, ...]:
    """Zone visits against the twin's; none where the clip has no truth of visits."""
    if clip.visits is None or not camera.zones:
        return ()
    predicted = _stays(read_table(directory / "visits.csv", ("zone_id", "enter_s", "exit_s")))
    rows = read_table(clip.visits, ("camera_id", "zone_id", "enter_s", "exit_s"))
    true = _stays([row for row in rows if row["camera_id"] == clip.camera_id])
    return tuple(
        ZoneFigures(
            zone_id=zone.zone_id,
            true=zone.true,
            predicted=zone.predicted,
            matched=zone.matched,
            f1=zone.f1,
            dwell_error_s=zone.dwell_error_s,
            true_person_s=zone.true_person_s,
            predicted_person_s=zone.predicted_person_s,
        )
        for zone in evaluate_visits(predicted, true, tuple(camera.zones))
    )


def judge_people(
    directory: Path, counted: int, clip: ClipSettings, first_frame: int, frames: int
) -> tuple[VisitorFigures, TrackingFigures] | None:
    """Unique visitors and tracks against the MOT truth of the replayed frames; None where there is none.

    A person is expected as a visitor who has enough boxes in the truth.
    """
    if clip.people is None:
        return None
    true = read_true_paths(clip.people, clip.people_scale, first_frame, first_frame + frames)
    people = sum(number >= clip.people_min_frames for number in frames_of_each(true).values())
    visitors = VisitorFigures(true=people, counted=counted, count_error=abs(counted - people) / max(people, 1))
    tracking = evaluate_tracks(read_tracked_paths(directory / "tracks.csv"), true)
    return visitors, TrackingFigures(
        idf1=tracking.idf1,
        id_precision=tracking.id_precision,
        id_recall=tracking.id_recall,
        true_people=tracking.true_people,
        tracks=tracking.tracks,
    )


def line_figures(metrics: CountingMetrics, line_id: str) -> LineFigures:
    """One line's figures."""
    rows = [row for row in metrics.by_direction if row.line_id == line_id]
    by_direction: dict[Direction, EventFigures] = {row.direction: event_figures(row.counts) for row in rows}
    return LineFigures(
        line_id=line_id,
        both=event_figures(metrics.line(line_id)),
        by_direction=by_direction,
        optional_taken=sum(row.optional_taken for row in rows),
        mean_offset_s={row.direction: row.mean_offset_s for row in rows},
    )


def event_figures(counts: EventCounts) -> EventFigures:
    """Counts with what follows from them."""
    return EventFigures(
        true=counts.true,
        predicted=counts.predicted,
        matched=counts.matched,
        precision=counts.precision,
        recall=counts.recall,
        f1=counts.f1,
        signed_error=counts.signed_error,
        count_error=counts.count_error,
    )


def _stays(rows: list[dict[str, str]]) -> list[Stay]:
    return [Stay(row["zone_id"], float(row["enter_s"]), float(row["exit_s"])) for row in rows]
