"""One replayed clip: its figures, its events in time, its anonymised pictures."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dongsun.contract.errors import DongsunError
from dongsun.contract.observations import Direction
from dongsun.eval.counting_metrics import match_times
from dongsun.eval.crossing_truth import CrossingTruth
from dongsun.eval.evaluate_settings import ClipSettings
from dongsun.eval.evaluation_metrics import ClipFigures, EvaluationMetrics, EventFigures
from dongsun.eval.line_event import LineEvent, OptionalEvent
from dongsun.eval.replay_judge import read_counted
from dongsun.eval.report.charts import LineTimeline
from dongsun.eval.report.headline import shipped_replays
from dongsun.eval.report.pictures import png_uri, shrunk_uri

_PICTURE_WIDTH_PX = 720
_ALL = (0.0, float("inf"))


@dataclass(frozen=True)
class Replay:
    """A clip as the page shows it.

    Attributes:
        figures: What evaluation measured.
        lanes: Its events, a lane for every line and direction; empty where they are not known.
        pictures: Annotated, anonymised frames as data URIs.
        others: The same clip in other precisions.
    """

    figures: ClipFigures
    lanes: tuple[LineTimeline, ...] = ()
    pictures: tuple[str, ...] = ()
    others: tuple[ClipFigures, ...] = ()

    @property
    def shown_s(self) -> tuple[float, float]:
        """First and last second of the recording that matter: those judged, or all."""
        return self.figures.judged_s or (0.0, self.figures.seconds)


def read_replays(evaluation: EvaluationMetrics, directory: Path, clips: Sequence[ClipSettings]) -> tuple[Replay, ...]:
    """Reads every clip's events and pictures.

    Args:
        evaluation: Read from `directory`.
        directory: `reports/<store>/evaluate`.
        clips: Where the truth of each clip is; a clip that is not among them has no timeline.

    Raises:
        DongsunError: Events don't give the figures that evaluation measured, or a file lies outside `directory`.
    """
    settings = {clip.id: clip for clip in clips}
    return tuple(
        Replay(
            figures=figures,
            lanes=_lanes(figures, _inside(directory, figures.directory), settings.get(figures.id)),
            pictures=tuple(_picture(directory, name) for name in figures.pictures),
            others=tuple(each for each in evaluation.clips if each.id == figures.id and each is not figures),
        )
        for figures in shipped_replays(evaluation)
    )


def read_plots(evaluation: EvaluationMetrics, directory: Path) -> dict[str, str]:
    """The plots that evaluation made, by name, as data URIs."""
    return {
        name: png_uri(_existing(directory, file).read_bytes(), str(directory / file))
        for name, file in evaluation.plots.items()
    }


def sort_events(
    counted: Sequence[LineEvent],
    true: Sequence[LineEvent],
    optional: Sequence[OptionalEvent],
    figures: ClipFigures,
) -> tuple[LineTimeline, ...]:
    """Which true crossings were counted, which were missed, and which counts were of nothing.

    Matched exactly as `evaluate_counts` does it; counts taken for an optional crossing are shown nowhere.

    Raises:
        DongsunError: The outcome is not the one that evaluation measured.
    """
    lanes = []
    for line in figures.lines:
        for direction, measured in line.by_direction.items():
            lane = _lane(counted, true, optional, figures, (line.line_id, direction))
            _refuse_difference(lane, measured, figures.id)
            lanes.append(lane)
    return tuple(lanes)


def _lanes(figures: ClipFigures, directory: Path, clip: ClipSettings | None) -> tuple[LineTimeline, ...]:
    if clip is None or not (directory / "crossings.csv").is_file():
        return ()
    truth: CrossingTruth = clip.truth
    return sort_events(
        [crossing.event for crossing in read_counted(directory)],
        [crossing.event for crossing in truth.crossings(clip.camera_id)],
        truth.optional_crossings(clip.camera_id),
        figures,
    )


def _lane(
    counted: Sequence[LineEvent],
    true: Sequence[LineEvent],
    optional: Sequence[OptionalEvent],
    figures: ClipFigures,
    which: tuple[str, Direction],
) -> LineTimeline:
    counted_s, true_s = (
        np.sort(np.array([e.time_s for e in events if (e.line_id, e.direction) == which], dtype=np.float64))
        for events in (counted, true)
    )
    start_s, end_s = figures.judged_s or _ALL
    pairs = match_times(counted_s, true_s, figures.tolerance_s)
    partners, found = {c for c, _ in pairs}, {t for _, t in pairs}
    lonely = [float(at) for index, at in enumerate(counted_s) if index not in partners]
    open_spans = [each for each in optional if (each.line_id, each.direction) == which]
    return LineTimeline(
        name=f"{which[0]}, {which[1]}",
        found=tuple(float(true_s[t]) for t in sorted(found) if start_s <= true_s[t] < end_s),
        missed=tuple(float(at) for t, at in enumerate(true_s) if t not in found and start_s <= at < end_s),
        extra=tuple(at for at in _without_optional(lonely, open_spans) if start_s <= at < end_s),
    )


def _without_optional(times_s: list[float], optional: list[OptionalEvent]) -> list[float]:
    """Spans that end first choose first, which fills as many as can be filled."""
    left = sorted(times_s)
    for span in sorted(optional, key=lambda each: each.until_s):
        taken = next((at for at in left if span.from_s <= at <= span.until_s), None)
        if taken is not None:
            left.remove(taken)
    return left


def _refuse_difference(lane: LineTimeline, measured: EventFigures, clip_id: str) -> None:
    shown = (len(lane.found), len(lane.missed), len(lane.extra))
    wanted = (measured.matched, measured.true - measured.matched, measured.predicted - measured.matched)
    if shown != wanted:
        raise DongsunError(
            expected=f"events of {lane.name} that give the measured right, missed and extra {wanted}",
            got=f"{shown}",
            where=f"clip {clip_id}",
            mend="the truth or the replay changed after evaluation: run `dongsun evaluate` for this store",
        )


def _picture(directory: Path, name: str) -> str:
    return shrunk_uri(_existing(directory, name).read_bytes(), _PICTURE_WIDTH_PX, str(directory / name))


def _existing(directory: Path, name: str) -> Path:
    path = _inside(directory, name)
    if not path.is_file():
        raise DongsunError(
            expected="the picture that evaluation names",
            got="nothing there",
            where=str(path),
            mend="run `dongsun evaluate` for this store",
        )
    return path


def _inside(directory: Path, name: str) -> Path:
    path = directory / name
    if not path.resolve().is_relative_to(directory.resolve()):
        raise DongsunError(
            expected="files of this evaluation alone",
            got=name,
            where=str(directory),
            mend="run `dongsun evaluate` for this store; only its own, anonymised pictures may be shown",
        )
    return path
