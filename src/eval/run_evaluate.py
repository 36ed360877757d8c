"""Stage: the bundle on the test part, through the edge runtime, against the truth."""

from pathlib import Path
from typing import Any

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from dongsun.contract.durable import atomic_directory, write_json
from dongsun.contract.stage import RunLog, StageResult
from dongsun.contract.store import StoreConfig, parse_store
from dongsun.eval.evaluate_models import Bundle, MeasuredReid, evaluate_detector, evaluate_reid_model
from dongsun.eval.evaluate_settings import EvaluateSettings
from dongsun.eval.evaluation_metrics import EVALUATION_NAME, ClipFigures, DetectorResults, EvaluationMetrics
from dongsun.eval.evaluation_summary import flat_metrics, summary_text
from dongsun.eval.plots import plot_distributions, plot_error_tradeoff, plot_precision_recall
from dongsun.eval.replay import replay_clip
from dongsun.eval.threshold_settings import ThresholdSettings


@dataclass(frozen=True, config=ConfigDict(extra="forbid", arbitrary_types_allowed=True))
class EvaluateStage:
    """Measures one store's bundle on what nobody trained or tuned on.

    Attributes:
        store: The store file's content.
        store_file: The file itself: a uniform gallery named in it lies beside it.
        bundle: The bundle that `dongsun export` wrote.
        detector_manifest: Its test frames are detected on.
        reid_manifest: Its test people are compared.
        out_dir: `reports/<store>/evaluate`; replaced whole when evaluation succeeds.
        settings: What is measured.
        threshold: Which pairs of test people are compared: as in tuning.
        seed: Of drawing crops, pairs and resamples.
    """

    store: dict[str, Any]
    store_file: Path
    bundle: Path
    detector_manifest: Path
    reid_manifest: Path
    out_dir: Path
    settings: EvaluateSettings
    threshold: ThresholdSettings
    seed: int = 0

    def run(self, log: RunLog) -> StageResult:
        """Writes `metrics.json` (`EvaluationMetrics`), the replays' outputs, plots and pictures.

        Raises:
            DongsunError: The bundle, a manifest, a recording or a truth can't be used; `out_dir` is left as it was.
        """
        store = parse_store(self.store, where="store")
        bundle = Bundle.at(self.bundle)
        with atomic_directory(self.out_dir) as temporary:
            measured = self._measure(store, bundle, temporary)
            write_json(temporary / EVALUATION_NAME, measured.model_dump(mode="json"))
        flat = flat_metrics(measured)
        log.metrics(flat)
        shown = [*measured.plots.values(), *(picture for clip in measured.clips for picture in clip.pictures)]
        return StageResult(
            metrics=flat,
            artifacts=(self.out_dir / EVALUATION_NAME, *(self.out_dir / path for path in shown)),
            summary=summary_text(measured),
        )

    def _measure(self, store: StoreConfig, bundle: Bundle, out_dir: Path) -> EvaluationMetrics:
        detector = self._detector(bundle) if self.settings.detection else None
        reid = (
            evaluate_reid_model(bundle, self.reid_manifest, self.settings, self.threshold, self.seed)
            if self.settings.reid
            else None
        )
        clips: list[ClipFigures] = []
        for clip in self.settings.clips:
            for precision in (None, *self.settings.also_replay):
                clips.append(
                    replay_clip(bundle.directory, store, self.store_file, clip, self.settings, out_dir, precision)
                )
        return EvaluationMetrics(
            store_id=store.id,
            bundle_version=bundle.manifest.version,
            footage=self.settings.footage,
            detector=detector,
            reid=reid.results if reid else None,
            clips=tuple(clips),
            plots=self._plots(detector, reid, out_dir),
        )

    def _detector(self, bundle: Bundle) -> DetectorResults:
        baseline = Bundle.at(self.settings.baseline_bundle) if self.settings.baseline_bundle else None
        return evaluate_detector(bundle, baseline, self.detector_manifest, self.settings)

    def _plots(self, detector: DetectorResults | None, reid: MeasuredReid | None, out_dir: Path) -> dict[str, str]:
        plots: dict[str, str] = {}
        if detector:
            ours = {f"bundle {precision}": figures for precision, figures in detector.shipped.items()}
            other = {f"{detector.baseline_name} {precision}": f for precision, f in detector.baseline.items()}
            plots["precision_recall"] = "precision_recall.png"
            plot_precision_recall(
                ours | other, out_dir / plots["precision_recall"], f"Detection of people ({self.settings.footage})"
            )
        if reid:
            shipped = reid.results.shipped_precision
            met = reid.results.threshold[shipped]
            # The bundle's threshold and interval, with what it does to the test pairs that the picture shows.
            here = met.tuned.model_copy(
                update={
                    "false_match_rate": met.false_match_rate,
                    "true_match_rate": met.true_match_rate,
                    "false_match_ci95": None,
                    "true_match_ci95": None,
                }
            )
            title = f"Similarities of test people, {shipped} ({self.settings.footage})"
            plots["distributions"], plots["det_curve"] = "distributions.png", "det_curve.png"
            plot_distributions(reid.shipped_pairs, here, out_dir / plots["distributions"], title)
            plot_error_tradeoff(reid.shipped_pairs, here, out_dir / plots["det_curve"], title)
        return plots
