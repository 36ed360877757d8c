"""How near two forms of one re-ID model come."""

from dataclasses import dataclass

import numpy as np

from dongsun.contract.embedding import Embeddings, l2_normalised
from dongsun.contract.preprocess import Batch
from dongsun.export.runners import RawOutput, Run, in_batches


@dataclass(frozen=True)
class EmbeddingParity:
    """A form of a re-ID model against the reference on the same inputs.

    Attributes:
        lowest_cosine: Of an embedding, at batch 1 or batch 8, and the reference's for the same input.
        mean_cosine: Over the inputs, at batch 1.
        batch_gap: 1 - the lowest cosine of the form's own embeddings at batch 8 and batch 1.
        worst_input: Index of the input of `lowest_cosine`.
    """

    lowest_cosine: float
    mean_cosine: float
    batch_gap: float
    worst_input: int


def embedding_parity(reference: Embeddings, run: Run, batch: Batch) -> EmbeddingParity:
    """Compares `run` on `batch` (n, 3, h, w) with the reference's embeddings (n, d) for the same batch."""
    single, eight = unit_rows(in_batches(run, batch, 1)), unit_rows(in_batches(run, batch, 8))
    cosines = np.einsum("nd,nd->n", reference, single)
    lowest = np.minimum(cosines, np.einsum("nd,nd->n", reference, eight))
    return EmbeddingParity(
        lowest_cosine=float(lowest.min()),
        mean_cosine=float(cosines.mean()),
        batch_gap=float(1.0 - np.einsum("nd,nd->n", eight, single).min()),
        worst_input=int(lowest.argmin()),
    )


def unit_rows(raw: RawOutput) -> Embeddings:
    """A model's output of any trailing shape as unit rows (n, d), as the station makes them."""
    return l2_normalised(raw.reshape(len(raw), -1))
