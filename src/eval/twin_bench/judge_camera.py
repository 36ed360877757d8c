"""Judges what the runtime wrote of one filmed camera against everything the twin knows."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from dongsun.contract.detections import BoxExtent
from dongsun.contract.floor_map import FloorMap
from dongsun.contract.geometry import Points
from dongsun.contract.store import CameraConfig, StoreConfig
from dongsun.eval.counting_metrics import EventCounts, evaluate_counts
from dongsun.eval.crossing_truth import TrueCrossing, TwinTruth, direction_of, read_table
from dongsun.eval.line_event import LineEvent
from dongsun.eval.people_truth import frames_of_each, read_tracked_paths
from dongsun.eval.twin_bench.box_truth import TrueBox, paths, read_true_boxes
from dongsun.eval.twin_bench.crossing_faults import CountedEvent, FilmedTracks, explain_crossings
from dongsun.eval.twin_bench.difficulty import (
    Difficulty,
    matched_crossings,
    recall_by_difficulty,
    tag_crossings,
    tag_from_table,
    tag_light,
)
from dongsun.eval.twin_bench.estimate import Ratio
from dongsun.eval.twin_bench.figures import CameraFigures
from dongsun.eval.twin_bench.heatmap import FloorGrid, foot_points, heatmap_correlation, stacked
from dongsun.eval.twin_bench.occupancy import occupancy_error, people_in_view, read_windows
from dongsun.eval.twin_bench.track_scores import score_tracks, without_ignored
from dongsun.eval.visit_metrics import Stay, match_stays
from dongsun.serve_edge.results.summary import CountSummary
from dongsun.serve_edge.settings import UNKNOWN_START_UTC
from dongsun.twin.plan.twin_plan import TwinPlan

VISITOR_S = 1.0
"""The runtime counts people seen for a second or more; so does the truth."""


@dataclass(frozen=True)
class FilmedCamera:
    """One camera of one filmed split.

    Attributes:
        store, plan: Whose camera it is.
        camera_id: Which.
        split_dir: The split's folder, with `<camera>.mp4`, `<camera>.gt.txt` and `truth/`.
        starts_at: Time of day at the first frame.
    """

    store: StoreConfig
    plan: TwinPlan
    camera_id: str
    split_dir: Path
    starts_at: str

    @property
    def config(self) -> CameraConfig:
        """The store file's."""
        return self.store.camera(self.camera_id)

    @property
    def fps(self) -> int:
        """Pictures a second."""
        return self.plan.fps_of(self.camera_id)


def judge_camera(
    filmed: FilmedCamera,
    replay_dir: Path,
    summary: CountSummary,
    *,
    box_extent: BoxExtent,
    tolerance_s: float,
    difficulties: Sequence[Difficulty],
) -> CameraFigures:
    """Judges one replay.

    Args:
        filmed: What was replayed.
        replay_dir: What `run_count` wrote.
        summary: What `run_count` returned.
        box_extent: What the detector's boxes go around: tracks are held against true boxes of that kind.
        tolerance_s: How far a crossing may lie from the true one.
        difficulties: How recall is split.

    Raises:
        DongsunError: A truth file is absent, broken, or lacks a column that a difficulty needs.
    """
    boxes = read_true_boxes(filmed.split_dir / f"{filmed.camera_id}.gt.txt")
    whole_bodies = read_true_boxes(filmed.split_dir / f"{filmed.camera_id}.amodal.txt")
    drawn = whole_bodies if box_extent == "whole_body" else boxes
    true = paths(boxes, in_view=True, whole_bodies=drawn)
    tracked = read_tracked_paths(replay_dir / "tracks.csv")
    judged = without_ignored(tracked, true, paths(boxes, in_view=False, whole_bodies=drawn))
    crossings = TwinTruth(filmed.split_dir / "truth").crossings(filmed.camera_id)
    events = _counted(replay_dir)
    counted = [item.event for item in events]
    film = FilmedTracks.of(drawn, tracked, filmed.fps, summary.frames)
    stays = _stays(filmed, replay_dir)
    windows = read_windows(replay_dir, UNKNOWN_START_UTC)
    return CameraFigures(
        camera_id=filmed.camera_id,
        minutes=summary.frames / filmed.fps / 60.0,
        lines=_lines(filmed, counted, crossings, tolerance_s),
        people=sum(frames >= VISITOR_S * filmed.fps for frames in frames_of_each(true).values()),
        visitors=summary.unique_visitors,
        dwell_errors_s=tuple(abs(p.dwell_s - t.dwell_s) for zone in stays for p, t in match_stays(*zone)),
        visits_true=sum(len(true_stays) for _, true_stays in stays),
        visits_counted=sum(len(counted_stays) for counted_stays, _ in stays),
        occupancy=occupancy_error(windows, people_in_view(true, summary.frames), filmed.fps),
        heatmap_correlation=_heatmap(filmed, stacked([boxes.boxes_xyxy_px for boxes in tracked.values()])),
        heatmap_ceiling=_heatmap(filmed, np.array([box.xyxy_px for box in whole_bodies], np.float32)),
        tracks=score_tracks(judged, true, summary.frames),
        recalls=_recalls(filmed, counted, crossings, boxes, tolerance_s, difficulties),
        counted_per_s=summary.frames_per_second,
        faults=explain_crossings(events, crossings, film, tolerance_s),
    )


