"""The bundle's models on test data: detection in every precision, retrieval, and the threshold it states."""

from dataclasses import dataclass
from pathlib import Path

from dongsun.contract.bundle import (
    BundleManifest,
    IdentificationRates,
    Precision,
    ReidSpec,
    SimilarityThreshold,
    read_bundle,
)
from dongsun.contract.errors import DongsunError
from dongsun.eval.bundle_runs import TimedEmbedder, model_bytes, run_detector
from dongsun.eval.detection_metrics import evaluate_detections
from dongsun.eval.embed_manifest import embed_records, select_records
from dongsun.eval.embedded_set import EmbeddedSet
from dongsun.eval.evaluate_settings import EvaluateSettings
from dongsun.eval.evaluation_metrics import (
    DetectionFigures,
    DetectorResults,
    ReidResults,
    RetrievalFigures,
    ThresholdFigures,
)
from dongsun.eval.labelled_frames import LabelledFrame, read_labelled_frames
from dongsun.eval.open_set_threshold import identification_at, supported_gallery
from dongsun.eval.pair_similarities import PairSimilarities
from dongsun.eval.reid_metrics import ReidMetrics, evaluate_reid, split_by_role
from dongsun.eval.threshold import area_under_roc, rate_at_or_above
from dongsun.eval.threshold_settings import ThresholdSettings
from dongsun.eval.threshold_tuning import open_set_of, pairs_of


@dataclass(frozen=True)
class Bundle:
    """A bundle that was read and verified."""

    directory: Path
    manifest: BundleManifest

    @staticmethod
    def at(directory: Path) -> "Bundle":
        """Reads it; raises `DongsunError` if anything about it is wrong."""
        return Bundle(directory, read_bundle(directory))


@dataclass(frozen=True)
class MeasuredReid:
    """Re-ID figures, and the test pairs behind the shipped precision's threshold figures."""

    results: ReidResults
    shipped_pairs: PairSimilarities


def evaluate_detector(
    bundle: Bundle, baseline: Bundle | None, manifest: Path, settings: EvaluateSettings
) -> DetectorResults:
    """Measures the bundle's detector, and the baseline's, in every precision on the manifest's test frames."""
    frames = read_labelled_frames(manifest, "test", min_height_px=settings.min_height_px, most=settings.most_frames)
    return DetectorResults(
        frames=len(frames),
        people=int(sum((~frame.truth.ignored).sum() for frame in frames)),
        ignored=int(sum(frame.truth.ignored.sum() for frame in frames)),
        shipped_precision=bundle.manifest.detector.shipped_precision,
        shipped=_all_precisions(bundle, frames, "detector"),
        baseline_name=settings.baseline_name if baseline else None,
        baseline=_all_precisions(baseline, frames, settings.baseline_name) if baseline else {},
    )


def _all_precisions(bundle: Bundle, frames: tuple[LabelledFrame, ...], name: str) -> dict[Precision, DetectionFigures]:
    spec = bundle.manifest.detector
    measured: dict[Precision, DetectionFigures] = {}
    for precision, xml in spec.files.items():
        run = run_detector(spec, bundle.directory, precision, frames, name=name)
        metrics = evaluate_detections(
            run.detections,
            [frame.truth for frame in frames],
            score_threshold=spec.score_threshold,
            person_class=spec.person_class,
        )
        measured[precision] = DetectionFigures(
            map50=metrics.map50,
            map50_95=metrics.map50_95,
            precision=metrics.precision,
            recall=metrics.recall,
            score_threshold=metrics.score_threshold,
            precision_by_recall=metrics.precision_by_recall,
            median_ms=run.median_ms,
            model_bytes=model_bytes(bundle.manifest, xml),
        )
    return measured


