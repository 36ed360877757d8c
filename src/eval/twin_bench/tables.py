"""The bench's figures as tables: Markdown for people, CSV for spreadsheets, a few lines for the terminal."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import astuple, fields

from dongsun.eval.twin_bench.bench_results import BenchResults, Estimates
from dongsun.eval.twin_bench.crossing_faults import CAUSES, CrossingFault
from dongsun.eval.twin_bench.estimate import Estimate

_DIFFICULTIES = {
    "crowd": "somebody nearer than 0.8 m",
    "occlusion": "under 60 % of the body visible",
    "light": "the shop is dim",
    "u_turn": "back over the same line within 10 s",
    "staff": "staff",
}
_CSV_COLUMNS = ("scope", "name", "figure", "value", "low", "high", "runs")


def markdown_tables(results: BenchResults) -> str:
    """Figures by store, events by line, recall by difficulty."""
    overall, stores = results.overall(), results.by_store()
    scopes = {f"all ({len(results.runs)} runs)": overall}
    scopes |= {f"{store} ({len(results.seeds_of(store))})": figures for store, figures in stores.items()}
    names = [name for name in overall if not name.startswith("recall_")]
    parts = [
        f"# Counting bench (synthetic footage)\n\nBundle {results.bundle_version}, {results.detector_precision}; "
        f"{len(results.runs)} runs: {', '.join(f'{run.store_id} seed {run.seed}' for run in results.runs)}. "
        "In brackets the 95 % bootstrap interval over runs (of fewer than ten runs it is too narrow); n where there "
        "are too few for one. `heatmap_ceiling` is what perfect boxes would reach.",
        _table(
            ("figure", *scopes),
            ((name, *(_cell(figures.get(name)) for figures in scopes.values())) for name in names),
        ),
        "## By line\n\n"
        + _table(
            ("line", "true", "counted", "matched", "precision", "recall", "count error"),
            (
                (
                    name,
                    str(counts.true),
                    str(counts.predicted),
                    str(counts.matched),
                    _cell(figures.get("event_precision")),
                    _cell(figures.get("event_recall")),
                    _cell(figures.get("count_error_signed")),
                )
                for name, (counts, figures) in results.by_line().items()
            ),
        ),
        "## Why crossings were missed, and whence extra ones came\n\n"
        + _table(("cause", "missed", "extra", "meaning"), _causes(results)),
        "## Recall by difficulty\n\n" + _table(("difficulty", "recall where so", "elsewhere"), _difficulties(overall)),
    ]
    return "\n\n".join(parts) + "\n"


def csv_table(results: BenchResults) -> str:
    """A row a scope (`all`, `store`, `camera`, `line`), name and figure."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_CSV_COLUMNS)
    scopes = [("all", "all", results.overall())]
    scopes += [("store", name, figures) for name, figures in results.by_store().items()]
    scopes += [("camera", name, figures) for name, figures in results.by_camera().items()]
    scopes += [("line", name, figures) for name, (_, figures) in results.by_line().items()]
    for scope, name, figures in scopes:
        for figure, found in figures.items():
            low, high = ("", "") if found.interval is None else (f"{end:.6g}" for end in found.interval)
            writer.writerow((scope, name, figure, f"{found.value:.6g}", low, high, found.runs))
    return text.getvalue()


def faults_table(results: BenchResults) -> str:
    """A row a crossing missed (`who` is the person) or counted too much (`who` is the track), as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("store", "seed", "camera", *(field.name for field in fields(CrossingFault))))
    for run in results.runs:
        for camera in run.cameras:
            writer.writerows((run.store_id, run.seed, camera.camera_id, *astuple(fault)) for fault in camera.faults)
    return text.getvalue()


def summary_lines(results: BenchResults) -> str:
    """The headline for the terminal."""
    overall = results.overall()
    shown = (
        "event_precision", "event_recall", "count_error", "visitor_error", "dwell_error_p50_s", "dwell_error_p90_s",
        "occupancy_error", "heatmap_correlation", "heatmap_ceiling", "hota", "idf1", "id_switches_per_min",
    )  # fmt: skip
    lines = [f"bundle {results.bundle_version} on {len(results.runs)} synthetic runs ({', '.join(results.stores)})"]
    lines += [f"  {name:<22}{_cell(overall.get(name))}" for name in shown]
    lines += [
        f"  {name}: {counts.predicted} counted of {counts.true} true, {counts.matched} matched"
        for name, (counts, _) in results.by_line().items()
    ]
    lines += [f"  recall, {row[0]}: {row[1]}; elsewhere {row[2]}" for row in _difficulties(overall)]
    lines += [f"  {missed} missed, {extra} extra: {cause}" for cause, missed, extra, _ in _causes(results)]
    return "\n".join(lines)


def _causes(results: BenchResults) -> Iterator[tuple[str, str, str, str]]:
    found = Counter((f.kind, f.cause) for run in results.runs for camera in run.cameras for f in camera.faults)
    for cause, meaning in CAUSES.items():
        missed, extra = found["missed", cause], found["extra", cause]
        if missed or extra:
            yield cause, str(missed), str(extra), meaning


def _difficulties(overall: Estimates) -> Iterator[tuple[str, str, str]]:
    for name, meaning in _DIFFICULTIES.items():
        hard, easy = overall.get(f"recall_{name}"), overall.get(f"recall_not_{name}")
        if hard or easy:
            yield f"{name} ({meaning})", _cell(hard), _cell(easy)


def _cell(figure: Estimate | None) -> str:
    if figure is None:
        return "none"
    if figure.interval is None:
        return f"{figure.value:.3f} (n = {figure.runs})"
    low, high = figure.interval
    return f"{figure.value:.3f} [{low:.3f}, {high:.3f}]"


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)