def _counted(replay_dir: Path) -> list[CountedEvent]:
    rows = read_table(replay_dir / "crossings.csv", ("line_id", "direction", "stream_time_s", "track_id"))
    return [
        CountedEvent(
            LineEvent(row["line_id"], direction_of(row["direction"]), float(row["stream_time_s"])), row["track_id"]
        )
        for row in rows
    ]


def _lines(
    filmed: FilmedCamera, counted: Sequence[LineEvent], true: Sequence[TrueCrossing], tolerance_s: float
) -> dict[str, EventCounts]:
    names = tuple(filmed.config.lines)
    metrics = evaluate_counts(counted, [crossing.event for crossing in true], names, tolerance_s=tolerance_s)
    return {name: metrics.line(name) for name in names}


def _recalls(
    filmed: FilmedCamera,
    counted: Sequence[LineEvent],
    true: Sequence[TrueCrossing],
    boxes: Sequence[TrueBox],
    tolerance_s: float,
    difficulties: Sequence[Difficulty],
) -> dict[str, Ratio]:
    tagged = tag_crossings(true, boxes, difficulties)
    tagged = tag_from_table(tagged, filmed.split_dir / "truth" / "crossings.csv", filmed.camera_id, difficulties)
    if "light" in difficulties:
        tagged = tag_light(tagged, filmed.plan.lighting, filmed.starts_at)
    return recall_by_difficulty(tagged, matched_crossings(counted, true, tolerance_s))


def _stays(filmed: FilmedCamera, replay_dir: Path) -> list[tuple[list[Stay], list[Stay]]]:
    """(counted, true) stays of each zone."""
    columns = ("zone_id", "enter_s", "exit_s")
    counted = read_table(replay_dir / "visits.csv", columns)
    true = read_table(filmed.split_dir / "truth" / "visits.csv", ("camera_id", *columns))
    mine = [row for row in true if row["camera_id"] == filmed.camera_id]
    return [
        ([_stay(row) for row in counted if row["zone_id"] == zone], [_stay(r) for r in mine if r["zone_id"] == zone])
        for zone in filmed.config.zones
    ]


def _stay(row: dict[str, str]) -> Stay:
    return Stay(row["zone_id"], float(row["enter_s"]), float(row["exit_s"]))


def _heatmap(filmed: FilmedCamera, boxes_xyxy_px: npt.NDArray[np.float32]) -> float | None:
    """Correlation of seconds a cell, of all these boxes' feet and of the truth; None without floor points."""
    if not filmed.config.floor_points:
        return None
    camera = filmed.plan.camera(filmed.camera_id)
    size = np.array([camera.width_px, camera.height_px], np.float64)
    grid = FloorGrid(filmed.plan.bounds_m)

    def sees(floor_m: Points) -> npt.NDArray[np.bool_]:
        pixels, front = camera.project(np.column_stack([floor_m, np.zeros(len(floor_m))]))
        return np.asarray(front & (pixels >= 0.0).all(axis=1) & (pixels <= size).all(axis=1))

    feet = foot_points(boxes_xyxy_px) / size
    floor_map = FloorMap.of(filmed.config, camera.width_px / camera.height_px, f"cameras.{filmed.camera_id}")
    counted = grid.seconds(floor_map.to_floor(feet), 1.0 / filmed.fps)
    rows = read_table(filmed.split_dir / "truth" / "positions.csv", ("x_m", "y_m"))
    positions = np.array([(float(row["x_m"]), float(row["y_m"])) for row in rows], np.float64).reshape(-1, 2)
    true = grid.seconds(positions, 1.0 / filmed.plan.fps)
    return heatmap_correlation(counted, true, grid.covered(sees))