def evaluate_reid_model(
    bundle: Bundle, manifest: Path, settings: EvaluateSettings, threshold: ThresholdSettings, seed: int
) -> MeasuredReid:
    """Measures the bundle's re-ID model in every precision on the manifest's test people.

    Raises:
        DongsunError: The bundle has no re-ID model, or the test people can't be compared.
    """
    spec = _reid_spec(bundle)
    records = select_records(
        manifest, "test", most_per_person_and_camera=settings.most_crops_per_person_and_camera, seed=seed
    )
    retrieval: dict[Precision, RetrievalFigures] = {}
    thresholds: dict[Precision, ThresholdFigures] = {}
    pairs_by_precision: dict[Precision, PairSimilarities] = {}
    metrics: ReidMetrics | None = None
    for precision, xml in spec.files.items():
        embedder = TimedEmbedder(spec, bundle.directory, precision)
        people = embed_records(embedder, records, manifest, progress=f"re-ID {precision}")
        metrics = _retrieval(people, threshold, seed)
        retrieval[precision] = _retrieval_figures(metrics, embedder.median_ms, model_bytes(bundle.manifest, xml))
        pairs_by_precision[precision] = pairs_of(people, threshold, seed)
        if precision in spec.thresholds:
            figures = threshold_figures(spec, precision, pairs_by_precision[precision])
            rates = _identification(people, spec.thresholds[precision], threshold, seed)
            thresholds[precision] = figures.model_copy(update={"identification": rates})
    assert metrics is not None  # a ReidSpec has at least one file
    results = ReidResults(
        protocol=metrics.protocol.kind,
        min_gap_frames=metrics.protocol.min_gap_frames,
        queries=metrics.queries,
        queries_without_match=metrics.queries_without_match,
        gallery=metrics.gallery,
        persons=metrics.persons,
        shipped_precision=spec.shipped_precision,
        retrieval=retrieval,
        threshold=thresholds,
    )
    return MeasuredReid(results, pairs_by_precision[spec.shipped_precision])


def threshold_figures(spec: ReidSpec, precision: Precision, pairs: PairSimilarities) -> ThresholdFigures:
    """What the threshold that the bundle states does to these pairs."""
    tuned = spec.thresholds[precision]
    return ThresholdFigures(
        tuned=tuned,
        false_match_rate=rate_at_or_above(pairs.impostor, tuned.similarity),
        true_match_rate=rate_at_or_above(pairs.genuine, tuned.similarity),
        area_under_roc=area_under_roc(pairs.genuine, pairs.impostor),
        genuine_pairs=len(pairs.genuine),
        impostor_pairs=len(pairs.impostor),
        persons=len(pairs.persons),
    )


def _identification(
    people: EmbeddedSet, tuned: SimilarityThreshold, settings: ThresholdSettings, seed: int
) -> IdentificationRates | None:
    """Before tuning's gallery, or the largest below it that these people support."""
    scores = open_set_of(people, settings, seed)
    size = supported_gallery(scores)
    if tuned.identification is not None:
        size = min(size, tuned.identification.gallery_size)
    return identification_at(scores, tuned.similarity, size or None, bootstrap=settings.bootstrap, seed=seed)


def _retrieval(people: EmbeddedSet, threshold: ThresholdSettings, seed: int) -> ReidMetrics:
    query, gallery = split_by_role(people)
    return evaluate_reid(query, gallery, threshold.protocol_for(people), bootstrap=threshold.bootstrap, seed=seed)


def _retrieval_figures(metrics: ReidMetrics, median_ms: float, size_bytes: int) -> RetrievalFigures:
    return RetrievalFigures(
        mean_average_precision=metrics.mean_average_precision,
        map_ci95=metrics.map_ci95,
        rank1=metrics.rank1,
        rank1_ci95=metrics.rank1_ci95,
        rank5=metrics.rank5,
        rank10=metrics.rank10,
        mean_inverse_negative_penalty=metrics.mean_inverse_negative_penalty,
        median_ms=median_ms,
        model_bytes=size_bytes,
    )


def _reid_spec(bundle: Bundle) -> ReidSpec:
    if bundle.manifest.reid is None:
        raise DongsunError(
            expected="a bundle with a re-ID model",
            got="none in it",
            where=str(bundle.directory),
            mend="set evaluate.reid=false for this store, or export with a re-ID model",
        )
    return bundle.manifest.reid
