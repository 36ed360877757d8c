"""Which similarity means the same person here, and how sure that is."""

from collections.abc import Mapping, Sequence

from dongsun.contract.bundle import IdentificationRates, SimilarityThreshold
from dongsun.eval.evaluation_metrics import ReidResults
from dongsun.eval.report.blocks import Bilingual, Block, Note, Picture, Section, Table
from dongsun.eval.report.charts import Distributions, similarity_distributions
from dongsun.eval.report.evidence import StageEvidence
from dongsun.eval.report.numbers import percent, score, span
from dongsun.eval.report.sections.missing import missing_note
from dongsun.eval.report.shipped_threshold import shipped_threshold

_TITLE = Bilingual("Threshold", "임계값")
_LEAD = Bilingual(
    "Which similarity means the same person in this store, and how sure we are of it. The shaded band is where the "
    "threshold could lie had other people come.",
    "이 매장에서 유사도가 얼마면 같은 사람으로 보는지, 그 값을 얼마나 믿을 수 있는지 보여 줍니다. "
    "어두운 띠는 다른 사람들이 왔더라면 임계값이 놓였을 범위입니다.",
)
_COLUMNS_IN_HALF = 3
_PLOTS = {
    "distributions": Bilingual(
        "The model that ships on test people, whom nobody trained or tuned on, with its threshold.",
        "학습에도 조정에도 쓰지 않은 시험 인원에서 배포 모델의 분포와 임계값.",
    ),
    "det_curve": Bilingual(
        "What a stricter or looser threshold would trade: fewer false matches against more misses.",
        "임계값을 높이거나 낮출 때 오인과 누락이 어떻게 바뀌는지.",
    ),
}


def threshold_section(evidence: StageEvidence, tested: ReidResults | None, plots: Mapping[str, str]) -> Section:
    """The threshold with both distributions, what it lets through, and the one that ships."""
    blocks: list[Block] = []
    tuned = evidence.threshold
    thresholds: dict[str, SimilarityThreshold] = {}
    if (shipped := shipped_threshold(tested, evidence)) is not None:
        blocks.append(_in_words(shipped))
        if shipped.identification is not None:
            blocks.append(_identification_in_words(shipped.identification))
    if tuned is not None:
        histogram = tuned.histogram
        blocks.append(
            similarity_distributions(
                Distributions(histogram.edges, histogram.genuine, histogram.impostor),
                tuned.threshold.similarity,
                tuned.threshold.ci95,
                f"{tuned.model} (PyTorch), {tuned.split} people",
            )
        )
        thresholds["PyTorch"] = tuned.threshold
    else:
        blocks.append(missing_note(Bilingual("the distributions of similarity", "유사도 분포"), "tune"))
    if evidence.bundle is not None and evidence.bundle.reid is not None:
        reid = evidence.bundle.reid
        for precision, threshold in sorted(reid.thresholds.items()):
            ships = " (ships)" if precision == reid.shipped_precision else ""
            thresholds[f"{precision}{ships}"] = threshold
    if thresholds:
        blocks.append(_table(thresholds))
    if tested is not None and tested.threshold:
        blocks.append(_tested_table(tested))
    else:
        blocks.append(missing_note(Bilingual("the threshold on test people", "시험 인원에서의 임계값"), "evaluate"))
    blocks += [_plot(plots[name], caption) for name, caption in _PLOTS.items() if name in plots]
    return Section("threshold", _TITLE, _LEAD, tuple(blocks))


def _plot(data_uri: str, caption: Bilingual) -> Picture:
    return Picture(data_uri=data_uri, alt=caption.en, caption=caption, wide=False)


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


