"""Stage: what the others left → one page that can be shown to anybody, and its figures."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from dongsun.contract.durable import write_json, write_text
from dongsun.contract.errors import DongsunError
from dongsun.contract.stage import RunLog, StageResult
from dongsun.contract.store import StoreConfig, parse_store
from dongsun.eval.evaluate_settings import ClipSettings
from dongsun.eval.evaluation_metrics import EVALUATION_NAME, EvaluationMetrics, read_evaluation
from dongsun.eval.report.blocks import Row
from dongsun.eval.report.compose import compose_page
from dongsun.eval.report.evidence import StageEvidence, StoreFolders, read_stages
from dongsun.eval.report.headline import count_error, headline_figures, own_clips, pooled, terminal_rows
from dongsun.eval.report.render import render_page
from dongsun.eval.report.replays import read_plots, read_replays
from dongsun.eval.report.training_pictures import decide_training_pictures

PAGE_NAME = "index.html"
FIGURES_NAME = "metrics.json"


@dataclass(frozen=True, config=ConfigDict(extra="forbid", arbitrary_types_allowed=True))
class ReportStage:
    """Reports on one store.

    Attributes:
        store: The store file as a mapping.
        evaluate_dir: `reports/<store>/evaluate`; the only input that must be there.
        models_dir: `models/<store>`.
        interim_dir: `data/interim/<store>`.
        processed_dir: `data/processed/<store>`.
        bundle_dir: `bundles/<store>`.
        out_dir: `reports/<store>`; gets `index.html` and `metrics.json`.
        clips: The clips as evaluate had them: where the true crossings of the timeline come from.
        include_training_pictures: DANGER: puts raw training pictures of a real store, in which people can be
            recognised, into a page that is made to be passed on. The twin's are shown anyway.
        int8_limit_points: How much INT8 may lose against FP32 before its change is marked, in points of 100.
    """

    store: dict[str, Any]
    evaluate_dir: Path
    models_dir: Path
    interim_dir: Path
    processed_dir: Path
    bundle_dir: Path
    out_dir: Path
    clips: tuple[ClipSettings, ...] = ()
    include_training_pictures: bool = False
    int8_limit_points: float = Field(default=1.0, ge=0)

    def run(self, log: RunLog) -> StageResult:
        """Writes the figures, then the page, each atomically.

        Raises:
            DongsunError: There is no evaluation, it is of another store, or something that is there can't be read.
        """
        store = parse_store(self.store, where="store")
        evaluation = self._evaluation(store)
        evidence = read_stages(
            StoreFolders(self.evaluate_dir, self.models_dir, self.interim_dir, self.processed_dir, self.bundle_dir)
        )
        figures = headline_figures(evaluation, evidence, self.int8_limit_points)
        page = compose_page(
            evaluation,
            evidence,
            read_replays(evaluation, self.evaluate_dir, self.clips),
            read_plots(evaluation, self.evaluate_dir),
            figures,
            decide_training_pictures(store, evaluation, evidence, asked_for=self.include_training_pictures),
            datetime.now(UTC),
        )
        html = render_page(page)
        rows = terminal_rows(evaluation, figures)
        write_json(self.out_dir / FIGURES_NAME, all_figures(evaluation, evidence, rows))
        write_text(self.out_dir / PAGE_NAME, html)
        metrics = headline_metrics(evaluation)
        log.metrics(metrics)
        return StageResult(
            metrics=metrics,
            artifacts=(self.out_dir / PAGE_NAME, self.out_dir / FIGURES_NAME),
            summary=f"{self.out_dir / PAGE_NAME} ({len(html.encode()) / 1e6:.1f} MB)",
        )

    def _evaluation(self, store: StoreConfig) -> EvaluationMetrics:
        path = self.evaluate_dir / EVALUATION_NAME
        evaluation = read_evaluation(path)
        if evaluation.store_id != store.id:
            raise DongsunError(
                expected=f"the evaluation of store {store.id}",
                got=f"that of {evaluation.store_id}",
                where=str(path),
                mend=f"run `dongsun evaluate store={store.id}`",
            )
        return evaluation


def all_figures(evaluation: EvaluationMetrics, evidence: StageEvidence, rows: tuple[Row, ...]) -> dict[str, Any]:
    """`metrics.json`: the rows for the terminal, and every figure by the stage that measured it."""
    training: Mapping[str, Any] = {
        name: dict(part.metrics)
        for name, part in (("detector", evidence.detector), ("reid", evidence.reid))
        if part is not None
    }
    return {
        "headline": [{"what": row.what, "value": row.value} for row in rows],
        "footage": evaluation.footage,
        "evaluation": evaluation.model_dump(mode="json"),
        "export": None if evidence.export is None else dict(evidence.export),
        "threshold": None if evidence.threshold is None else evidence.threshold.threshold.model_dump(mode="json"),
        "training": training,
        "ingest": None if evidence.ingest is None else evidence.ingest.model_dump(mode="json"),
        "bundle": None
        if evidence.bundle is None
        else {
            "version": evidence.bundle.version,
            "bytes": sum(entry.bytes for entry in evidence.bundle.files),
            "git_commit": evidence.bundle.provenance.git_commit,
        },
    }


def headline_metrics(evaluation: EvaluationMetrics) -> dict[str, float]:
    """The figures by which runs are compared."""
    found: dict[str, float] = {}
    if clips := own_clips(evaluation):
        total = pooled(clips)
        found |= {"event_f1": total.f1, "count_error": count_error(clips), "fps": min(clip.fps for clip in clips)}
    if evaluation.detector is not None:
        found |= {f"detector_map50_{p.lower()}": f.map50 for p, f in evaluation.detector.shipped.items()}
    if evaluation.reid is not None:
        for precision, figures in evaluation.reid.retrieval.items():
            found[f"reid_map_{precision.lower()}"] = figures.mean_average_precision
            found[f"reid_rank1_{precision.lower()}"] = figures.rank1
    return found
