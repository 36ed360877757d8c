"""`threshold.json`: a tuned threshold together with what it was tuned on."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dongsun.contract.bundle import SimilarityThreshold
from dongsun.contract.durable import atomic_file, write_json
from dongsun.contract.errors import DongsunError
from dongsun.eval.embedded_set import EmbeddedSet
from dongsun.eval.pair_similarities import PairSimilarities, pair_similarities
from dongsun.eval.plots import plot_distributions, plot_error_tradeoff
from dongsun.eval.threshold import area_under_roc, tune_threshold
from dongsun.eval.threshold_settings import ThresholdSettings

EVIDENCE_NAME = "threshold.json"
SIMILARITIES_NAME = "similarities.npz"
DISTRIBUTIONS_NAME = "distributions.png"
TRADEOFF_NAME = "det_curve.png"
_BINS = 50


@dataclass(frozen=True)
class TunedThreshold:
    """A threshold and the pairs behind it."""

    threshold: SimilarityThreshold
    pairs: PairSimilarities


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SimilarityHistogram(_Frozen):
    """Pairs by similarity, in bins of equal width over [-1, 1]."""

    edges: tuple[float, ...]
    genuine: tuple[int, ...]
    impostor: tuple[int, ...]


class ThresholdEvidence(_Frozen):
    """`threshold.json`."""

    threshold: SimilarityThreshold
    model: str = Field(description="the file of the model whose embeddings were compared")
    split: str
    protocol: Literal["cross_camera", "across_time"]
    min_gap_frames: int = Field(ge=1, description="used by across_time only")
    area_under_roc: float = Field(ge=0, le=1)
    histogram: SimilarityHistogram


def tune_on(people: EmbeddedSet, settings: ThresholdSettings, seed: int) -> TunedThreshold:
    """Tunes the threshold on embedded people.

    Raises:
        DongsunError: They can't support it; see `dongsun.eval.threshold.tune_threshold`.
    """
    pairs = pairs_of(people, settings, seed)
    threshold = tune_threshold(
        pairs,
        target_false_match_rate=settings.target_false_match_rate,
        bootstrap=settings.bootstrap,
        seed=seed,
        min_persons=settings.min_persons,
    )
    return TunedThreshold(threshold, pairs)


def pairs_of(people: EmbeddedSet, settings: ThresholdSettings, seed: int) -> PairSimilarities:
    """The pairs that the settings allow."""
    return pair_similarities(
        people,
        settings.protocol_for(people),
        most_images_per_person=settings.most_images_per_person,
        most_pairs=settings.most_pairs,
        seed=seed,
    )


def write_evidence(directory: Path, tuned: TunedThreshold, *, model: str, split: str) -> tuple[Path, ...]:
    """Writes `threshold.json`, `similarities.npz` and the two plots into `directory`; their paths.

    `threshold.json` is written last: where it stands, the others do too.
    """
    pairs, threshold = tuned.pairs, tuned.threshold
    directory.mkdir(parents=True, exist_ok=True)
    with atomic_file(directory / SIMILARITIES_NAME) as temporary:
        np.savez_compressed(
            temporary,
            genuine=pairs.genuine,
            genuine_person=pairs.genuine_person,
            impostor=pairs.impostor,
            impostor_persons=pairs.impostor_persons,
            persons=np.array(pairs.persons),
        )
    plot_distributions(pairs, threshold, directory / DISTRIBUTIONS_NAME, f"Similarities of {split} people ({model})")
    plot_error_tradeoff(pairs, threshold, directory / TRADEOFF_NAME, f"False matches against misses ({model})")
    edges = np.linspace(-1.0, 1.0, _BINS + 1)
    evidence = ThresholdEvidence(
        threshold=threshold,
        model=model,
        split=split,
        protocol=pairs.protocol.kind,
        min_gap_frames=pairs.protocol.min_gap_frames,
        area_under_roc=area_under_roc(pairs.genuine, pairs.impostor),
        histogram=SimilarityHistogram(
            edges=tuple(edges.tolist()),
            genuine=tuple(np.histogram(pairs.genuine, edges)[0].tolist()),
            impostor=tuple(np.histogram(pairs.impostor, edges)[0].tolist()),
        ),
    )
    write_json(directory / EVIDENCE_NAME, evidence.model_dump(mode="json"))
    names = (EVIDENCE_NAME, SIMILARITIES_NAME, DISTRIBUTIONS_NAME, TRADEOFF_NAME)
    return tuple(directory / name for name in names)


def read_evidence(path: Path) -> ThresholdEvidence:
    """Reads `threshold.json`.

    Raises:
        DongsunError: It is absent or of another format.
    """
    try:
        return ThresholdEvidence.model_validate_json(path.read_bytes())
    except (FileNotFoundError, ValidationError) as error:
        raise DongsunError(
            expected="a tuned threshold", got=str(error), where=str(path), mend="run `dongsun tune` for this store"
        ) from error
