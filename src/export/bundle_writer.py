"""Seals a staged directory as a bundle: version, manifest, and the reader's own verdict before anybody sees it."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from dongsun.contract.bundle import (
    MANIFEST_NAME,
    SCHEMA_VERSION,
    BundleManifest,
    DetectorSpec,
    Provenance,
    ReidSpec,
    file_entry,
    read_bundle,
    sha256_of,
)
from dongsun.contract.durable import write_json, write_text

MODEL_CARD_NAME = "model_card.md"
OPENVINO_DIRECTORY = "openvino"


@dataclass(frozen=True)
class BundleHeader:
    """What `bundle.json` says beside the list of files.

    Attributes:
        store_id: The store that the bundle is for.
        created_at_utc: Aware; its date opens the version.
        detector: The detector; its files lie in the staged directory.
        reid: The re-ID model, or None.
        metrics: Name → value, measured on the exported models.
        provenance: Where it came from.
    """

    store_id: str
    created_at_utc: datetime
    detector: DetectorSpec
    reid: ReidSpec | None
    metrics: Mapping[str, float]
    provenance: Provenance


def bundle_version(staged: Path, header: BundleHeader) -> str:
    """`<year>.<month>.<day>+<8 hex digits>`; the digits are of the models, so equal models have equal ones."""
    files = [*header.detector.files.values(), *(header.reid.files.values() if header.reid else ())]
    digest = hashlib.sha256()
    for name in sorted(files):
        for path in (staged / name, (staged / name).with_suffix(".bin")):
            digest.update(f"{path.name}:{sha256_of(path)}\n".encode())
    return f"{header.created_at_utc:%Y.%m.%d}+{digest.hexdigest()[:8]}"


def seal_bundle(staged: Path, header: BundleHeader, model_card: Callable[[str], str]) -> BundleManifest:
    """Writes the model card and `bundle.json` into `staged` and reads the whole back as a station would.

    Args:
        staged: A directory that holds the models and everything else, best one from `atomic_directory`.
        header: What the manifest says.
        model_card: Version → text of the card.

    Raises:
        DongsunError: The reader refuses what was written; that is a fault of export.
    """
    version = bundle_version(staged, header)
    write_text(staged / MODEL_CARD_NAME, model_card(version))
    names = sorted(path.relative_to(staged).as_posix() for path in staged.rglob("*") if path.is_file())
    manifest = BundleManifest(
        schema_version=SCHEMA_VERSION,
        store_id=header.store_id,
        version=version,
        created_at_utc=header.created_at_utc,
        detector=header.detector,
        reid=header.reid,
        metrics=dict(header.metrics),
        provenance=header.provenance,
        files=tuple(file_entry(staged, name) for name in names if name != MANIFEST_NAME),
    )
    write_json(staged / MANIFEST_NAME, manifest.model_dump(mode="json"))
    return read_bundle(staged)
