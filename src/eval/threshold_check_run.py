"""New footage's people through a bundle's own model, and what that says of its threshold, on disk."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from dongsun.contract.bundle import Precision, ReidSpec, SimilarityThreshold, read_bundle
from dongsun.contract.durable import atomic_directory, write_json
from dongsun.contract.errors import DongsunError
from dongsun.data.records import Split
from dongsun.eval.embed_manifest import embed_manifest
from dongsun.eval.embedded_set import EmbeddedSet
from dongsun.eval.pair_similarities import PairSimilarities
from dongsun.eval.plots import plot_shift
from dongsun.eval.threshold_check import ThresholdCheck, check_threshold
from dongsun.eval.threshold_settings import ThresholdSettings
from dongsun.eval.threshold_tuning import pairs_of
from dongsun.serve_edge.inference.embedder import OpenVinoEmbedder

CHECK_NAME = "check.json"
SHIFT_NAME = "then_and_now.png"


class CheckEvidence(BaseModel):
    """`check.json`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    store_id: str
    bundle_version: str
    precision: Precision = Field(description="of the model that ships, which embedded the people")
    split: str
    protocol: Literal["cross_camera", "across_time"]
    check: ThresholdCheck


@dataclass(frozen=True)
class CheckedBundle:
    """A bundle's threshold, the new people's pairs, and the verdict."""

    promised: SimilarityThreshold
    pairs: PairSimilarities
    evidence: CheckEvidence


def check_bundle(bundle: Path, manifest: Path, split: Split, settings: ThresholdSettings, seed: int) -> CheckedBundle:
    """Embeds a split's people with the bundle's shipped model, as a station would, and checks its threshold.

    Raises:
        DongsunError: The bundle is none, or has no re-ID model; or no two pictures of the people can be compared.
    """
    read = read_bundle(bundle)
    reid = _reid(read.reid, bundle)
    people = embed_manifest(
        OpenVinoEmbedder(reid, bundle, reid.shipped_precision).embed,
        manifest,
        split,
        most_per_person_and_camera=settings.most_images_per_person,
        seed=seed,
        progress=f"embed {split}",
    )
    return check_people(people, reid, settings, seed, store_id=read.store_id, bundle_version=read.version, split=split)


def check_people(
    people: EmbeddedSet,
    reid: ReidSpec,
    settings: ThresholdSettings,
    seed: int,
    *,
    store_id: str,
    bundle_version: str,
    split: str,
) -> CheckedBundle:
    """Checks the threshold that ships on people whom its own model embedded."""
    promised = reid.thresholds[reid.shipped_precision]
    pairs = pairs_of(people, settings, seed)
    check = check_threshold(promised, pairs, min_persons=settings.min_persons, resamples=settings.bootstrap, seed=seed)
    evidence = CheckEvidence(
        store_id=store_id,
        bundle_version=bundle_version,
        precision=reid.shipped_precision,
        split=split,
        protocol=pairs.protocol.kind,
        check=check,
    )
    return CheckedBundle(promised, pairs, evidence)


def write_check(directory: Path, checked: CheckedBundle) -> tuple[Path, ...]:
    """Writes `check.json` and a plot; the directory is replaced whole. Their paths."""
    evidence = checked.evidence
    with atomic_directory(directory) as temporary:
        title = f"{evidence.split} people, {evidence.check.verdict} ({evidence.store_id} {evidence.bundle_version})"
        plot_shift(checked.pairs, checked.promised, temporary / SHIFT_NAME, title)
        write_json(temporary / CHECK_NAME, evidence.model_dump(mode="json"))
    return directory / CHECK_NAME, directory / SHIFT_NAME


def _reid(reid: ReidSpec | None, bundle: Path) -> ReidSpec:
    if reid is None:
        raise DongsunError(
            expected="a bundle with a re-ID model",
            got="none in it, and so no threshold",
            where=str(bundle),
            mend="export with a re-ID model",
        )
    return reid
