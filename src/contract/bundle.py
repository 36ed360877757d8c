"""The bundle: the unit of delivery. Its manifest, and the reader that refuses what it does not understand."""

import hashlib
import json
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from dongsun.contract.detections import BoxExtent
from dongsun.contract.errors import DongsunError
from dongsun.contract.preprocess import InputSpec

MANIFEST_NAME = "bundle.json"
SCHEMA_VERSION: Final = 3
"""What this version writes. 2: a threshold may be tuned on identification, and then has no pairwise target. 3: a
detector's boxes may go around whole bodies."""
READABLE_VERSIONS = (1, 2, 3)
"""Earlier ones lack what later ones may have; what they have means the same."""
Precision = Literal["FP32", "FP16", "INT8"]
"""FP16: weights stored in half precision and computed with in float32, so half the size at FP32's speed on a CPU."""
DetectorOutput = Literal["end2end_xyxy_score_class", "raw_cxcywh_scores"]
"""`end2end…`: (n, k, 6) boxes in input pixels, already suppressed (YOLO26). `raw…`: (n, 4 + classes, anchors), to be
suppressed (YOLOv8, YOLO11)."""


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FileEntry(_Frozen):
    """One file of the bundle."""

    path: str = Field(description="relative to the bundle, forward slashes")
    bytes: int = Field(ge=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class DetectorSpec(_Frozen):
    """The person detector."""

    files: dict[Precision, str] = Field(description="precision → path of the OpenVINO .xml", min_length=1)
    shipped_precision: Precision
    input: InputSpec
    output: DetectorOutput
    class_names: tuple[str, ...] = Field(min_length=1)
    person_class: int = Field(ge=0)
    score_threshold: Annotated[float, Field(gt=0, lt=1)]
    nms_iou: Annotated[float, Field(gt=0, lt=1)] = 0.6
    box_extent: BoxExtent = Field(default="visible", description="what the person boxes go around")

    @model_validator(mode="after")
    def _consistent(self) -> "DetectorSpec":
        if self.person_class >= len(self.class_names):
            raise ValueError(f"person_class {self.person_class} is not in {self.class_names}")
        if self.shipped_precision not in self.files:
            raise ValueError(f"shipped_precision {self.shipped_precision} has no file")
        return self


class SimilarityHistogram(_Frozen):
    """Pairs by similarity, in bins of equal width over [-1, 1]."""

    edges: tuple[float, ...]
    genuine: tuple[int, ...]
    impostor: tuple[int, ...]


class IdentificationRates(_Frozen):
    """What a threshold does to people in front of a gallery, unknown people included (open-set identification)."""

    gallery_size: int = Field(ge=1, description="visitors in the gallery that the rates are stated for")
    target_false_positive_rate: float | None = Field(gt=0, lt=1, description="None: tuned on pairs instead")
    false_positive_rate: float = Field(ge=0, le=1, description="people not in the gallery, taken for somebody in it")
    false_positive_ci95: tuple[float, float] = Field(description="resampling persons")
    miss_rate: float = Field(ge=0, le=1, description="people in the gallery, not found or taken for another")
    method: Literal["empirical", "extrapolated"]
    measured_gallery_size: int = Field(ge=1, description="the gallery drawn; smaller than gallery_size if extrapolated")
    persons: int = Field(ge=2)
    probes: int = Field(ge=1, description="appearances searched for")


class CameraPairThreshold(_Frozen):
    """The threshold between two cameras, where their people support one of their own."""

    cameras: tuple[str, str] = Field(description="in alphabetical order; which comes first means nothing")
    similarity: float = Field(ge=-1, le=1)
    ci95: tuple[float, float]
    false_match_rate: float = Field(ge=0, le=1)
    true_match_rate: float = Field(ge=0, le=1)
    genuine_pairs: int = Field(ge=1)
    impostor_pairs: int = Field(ge=1)
    persons: int = Field(ge=2)


class SimilarityThreshold(_Frozen):
    """The cosine similarity at and above which two embeddings are the same person, with the evidence behind it."""

    similarity: float = Field(ge=-1, le=1)
    ci95: tuple[float, float] = Field(description="interval of the threshold, resampling persons")
    target_false_match_rate: float | None = Field(gt=0, lt=1, description="None: tuned on identification instead")
    false_match_rate: float = Field(ge=0, le=1, description="measured on the pairs")
    true_match_rate: float = Field(ge=0, le=1)
    genuine_pairs: int = Field(ge=1)
    impostor_pairs: int = Field(ge=1)
    persons: int = Field(ge=2)
    false_match_ci95: tuple[float, float] | None = Field(default=None, description="of the rate, resampling persons")
    true_match_ci95: tuple[float, float] | None = None
    identification: IdentificationRates | None = Field(default=None, description="None: too few people for any gallery")
    camera_pairs: tuple[CameraPairThreshold, ...] = Field(default=(), description="other pairs use `similarity`")
    histogram: SimilarityHistogram | None = Field(default=None, description="the pairs, for telling a drift later")


class ReidSpec(_Frozen):
    """The re-identification model."""

    files: dict[Precision, str] = Field(description="precision → path of the OpenVINO .xml", min_length=1)
    shipped_precision: Precision
    input: InputSpec
    embedding_size: int = Field(gt=0)
    thresholds: dict[Precision, SimilarityThreshold]

    @model_validator(mode="after")
    def _consistent(self) -> "ReidSpec":
        if self.shipped_precision not in self.files or self.shipped_precision not in self.thresholds:
            raise ValueError(f"shipped_precision {self.shipped_precision} needs a file and a threshold")
        return self


class Provenance(_Frozen):
    """Where the bundle came from."""

    git_commit: str
    git_dirty: bool
    dvc_hashes: dict[str, str] = Field(description="path of a tracked input → its DVC hash")
    mlflow_run_id: str | None
    packages: dict[str, str] = Field(description="package → version that made the models")


class BundleManifest(_Frozen):
    """`bundle.json`."""

    schema_version: Literal[1, 2, 3]
    store_id: str
    version: str
    created_at_utc: datetime
    detector: DetectorSpec
    reid: ReidSpec | None
    metrics: dict[str, float] = Field(description="of the exported models, measured through the runtime")
    provenance: Provenance
    files: tuple[FileEntry, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _models_are_listed(self) -> "BundleManifest":
        listed = {entry.path for entry in self.files}
        named = list(self.detector.files.values()) + (list(self.reid.files.values()) if self.reid else [])
        missing = [path for path in named if path not in listed]
        if missing:
            raise ValueError(f"models not among the files: {', '.join(missing)}")
        return self


def read_bundle(directory: Path) -> BundleManifest:
    """Reads and verifies a bundle directory: format, every file's presence, size and sha256, and no stray file.

    Raises:
        DongsunError: Anything is missing, changed, unknown or of another schema version.
    """
    path = directory / MANIFEST_NAME
    if not path.is_file():
        raise _refused(f"no {MANIFEST_NAME}", directory, "give the directory that `dongsun export` wrote")
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise _refused(f"{MANIFEST_NAME} is no JSON: {error}", directory, "fetch the bundle again") from error
    version = raw.get("schema_version") if isinstance(raw, dict) else None
    if version not in READABLE_VERSIONS:
        raise _refused(
            f"schema version {version!r}",
            directory,
            f"use a runtime that reads it; this one reads {' and '.join(map(str, READABLE_VERSIONS))}",
        )
    try:
        manifest = BundleManifest.model_validate(raw)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(str(k) for k in e['loc'])}: {e['msg']}" for e in error.errors())
        raise _refused(problems, path, "export the bundle again with this version of dongsun") from error
    _verify_files(directory, manifest)
    return manifest


def file_entry(directory: Path, relative: str) -> FileEntry:
    """Measures one file of a bundle being written."""
    path = directory / relative
    return FileEntry(path=relative, bytes=path.stat().st_size, sha256=sha256_of(path))


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's content, lower-case hex, read in pieces."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _verify_files(directory: Path, manifest: BundleManifest) -> None:
    root = directory.resolve()
    for entry in manifest.files:
        path = (directory / entry.path).resolve()
        if not path.is_relative_to(root):
            raise _refused(f"{entry.path} lies outside the bundle", directory, "do not run this bundle")
        if not path.is_file():
            raise _refused(f"{entry.path} is missing", directory, "fetch the bundle again")
        if path.stat().st_size != entry.bytes or sha256_of(path) != entry.sha256:
            raise _refused(f"{entry.path} is not the file that was exported", directory, "fetch the bundle again")
    listed = {entry.path for entry in manifest.files} | {MANIFEST_NAME}
    present = {p.relative_to(directory).as_posix() for p in directory.rglob("*") if p.is_file()}
    if stray := sorted(present - listed):
        raise _refused(f"files that the manifest does not know: {', '.join(stray[:5])}", directory, "remove them")


def _refused(got: str, where: Path, mend: str) -> DongsunError:
    return DongsunError(expected="a whole, unchanged bundle", got=got, where=str(where), mend=mend)
