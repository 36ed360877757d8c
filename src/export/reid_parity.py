"""Numeric parity of a re-ID model's forms: batch 1, batch 8 and PyTorch, on the same crops."""

from collections.abc import Mapping
from pathlib import Path

from dongsun.contract.embedding import Embeddings
from dongsun.contract.errors import DongsunError
from dongsun.contract.preprocess import Batch
from dongsun.export.embedding_parity import EmbeddingParity, embedding_parity
from dongsun.export.runners import Run
from dongsun.export.settings import LossLimits

_FLOAT_FORMS = ("onnx", "fp32")


def check_parity(
    form: str, run: Run, truth: Embeddings, batch: Batch, paths: tuple[Path, ...], limits: LossLimits
) -> Mapping[str, float]:
    """Figures of one form against the reference's embeddings `truth` (n, d) of `batch` (n, 3, h, w).

    Raises:
        DongsunError: It's farther from the reference than the limits allow, or another model at batch 8.
    """
    parity = embedding_parity(truth, run, batch)
    least_lowest = {**dict.fromkeys(_FLOAT_FORMS, limits.fp32_cosine), "fp16": limits.fp16_cosine}
    if form not in least_lowest and parity.mean_cosine < limits.int8_cosine:
        raise _not_equal(form, parity, f"a mean cosine of {limits.int8_cosine} to the reference's", paths)
    if parity.lowest_cosine < least_lowest.get(form, -1.0):
        raise _not_equal(form, parity, f"a cosine of {least_lowest[form]} to the reference's", paths)
    if parity.batch_gap > limits.reid_batch_gap:
        raise _not_equal(form, parity, f"batch 8 within {limits.reid_batch_gap} of batch 1", paths)
    return {
        f"reid_{form}_lowest_cosine": parity.lowest_cosine,
        f"reid_{form}_mean_cosine": parity.mean_cosine,
        f"reid_{form}_batch_gap": parity.batch_gap,
    }


def _not_equal(form: str, parity: EmbeddingParity, expected: str, paths: tuple[Path, ...]) -> DongsunError:
    return DongsunError(
        expected=expected,
        got=f"{form}: lowest cosine {parity.lowest_cosine:.4f}, mean {parity.mean_cosine:.4f}, batch gap "
        f"{parity.batch_gap:.3g}; worst on {paths[parity.worst_input]}",
        where="numeric parity of re-ID",
        mend="report this with the model; for INT8, calibrate on crops like the one named or ship FP32",
    )
