"""Replays a recording through the edge runtime, as a station would run it, and judges the outcome."""

from pathlib import Path

from dongsun.contract.bundle import Precision
from dongsun.contract.store import StoreConfig
from dongsun.eval.annotated_pictures import choose_frames, save_pictures
from dongsun.eval.evaluate_settings import ClipSettings, EvaluateSettings
from dongsun.eval.evaluation_metrics import ClipFigures
from dongsun.eval.replay_judge import (
    event_figures,
    judge_lines,
    judge_people,
    judge_zones,
    line_figures,
    read_counted,
)
from dongsun.serve_edge.count import run_count
from dongsun.serve_edge.results.summary import CountSummary
from dongsun.serve_edge.settings import CountSettings

_ANNOTATED = "annotated.mp4"
_NOT_COUNTING = "annotate"


def replay_clip(
    bundle: Path,
    store: StoreConfig,
    store_file: Path,
    clip: ClipSettings,
    settings: EvaluateSettings,
    out_dir: Path,
    precision: Precision | None,
) -> ClipFigures:
    """Counts one recording with the bundle and judges the counts.

    Args:
        bundle: The bundle.
        store: Whose lines and zones are counted.
        store_file: Where it was read from: a uniform gallery lies beside it.
        clip: The recording and its truth.
        settings: Tolerance and pictures.
        out_dir: The evaluation's folder; outputs go below it.
        precision: Of both models; None takes what ships, and only that is annotated.

    Raises:
        DongsunError: The recording or its truth can't be read.
    """
    name = clip.id if precision is None else f"{clip.id}-{precision.lower()}"
    directory = out_dir / "replay" / name
    annotate = settings.annotate and precision is None
    first, end = clip.replayed_frames
    summary = run_count(
        CountSettings(
            bundle=bundle,
            store=store,
            store_file=store_file,
            camera_id=clip.camera_id,
            source=clip.source,
            out=directory,
            annotate=annotate,
            precision=precision,
            first_frame=first,
            end_frame=end,
            face_model=settings.face_model,
        )
    )
    pictures = _pictures(directory, out_dir, summary, settings.pictures) if annotate else ()
    return _figures(clip, store, settings, summary, directory, pictures, out_dir)


def _figures(
    clip: ClipSettings,
    store: StoreConfig,
    settings: EvaluateSettings,
    summary: CountSummary,
    directory: Path,
    pictures: tuple[str, ...],
    out_dir: Path,
) -> ClipFigures:
    camera = store.camera(clip.camera_id)
    lines = judge_lines(read_counted(directory), clip, camera, settings.tolerance_s)
    people = judge_people(directory, summary.unique_visitors, clip, summary.first_frame, summary.frames)
    stage_ms = {stage: time.mean_ms for stage, time in summary.stages.items()}
    counting_ms = sum(ms for stage, ms in stage_ms.items() if stage != _NOT_COUNTING)
    video = directory / _ANNOTATED
    return ClipFigures(
        id=clip.id,
        camera_id=clip.camera_id,
        source=clip.source.name,
        footage=settings.footage,
        detector_precision=_precision(summary.detector_precision),
        reid_precision=None if summary.reid_precision is None else _precision(summary.reid_precision),
        frames=summary.frames,
        seconds=summary.duration_s,
        judged_s=clip.judged_s,
        fps=1000.0 / counting_ms,
        stage_ms=stage_ms,
        tolerance_s=settings.tolerance_s,
        total=event_figures(lines.total),
        lines=tuple(line_figures(lines, line_id) for line_id in camera.lines),
        zones=judge_zones(directory, clip, camera),
        visitors=people[0] if people else None,
        tracking=people[1] if people else None,
        directory=directory.relative_to(out_dir).as_posix(),
        annotated_video=video.relative_to(out_dir).as_posix() if video.is_file() else None,
        pictures=pictures,
    )


def _pictures(directory: Path, out_dir: Path, summary: CountSummary, wanted: int) -> tuple[str, ...]:
    # The annotated video begins at the first replayed frame.
    events = [crossing.frame_index - summary.first_frame for crossing in read_counted(directory)]
    chosen = choose_frames(events, summary.frames, wanted)
    folder = out_dir / "pictures" / directory.name
    saved = save_pictures(directory / _ANNOTATED, chosen, folder)
    return tuple(path.relative_to(out_dir).as_posix() for path in saved)


def _precision(text: str) -> Precision:
    known: dict[str, Precision] = {"FP32": "FP32", "FP16": "FP16", "INT8": "INT8"}
    return known[text]
