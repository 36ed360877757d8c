"""Training curves of a model."""

from dongsun.eval.report.blocks import Bilingual, Block, Fold, Table
from dongsun.eval.report.charts import training_curves
from dongsun.eval.report.evidence import Training

_CAPTION = Bilingual(
    "Training signals, not results: losses should fall and level off. Results are measured on the bundle alone.",
    "학습 신호이며 결과가 아닙니다. 손실이 줄어 평평해지면 됩니다. 결과는 번들로만 잽니다.",
)
_DULL = ("learning_rate", "lr", "seconds")


def training_blocks(training: Training, label: str) -> list[Block]:
    """The curves, and every training figure folded away."""
    curves = {
        name.replace("_", " "): curve
        for name, curve in training.curves.items()
        if len(curve) > 1 and not name.startswith(_DULL)
    }
    blocks: list[Block] = []
    if curves:
        blocks.append(training_curves(curves, caption=_CAPTION, label=label))
    if training.metrics:
        blocks.append(
            Fold(
                Bilingual(f"All training figures of the {label}", "학습 수치 전체"),
                (
                    Table(
                        _CAPTION,
                        ("figure", "value"),
                        tuple((name.replace("_", " "), f"{value:.4g}") for name, value in training.metrics.items()),
                        frozenset({1}),
                    ),
                ),
            )
        )
    return blocks
