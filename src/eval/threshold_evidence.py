"""`threshold.json`: a tuned threshold together with what it was tuned on."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dongsun.contract.bundle import SimilarityHistogram, SimilarityThreshold
from dongsun.contract.durable import atomic_file, write_json
from dongsun.contract.errors import DongsunError
from dongsun.eval.embedded_set import EmbeddedSet
from dongsun.eval.open_set_curve import gallery_curve
from dongsun.eval.open_set_scores import OpenSetScores
from dongsun.eval.pair_similarities import PairSimilarities
from dongsun.eval.plots import plot_distributions, plot_error_tradeoff, plot_gallery_sizes
from dongsun.eval.threshold import area_under_roc
from dongsun.eval.threshold_by_camera import CameraPairThresholds, LeftCameraPair, thresholds_by_camera_pair
from dongsun.eval.threshold_settings import ThresholdSettings
from dongsun.eval.threshold_tuning import supported_threshold

EVIDENCE_NAME = "threshold.json"
SIMILARITIES_NAME = "similarities.npz"
DISTRIBUTIONS_NAME = "distributions.png"
TRADEOFF_NAME = "det_curve.png"
GALLERY_SIZES_NAME = "gallery_sizes.png"


@dataclass(frozen=True)
class TunedThreshold:
    """A store's threshold and what is behind it.

    Attributes:
        threshold: With its figures, and those of pairs of cameras where asked for.
        pairs: Pairs of pictures.
        open_set: Appearances before galleries; None where nobody can be compared.
        camera_pairs_left: Pairs of cameras that keep the store's threshold.
    """

    threshold: SimilarityThreshold
    pairs: PairSimilarities
    open_set: OpenSetScores | None = None
    camera_pairs_left: tuple[LeftCameraPair, ...] = ()


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ThresholdEvidence(_Frozen):
    """`threshold.json`."""

    threshold: SimilarityThreshold
    model: str = Field(description="the file of the model whose embeddings were compared")
    split: str
    protocol: Literal["cross_camera", "across_time"]
    min_gap_frames: int = Field(ge=1, description="used by across_time only")
    area_under_roc: float = Field(ge=0, le=1)
    histogram: SimilarityHistogram
    camera_pairs_left: dict[str, str] = Field(
        default={}, description="two cameras that keep the store's threshold → what their people lack"
    )


def tune_on(people: EmbeddedSet, settings: ThresholdSettings, seed: int) -> TunedThreshold:
    """Tunes a store's threshold on embedded people, by pairs of cameras too if the settings ask for it.

    Raises:
        DongsunError: They can't support it; see `dongsun.eval.threshold.tune_threshold` for a target on pairs and
            `dongsun.eval.open_set_threshold.tune_identification` for one on identification.
    """
    store = supported_threshold(people, settings, seed)
    by_pair = thresholds_by_camera_pair(people, settings, seed) if settings.per_camera_pair else CameraPairThresholds()
    threshold = store.threshold.model_copy(update={"camera_pairs": by_pair.tuned})
    return TunedThreshold(threshold, store.pairs, store.open_set, by_pair.left)


def write_evidence(directory: Path, tuned: TunedThreshold, *, model: str, split: str) -> tuple[Path, ...]:
    """Writes `threshold.json`, `similarities.npz` and the plots into `directory`; their paths.

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
    names = [EVIDENCE_NAME, SIMILARITIES_NAME, DISTRIBUTIONS_NAME, TRADEOFF_NAME]
    plot_distributions(pairs, threshold, directory / DISTRIBUTIONS_NAME, f"Similarities of {split} people ({model})")
    plot_error_tradeoff(pairs, threshold, directory / TRADEOFF_NAME, f"False matches against misses ({model})")
    if tuned.open_set is not None and threshold.identification is not None:
        curve = gallery_curve(tuned.open_set, threshold.similarity, threshold.identification)
        names.append(GALLERY_SIZES_NAME)
        plot_gallery_sizes(curve, directory / GALLERY_SIZES_NAME, f"{split} people before galleries ({model})")
    _write_json(directory / EVIDENCE_NAME, tuned, model, split)
    return tuple(directory / name for name in names)


def _write_json(path: Path, tuned: TunedThreshold, model: str, split: str) -> None:
    histogram = tuned.threshold.histogram
    assert histogram is not None  # every tuned threshold has one
    evidence = ThresholdEvidence(
        # Said once: the histogram stands beside the threshold here, within it in a bundle.
        threshold=tuned.threshold.model_copy(update={"histogram": None}),
        model=model,
        split=split,
        protocol=tuned.pairs.protocol.kind,
        min_gap_frames=tuned.pairs.protocol.min_gap_frames,
        area_under_roc=area_under_roc(tuned.pairs.genuine, tuned.pairs.impostor),
        histogram=histogram,
        camera_pairs_left={" and ".join(left.cameras): left.why for left in tuned.camera_pairs_left},
    )
    write_json(path, evidence.model_dump(mode="json"))


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
