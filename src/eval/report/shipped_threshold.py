"""The one threshold that a reader should take away."""

from dongsun.contract.bundle import SimilarityThreshold
from dongsun.eval.evaluation_metrics import ReidResults
from dongsun.eval.report.evidence import StageEvidence


def shipped_threshold(results: ReidResults | None, evidence: StageEvidence) -> SimilarityThreshold | None:
    """The threshold a station will use: the bundle's, else the evaluated one, else that of the PyTorch model."""
    if evidence.bundle is not None and evidence.bundle.reid is not None:
        return evidence.bundle.reid.thresholds[evidence.bundle.reid.shipped_precision]
    if results is not None and results.shipped_precision in results.threshold:
        return results.threshold[results.shipped_precision].tuned
    return None if evidence.threshold is None else evidence.threshold.threshold
