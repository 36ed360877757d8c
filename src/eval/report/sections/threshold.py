"""Which similarity means the same person here, and how sure that is."""

from dongsun.contract.bundle import SimilarityThreshold
from dongsun.eval.evaluation_metrics import ReidResults
from dongsun.eval.report.blocks import Bilingual, Block, Note, Section, Table
from dongsun.eval.report.charts import Distributions, similarity_distributions
from dongsun.eval.report.evidence import StageEvidence
from dongsun.eval.report.numbers import percent, score, span
from dongsun.eval.report.sections.missing import missing_note

_TITLE = Bilingual("Threshold", "임계값")
_LEAD = Bilingual(
    "Which similarity means the same person in this store, and how sure we are of it. The shaded band is where the "
    "threshold could lie had other people come.",
    "이 매장에서 유사도가 얼마면 같은 사람으로 보는지, 그 값을 얼마나 믿을 수 있는지 보여 줍니다. "
    "어두운 띠는 다른 사람들이 왔더라면 임계값이 놓였을 범위입니다.",
)


def threshold_section(evidence: StageEvidence, tested: ReidResults | None) -> Section:
    """The threshold with both distributions, what it lets through, and the one that ships."""
    blocks: list[Block] = []
    tuned = evidence.threshold
    rows = []
    if tuned is not None:
        histogram = tuned.histogram
        blocks += [
            _in_words(tuned.threshold),
            similarity_distributions(
                Distributions(histogram.edges, histogram.genuine, histogram.impostor),
                tuned.threshold.similarity,
                tuned.threshold.ci95,
            ),
        ]
        rows.append(_row(f"PyTorch ({tuned.model}), {tuned.split} people", tuned.threshold))
    else:
        blocks.append(missing_note(Bilingual("the distributions of similarity", "유사도 분포"), "tune"))
    if evidence.bundle is not None and evidence.bundle.reid is not None:
        reid = evidence.bundle.reid
        for precision, threshold in sorted(reid.thresholds.items()):
            ships = " (ships)" if precision == reid.shipped_precision else ""
            rows.append(_row(f"{precision} in the bundle{ships}", threshold))
    if rows:
        blocks.append(_table(rows))
    if tested is not None and tested.threshold:
        blocks.append(_tested_table(tested))
    else:
        blocks.append(missing_note(Bilingual("the threshold on test people", "시험 인원에서의 임계값"), "evaluate"))
    return Section("threshold", _TITLE, _LEAD, tuple(blocks))


def _in_words(threshold: SimilarityThreshold) -> Note:
    wrong = f"about 1 in {round(1 / threshold.false_match_rate):,}" if threshold.false_match_rate else "none"
    low, high = threshold.ci95
    return Note(
        Bilingual(
            f"Two pictures with a similarity of {threshold.similarity:.3f} or more count as the same person. Of pairs "
            f"that show different people, {wrong} is wrongly taken for one person; of pairs that show the same person, "
            f"{percent(threshold.true_match_rate)} are recognised. Judged on {threshold.persons} people, the threshold "
            f"lies between {low:.3f} and {high:.3f} with 95 % confidence: the narrower, the surer.",
            f"두 사진의 유사도가 {threshold.similarity:.3f} 이상이면 같은 사람으로 봅니다. 다른 사람 쌍 가운데 "
            f"{percent(threshold.false_match_rate, 2)}를 같은 사람으로 잘못 보고, 같은 사람 쌍 가운데 "
            f"{percent(threshold.true_match_rate)}를 알아봅니다. {threshold.persons}명으로 판단했을 때 임계값은 95 % "
            f"신뢰도로 {low:.3f}에서 {high:.3f} 사이이며, 좁을수록 확실합니다.",
        )
    )


def _row(name: str, threshold: SimilarityThreshold) -> tuple[str, ...]:
    return (
        name,
        score(threshold.similarity),
        span(threshold.ci95),
        percent(threshold.false_match_rate, 2),
        percent(threshold.target_false_match_rate, 2),
        percent(threshold.true_match_rate),
        f"{threshold.genuine_pairs:,}",
        f"{threshold.impostor_pairs:,}",
        str(threshold.persons),
    )


def _table(rows: list[tuple[str, ...]]) -> Table:
    return Table(
        caption=Bilingual(
            "Thresholds: a station uses the one that ships, derived again on the very model it runs.",
            "임계값: 단말은 자신이 실행하는 모델에서 다시 구한 값을 씁니다.",
        ),
        columns=(
            "model",
            "threshold",
            "95 % interval",
            "false matches",
            "target",
            "true matches",
            "same-person pairs",
            "different-person pairs",
            "persons",
        ),
        rows=tuple(rows),
        numeric=frozenset(range(1, 9)),
    )


def _tested_table(results: ReidResults) -> Table:
    return Table(
        caption=Bilingual(
            "The bundle's thresholds met by test people, whom it was not tuned on: false matches should stay near the "
            "target.",
            "번들의 임계값을 조정에 쓰지 않은 시험 인원으로 확인한 결과. 오인율이 목표에 가까워야 합니다.",
        ),
        columns=(
            "model",
            "threshold",
            "false matches",
            "target",
            "true matches",
            "area under ROC",
            "same-person pairs",
            "different-person pairs",
            "persons",
        ),
        rows=tuple(
            (
                precision + (" (ships)" if precision == results.shipped_precision else ""),
                score(figures.tuned.similarity),
                percent(figures.false_match_rate, 2),
                percent(figures.tuned.target_false_match_rate, 2),
                percent(figures.true_match_rate),
                score(figures.area_under_roc),
                f"{figures.genuine_pairs:,}",
                f"{figures.impostor_pairs:,}",
                str(figures.persons),
            )
            for precision, figures in sorted(results.threshold.items())
        ),
        numeric=frozenset(range(1, 9)),
    )
