"""What the bench measures of one camera in one run, and of a run."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dongsun.eval.counting_metrics import EventCounts
from dongsun.eval.twin_bench.crossing_faults import CrossingFault
from dongsun.eval.twin_bench.estimate import Ratio
from dongsun.eval.twin_bench.track_scores import TrackScores


@dataclass(frozen=True)
class CameraFigures:
    """One camera of one run.

    Attributes:
        camera_id: Which.
        minutes: Of film.
        lines: Line → its crossings in both directions.
        people: People in view for at least a second.
        visitors: Unique visitors counted.
        dwell_errors_s: |counted - true| dwell of matched zone visits.
        visits_true, visits_counted: Zone visits.
        occupancy: Mean absolute error of people in view.
        heatmap_correlation: None where nobody was seen.
        heatmap_ceiling: The same of the true whole bodies' boxes: what a perfect detector would reach. Below 1, because
            a foot point is not the body's centre, and somebody who stands still on a cell's edge is one cell off.
        tracks: None where nobody was to be seen.
        recalls: By difficulty: `recall_crowd`, `recall_not_crowd`, …
        counted_per_s: Frames the runtime took in a second on this machine.
        faults: Each crossing missed or counted too much, with its probable cause.
    """

    camera_id: str
    minutes: float
    lines: Mapping[str, EventCounts]
    people: int
    visitors: int
    dwell_errors_s: tuple[float, ...]
    visits_true: int
    visits_counted: int
    occupancy: Ratio
    heatmap_correlation: float | None
    heatmap_ceiling: float | None
    tracks: TrackScores | None
    recalls: Mapping[str, Ratio]
    counted_per_s: float
    faults: tuple[CrossingFault, ...] = ()


@dataclass(frozen=True)
class RunFigures:
    """One store and seed."""

    store_id: str
    seed: int
    cameras: tuple[CameraFigures, ...]


def event_ratios(counts: EventCounts) -> dict[str, Ratio]:
    """Shares of one line's (or several lines') figures. A precision without predictions, say, has no share."""
    wrong = counts.predicted - counts.true
    return {
        "event_precision": Ratio(counts.matched, counts.predicted),
        "event_recall": Ratio(counts.matched, counts.true),
        "event_f1": Ratio(2 * counts.matched, counts.predicted + counts.true),
        "count_error_signed": Ratio(wrong, counts.true),
        "count_error": Ratio(abs(wrong), counts.true),
    }


def camera_ratios(camera: CameraFigures) -> dict[str, Ratio]:
    """Every figure of one camera in one run. Count errors add up over lines, so that lines can't make up for others."""
    total = EventCounts(0, 0, 0)
    for counts in camera.lines.values():
        total = total + counts
    ratios = event_ratios(total)
    ratios["count_error"] = Ratio(sum(abs(c.predicted - c.true) for c in camera.lines.values()), total.true)
    wrong = camera.visitors - camera.people
    ratios["visitor_error_signed"] = Ratio(wrong, camera.people)
    ratios["visitor_error"] = Ratio(abs(wrong), camera.people)
    for name, share in (("dwell_error_p50_s", 50), ("dwell_error_p90_s", 90)):
        errors = camera.dwell_errors_s
        ratios[name] = Ratio.mean_of(float(np.percentile(errors, share)) if errors else None)
    ratios["occupancy_error"] = camera.occupancy
    ratios["heatmap_correlation"] = Ratio.mean_of(camera.heatmap_correlation)
    ratios["heatmap_ceiling"] = Ratio.mean_of(camera.heatmap_ceiling)
    tracks = camera.tracks
    ratios["hota"] = Ratio.mean_of(None if tracks is None else tracks.hota)
    ratios["idf1"] = Ratio.mean_of(None if tracks is None else tracks.idf1)
    ratios["mota"] = Ratio.mean_of(None if tracks is None else tracks.mota)
    switches = Ratio(0.0, 0.0) if tracks is None else Ratio(tracks.id_switches, camera.minutes)
    ratios["id_switches_per_min"] = switches
    return ratios | dict(camera.recalls)


def run_ratios(run: RunFigures) -> dict[str, Ratio]:
    """Every figure of a run, its cameras pooled; dwell percentiles are of all its matched visits together."""
    pooled: dict[str, Ratio] = {}
    for camera in run.cameras:
        for name, ratio in camera_ratios(camera).items():
            pooled[name] = pooled.get(name, Ratio(0.0, 0.0)) + ratio
    errors = [error for camera in run.cameras for error in camera.dwell_errors_s]
    for name, share in (("dwell_error_p50_s", 50), ("dwell_error_p90_s", 90)):
        pooled[name] = Ratio.mean_of(float(np.percentile(errors, share)) if errors else None)
    for name in ("heatmap_correlation", "heatmap_ceiling", "hota", "idf1", "mota"):
        pooled[name] = Ratio.mean_of(pooled[name].value)  # a run is one sample, however many cameras it has
    return pooled
