"""How well people are found."""

from dongsun.eval.evaluation_metrics import DetectionFigures, DetectorResults
from dongsun.eval.report.blocks import Bilingual, Block, Note, Section, Table
from dongsun.eval.report.charts import grouped_bars, precision_recall
from dongsun.eval.report.evidence import Training
from dongsun.eval.report.numbers import megabytes, score
from dongsun.eval.report.sections.missing import missing_note
from dongsun.eval.report.sections.training import training_blocks

_TITLE = Bilingual("Detector", "검출기")
_LEAD = Bilingual(
    "How well people are found in test frames that training never saw, in the form that ships and in full precision. "
    "1.000 would be everybody found and nothing else.",
    "학습에 쓰지 않은 시험 프레임에서 사람을 얼마나 잘 찾는지, 배포하는 형식과 원래 정밀도로 잰 결과입니다. "
    "1.000이면 모두를 찾고 틀린 것이 없다는 뜻입니다.",
)
_SHOWN = ("mAP50", "mAP50-95", "precision", "recall")


def detector_section(results: DetectorResults | None, training: Training | None) -> Section:
    """Zero-shot and fine-tuned, FP32 and INT8, curves."""
    blocks: list[Block] = []
    if results is None:
        blocks.append(missing_note(Bilingual("detection on test frames", "시험 프레임 검출 성능"), "evaluate"))
    else:
        blocks += _result_blocks(results)
    if training is None:
        blocks.append(missing_note(Bilingual("the detector's training curves", "검출기 학습 곡선"), "train-detector"))
    else:
        blocks += training_blocks(training, "detector")
    return Section("detector", _TITLE, _LEAD, tuple(blocks))


def _result_blocks(results: DetectorResults) -> list[Block]:
    forms = named_forms(results)
    blocks: list[Block] = [
        Table(
            Bilingual(
                f"{results.people:,} people in {results.frames:,} test frames "
                f"({results.ignored:,} boxes too small or hidden were not asked for). "
                "Precision and recall at the score threshold that ships, IoU 0.5.",
                f"시험 프레임 {results.frames:,}장의 {results.people:,}명. "
                "정밀도와 재현율은 배포 점수 임계값, IoU 0.5 기준입니다.",
            ),
            ("detector", *_SHOWN, "score threshold", "ms a frame", "size"),
            tuple(
                (
                    name,
                    *(score(value) for value in _scores(figures)),
                    f"{figures.score_threshold:.2f}",
                    f"{figures.median_ms:.1f}",
                    megabytes(figures.model_bytes),
                )
                for name, figures in forms.items()
            ),
            frozenset(range(1, 8)),
        ),
        precision_recall({name: figures.precision_by_recall for name, figures in forms.items()}),
        grouped_bars(
            _SHOWN,
            {name: _scores(figures) for name, figures in forms.items()},
            alt="Detection scores of every form: "
            + "; ".join(f"{name} mAP50 {figures.map50:.3f}" for name, figures in forms.items()),
            caption=Bilingual(
                "The same figures side by side; mAP50-95 also asks how exactly a box fits.",
                "같은 수치를 나란히 놓은 것. mAP50-95는 상자가 얼마나 정확한지도 봅니다.",
            ),
        ),
    ]
    if results.baseline_name is None:
        blocks.append(
            Note(
                Bilingual(
                    "No zero-shot detector was measured beside it: this store names no baseline bundle.",
                    "비교할 제로샷 검출기를 재지 않았습니다. 이 매장은 기준 번들을 지정하지 않습니다.",
                ),
                tone="missing",
            )
        )
    return blocks


def named_forms(results: DetectorResults) -> dict[str, DetectionFigures]:
    """Every measured form by the name it has on the page: the baseline first, FP32 before INT8."""
    forms: dict[str, DetectionFigures] = {}
    for name, group in ((results.baseline_name or "baseline", results.baseline), ("this bundle", results.shipped)):
        for precision in sorted(group):
            forms[f"{name}, {precision}"] = group[precision]
    return forms


def _scores(figures: DetectionFigures) -> tuple[float, float, float, float]:
    return figures.map50, figures.map50_95, figures.precision, figures.recall
