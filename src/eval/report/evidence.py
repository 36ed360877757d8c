"""What the stages left behind, read and checked; a part that is not there is None."""

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from dongsun.contract.bundle import MANIFEST_NAME, BundleManifest, read_bundle
from dongsun.contract.errors import DongsunError
from dongsun.eval.report.charts import Curve, Stratum
from dongsun.eval.threshold_evidence import ThresholdEvidence, read_evidence

_STRATUM_FIGURES = ("images", "kept")
Flat = Mapping[str, float]


class _Lenient(BaseModel):
    """A file of another layer: what the page doesn't show may change without asking."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class ManifestCounts(_Lenient):
    """Images and persons per split."""

    images: dict[str, int]
    persons: dict[str, int] = {}
    cameras: tuple[str, ...] = ()


class IngestReport(_Lenient):
    """`ingest_report.json`."""

    source: str
    detector: ManifestCounts | None = None
    reid: ManifestCounts | None = None
    problems: dict[str, int] = {}
    left_out_on_purpose: dict[str, int] = {}


@dataclass(frozen=True)
class Training:
    """One trained model.

    Attributes:
        metrics: Its flat figures; training signals, not results.
        curves: Name → (epoch, value) points.
        augment_sheet: PNG with augmented training pictures, unless it was left out.
    """

    metrics: Flat = field(default_factory=dict)
    curves: Mapping[str, Curve] = field(default_factory=dict)
    augment_sheet: bytes | None = None


@dataclass(frozen=True)
class StoreFolders:
    """Where one store's stages leave their results."""

    evaluate: Path
    models: Path
    interim: Path
    processed: Path
    bundle: Path


@dataclass(frozen=True)
class StageEvidence:
    """What the stages before `evaluate` left."""

    ingest: IngestReport | None = None
    sampling: Mapping[str, tuple[Stratum, ...]] = field(default_factory=dict)
    detector: Training | None = None
    reid: Training | None = None
    threshold: ThresholdEvidence | None = None
    export: Flat | None = None
    bundle: BundleManifest | None = None
    model_card: str = ""


def read_stages(folders: StoreFolders) -> StageEvidence:
    """Reads every part that is there.

    Raises:
        DongsunError: A part is there and can't be read; the page never shows half of a broken file.
    """
    export = folders.models / "export" / "metrics.json"
    threshold = folders.models / "threshold" / "threshold.json"
    card = folders.bundle / "model_card.md"
    return StageEvidence(
        ingest=_read_model(folders.interim / "ingest_report.json", IngestReport, "ingest"),
        sampling={
            path.parent.name: _read_strata(path) for path in sorted(folders.processed.rglob("sampling_summary.csv"))
        },
        detector=_read_training(folders.models / "detector", "train-detector"),
        reid=_read_training(folders.models / "reid", "train-reid"),
        threshold=read_evidence(threshold) if threshold.is_file() else None,
        export=_read_flat(export, "export") if export.is_file() else None,
        bundle=read_bundle(folders.bundle) if (folders.bundle / MANIFEST_NAME).is_file() else None,
        model_card=_read_text(card, "export") if card.is_file() else "",
    )


_Model = TypeVar("_Model", bound=BaseModel)


def _read_model(path: Path, model: type[_Model], stage: str) -> _Model | None:
    if not path.is_file():
        return None
    try:
        return model.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise _broken(path, str(error), stage) from error


def _read_training(directory: Path, stage: str) -> Training | None:
    metrics = directory / "metrics.json"
    if not metrics.is_file():
        return None
    history, sheet = directory / "history.csv", directory / "augment_sheet.png"
    return Training(
        metrics=_read_flat(metrics, stage),
        curves=_read_curves(history, stage) if history.is_file() else {},
        augment_sheet=sheet.read_bytes() if sheet.is_file() else None,
    )


def _read_flat(path: Path, stage: str) -> Flat:
    """The figures of a metrics file; nested groups are joined by `_`, and what is no number is left to others."""
    try:
        raw = json.loads(_read_text(path, stage))
    except json.JSONDecodeError as error:
        raise _broken(path, str(error), stage) from error
    if not isinstance(raw, dict):
        raise _broken(path, f"{type(raw).__name__} instead of named figures", stage)
    return dict(_figures(raw, ""))


def _figures(group: Mapping[str, object], prefix: str) -> list[tuple[str, float]]:
    found: list[tuple[str, float]] = []
    for name, value in group.items():
        if isinstance(value, dict):
            found += _figures(value, f"{prefix}{name}_")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            found.append((prefix + name, float(value)))
    return found


def _read_curves(path: Path, stage: str) -> dict[str, Curve]:
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        names = [name for name in (rows[0] if rows else {}) if name != "epoch"]
        curves = {name: [(float(row["epoch"]), float(row[name])) for row in rows if row[name]] for name in names}
    except (KeyError, TypeError, ValueError, UnicodeDecodeError) as error:
        raise _broken(path, repr(error), stage) from error
    return {name: curve for name, curve in curves.items() if curve}


def _read_strata(path: Path) -> tuple[Stratum, ...]:
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            return tuple(
                Stratum(
                    " / ".join(value for name, value in row.items() if name not in _STRATUM_FIGURES),
                    int(row["images"]),
                    int(row["kept"]),
                )
                for row in csv.DictReader(stream)
            )
    except (KeyError, TypeError, ValueError, UnicodeDecodeError) as error:
        raise _broken(path, repr(error), "sample") from error


def _read_text(path: Path, stage: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise _broken(path, str(error), stage) from error


def _broken(path: Path, got: str, stage: str) -> DongsunError:
    return DongsunError(
        expected=f"what `dongsun {stage}` writes", got=got, where=str(path), mend=f"run `dongsun {stage}` again"
    )
