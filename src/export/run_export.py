"""Stage: trained models → the bundle."""

import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from dongsun.contract.bundle import BundleManifest
from dongsun.contract.clock import utc_now
from dongsun.contract.durable import atomic_directory, write_json
from dongsun.contract.stage import RunLog, StageResult
from dongsun.eval.threshold_settings import ThresholdSettings
from dongsun.export.settings import ExportSettings

if TYPE_CHECKING:
    from dongsun.export.export_models import ExportedModels

METRICS_NAME = "metrics.json"


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class ExportStage:
    """Exports one store's models.

    Attributes:
        store_id: The store.
        root_dir: The repository, for provenance.
        models_dir: `models/<store>`.
        processed_dir: `data/processed/<store>`.
        bundle_dir: `bundles/<store>`; replaced whole when everything passed.
        settings: How.
        threshold: How re-ID thresholds are tuned.
        seed: Of threshold tuning and of the choice of crops.
    """

    store_id: str
    root_dir: Path
    models_dir: Path
    processed_dir: Path
    bundle_dir: Path
    settings: ExportSettings
    threshold: ThresholdSettings
    seed: int = 0

    def run(self, log: RunLog) -> StageResult:
        """Writes the bundle and `models/<store>/export/metrics.json`.

        Raises:
            DongsunError: Something to export is missing, or an exported model fails its parity gate; the bundle that
                stood there before still does.
        """
        with atomic_directory(self.bundle_dir) as staged, tempfile.TemporaryDirectory() as work:
            manifest = self._seal(staged, self._export_models(staged, Path(work)))
        log.metrics(manifest.metrics)
        metrics_path = self.models_dir / "export" / METRICS_NAME
        write_json(metrics_path, dict(manifest.metrics))
        return StageResult(
            metrics=manifest.metrics,
            artifacts=(metrics_path, self.bundle_dir / "model_card.md"),
            registered_model=self.bundle_dir,
            summary=_summary(manifest, self.bundle_dir),
        )

    def _export_models(self, staged: Path, work: Path) -> "ExportedModels":
        # Torch, OpenVINO and NNCF take seconds to import: only the run pays for it, not whoever composes the stage.
        from dongsun.export.export_models import ModelExporter
        from dongsun.export.gate_inputs import GateInputs

        inputs = GateInputs(
            detector_manifest=self.settings.detector_manifest or self.processed_dir / "detector" / "manifest.parquet",
            reid_manifest=self.settings.reid_manifest or self.processed_dir / "reid" / "manifest.parquet",
            settings=self.settings,
            seed=self.seed,
        )
        return ModelExporter(self.models_dir, inputs, self.settings, self.threshold, self.seed).run(staged, work)

    def _seal(self, staged: Path, models: "ExportedModels") -> BundleManifest:
        from dongsun.export.bundle_writer import BundleHeader, seal_bundle
        from dongsun.export.model_card import CardFacts, model_card
        from dongsun.export.provenance import read_provenance
        from dongsun.export.selftest_writer import write_selftest

        detector, reid = models.detector, models.reid
        reid_spec = None if reid is None else reid.spec
        write_selftest(staged, detector.spec, reid_spec)
        header = BundleHeader(
            store_id=self.store_id,
            created_at_utc=utc_now(),
            detector=detector.spec,
            reid=reid_spec,
            metrics={**detector.metrics, **({} if reid is None else reid.metrics)},
            provenance=read_provenance(self.root_dir, self.store_id),
        )
        facts = CardFacts(
            store_id=self.store_id,
            detector=detector.spec,
            detector_architecture=models.description.architecture,
            detector_trained_from=models.description.trained_from,
            zero_shot=self.settings.detector_weights is not None,
            reid=reid_spec,
            reid_origin=models.reid_origin,
            metrics=header.metrics,
            notes=(*detector.notes, *(() if reid is None else reid.notes)),
            provenance=header.provenance,
        )
        return seal_bundle(staged, header, partial(model_card, facts))


def _summary(manifest: BundleManifest, bundle_dir: Path) -> str:
    lines = [f"bundle {manifest.version} at {bundle_dir}"]
    drops = {name: value for name, value in manifest.metrics.items() if name.endswith("_drop_points")}
    lines += [f"{name.replace('_', ' ')}: {value:.2f}" for name, value in sorted(drops.items())]
    detector = manifest.detector
    size = {entry.path: entry.bytes for entry in manifest.files}
    for precision, file in detector.files.items():
        weights = size[file.removesuffix(".xml") + ".bin"]
        milliseconds = manifest.metrics[f"detector_{precision.lower()}_ms_batch1"]
        shipped = ", shipped" if precision == detector.shipped_precision else ""
        lines.append(f"detector {precision}: {milliseconds:.1f} ms a frame, {weights / 1e6:.1f} MB{shipped}")
    return "\n".join(lines)
