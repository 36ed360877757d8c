"""Whether training pictures may stand on the page. In doubt, they may not."""

from dataclasses import dataclass

from dongsun.contract.store import StoreConfig
from dongsun.eval.evaluation_metrics import EvaluationMetrics
from dongsun.eval.report.evidence import StageEvidence

TWIN_SOURCE = "twin"
"""What ingest calls data that `dongsun twin render` filmed."""


@dataclass(frozen=True)
class TrainingPictures:
    """The decision.

    Attributes:
        shown: They stand on the page.
        risky: They do although they may show real people, because somebody asked for it.
    """

    shown: bool
    risky: bool


def decide_training_pictures(
    store: StoreConfig, evaluation: EvaluationMetrics, evidence: StageEvidence, *, asked_for: bool
) -> TrainingPictures:
    """Shows them only where three witnesses agree that nobody in them is real, or where somebody asks for them.

    The witnesses: the store file describes a twin, the training data were read from the twin, and evaluation calls its
    footage synthetic. One that is absent counts against showing.
    """
    rendered = (
        bool(store.twin)
        and evidence.ingest is not None
        and evidence.ingest.source == TWIN_SOURCE
        and evaluation.footage == "synthetic"
    )
    return TrainingPictures(shown=rendered or asked_for, risky=asked_for and not rendered)