def _identification_in_words(rates: IdentificationRates) -> Note:
    low, high = rates.false_positive_ci95
    size = rates.gallery_size
    how = (
        ""
        if rates.method == "empirical"
        else f" Extrapolated from galleries of {rates.measured_gallery_size}, taken for independent: an upper limit."
    )
    how_ko = (
        ""
        if rates.method == "empirical"
        else f" {rates.measured_gallery_size}명 갤러리에서 독립을 가정해 외삽한 상한값."
    )
    return Note(
        Bilingual(
            f"Among {size} visitors in the gallery, somebody who is not one of them is taken for one in "
            f"{percent(rates.false_positive_rate)} of cases (95 %: {percent(low)} to {percent(high)}), and somebody "
            f"who is one is missed or taken for another in {percent(rates.miss_rate)}. Measured on {rates.probes} "
            f"appearances of {rates.persons} people.{how}",
            f"갤러리에 방문자 {size}명이 있을 때, 그 안에 없는 사람을 누군가로 잘못 알아보는 비율은 "
            f"{percent(rates.false_positive_rate)}(95 %: {percent(low)}~{percent(high)}), 그 안에 있는 사람을 놓치거나 "
            f"다른 사람으로 보는 비율은 {percent(rates.miss_rate)}입니다. {rates.persons}명의 출현 {rates.probes}회로 "
            f"측정했습니다.{how_ko}",
        )
    )


def _gallery_rows(rates: Sequence[IdentificationRates | None]) -> tuple[tuple[str, ...], ...]:
    """What happens before a gallery, if any threshold says so."""
    if not any(rates):
        return ()
    return (
        ("visitors in the gallery", *("–" if each is None else str(each.gallery_size) for each in rates)),
        ("strangers matched", *("–" if each is None else percent(each.false_positive_rate) for each in rates)),
        ("visitors missed", *("–" if each is None else percent(each.miss_rate) for each in rates)),
    )


def _target(threshold: SimilarityThreshold) -> str:
    if threshold.target_false_match_rate is not None:
        return percent(threshold.target_false_match_rate, 2)
    rates = threshold.identification
    if rates is None or rates.target_false_positive_rate is None:
        return "–"
    return f"{percent(rates.target_false_positive_rate)} of strangers among {rates.gallery_size}"


def _table(thresholds: dict[str, SimilarityThreshold]) -> Table:
    return Table(
        caption=Bilingual(
            "Thresholds: a station uses the one that ships, derived again on the very model it runs.",
            "임계값: 단말은 자신이 실행하는 모델에서 다시 구한 값을 씁니다.",
        ),
        columns=("", *thresholds),
        rows=(
            ("threshold", *(score(each.similarity) for each in thresholds.values())),
            ("95 % interval", *(span(each.ci95) for each in thresholds.values())),
            ("false-match rate", *(percent(each.false_match_rate, 2) for each in thresholds.values())),
            ("its target", *(_target(each) for each in thresholds.values())),
            ("true-match rate", *(percent(each.true_match_rate) for each in thresholds.values())),
            ("same-person pairs", *(f"{each.genuine_pairs:,}" for each in thresholds.values())),
            ("different-person pairs", *(f"{each.impostor_pairs:,}" for each in thresholds.values())),
            ("persons", *(str(each.persons) for each in thresholds.values())),
            *_gallery_rows([each.identification for each in thresholds.values()]),
        ),
        numeric=frozenset(range(1, len(thresholds) + 1)),
        wide=len(thresholds) > _COLUMNS_IN_HALF,
    )


def _tested_table(results: ReidResults) -> Table:
    met = {
        f"{precision} (ships)" if precision == results.shipped_precision else precision: figures
        for precision, figures in sorted(results.threshold.items())
    }
    return Table(
        caption=Bilingual(
            "The bundle's thresholds met by test people, whom they were not tuned on: false matches should stay near "
            "the target.",
            "번들의 임계값을 조정에 쓰지 않은 시험 인원으로 확인한 결과. 오인율이 목표에 가까워야 합니다.",
        ),
        columns=("", *met),
        rows=(
            ("threshold", *(score(each.tuned.similarity) for each in met.values())),
            ("false-match rate", *(percent(each.false_match_rate, 2) for each in met.values())),
            ("its target", *(_target(each.tuned) for each in met.values())),
            ("true-match rate", *(percent(each.true_match_rate) for each in met.values())),
            ("area under ROC", *(score(each.area_under_roc) for each in met.values())),
            ("same-person pairs", *(f"{each.genuine_pairs:,}" for each in met.values())),
            ("different-person pairs", *(f"{each.impostor_pairs:,}" for each in met.values())),
            ("persons", *(str(each.persons) for each in met.values())),
            *_gallery_rows([each.identification for each in met.values()]),
        ),
        numeric=frozenset(range(1, len(met) + 1)),
        wide=len(met) > _COLUMNS_IN_HALF,
    )
