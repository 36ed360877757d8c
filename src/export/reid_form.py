"""One exported form of a re-ID model that could run somewhere, and what it embeds."""

from dataclasses import dataclass

import numpy as np

from dongsun.contract.bundle import SimilarityThreshold
from dongsun.contract.embedding import Embeddings
from dongsun.contract.preprocess import FrameBgr, InputSpec, stretched
from dongsun.eval.embed_manifest import EmbedFn, embed_records
from dongsun.eval.embedded_set import EmbeddedSet
from dongsun.eval.threshold_settings import ThresholdSettings
from dongsun.export.embedding_parity import unit_rows
from dongsun.export.gate_crops import GateCrops
from dongsun.export.reid_gate import ScoredForm
from dongsun.export.reid_scores import score_split
from dongsun.export.runners import Run


@dataclass(frozen=True)
class ReidForm:
    """A form with the threshold that ships with it.

    Attributes:
        name: As in the figures: `torch`, `fp32`, `fp16`, `int8`, `tensorrt_qdq`.
        embed: Crops to embeddings, as whoever runs this form does.
        threshold: Tuned on validation people with the form that ships.
        validation: This form on the validation split.
    """

    name: str
    embed: EmbedFn
    threshold: SimilarityThreshold
    validation: ScoredForm

    def scored_on(self, gate: GateCrops, settings: ThresholdSettings, seed: int) -> ScoredForm:
        """This form on another split."""
        people = embedded(self.name, self.embed, gate)
        return ScoredForm(self.name, score_split(people, settings, seed), self.threshold.similarity)


def embedded(name: str, embed: EmbedFn, gate: GateCrops) -> EmbeddedSet:
    """The crops of a split, with progress."""
    return embed_records(embed, gate.records, gate.manifest, progress=f"{name} on {gate.split}")


def crop_wise(run: Run, spec: InputSpec) -> EmbedFn:
    """A raw model (PyTorch, ONNX) behind the station's own preprocessing, one crop at a time as the station does."""

    def embed(crops: list[FrameBgr]) -> Embeddings:
        return unit_rows(np.concatenate([run(stretched([crop], spec)) for crop in crops]))

    return embed
