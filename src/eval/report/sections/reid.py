"""How well the same person is found again."""

from dongsun.eval.evaluation_metrics import ReidResults
from dongsun.eval.report.blocks import Bilingual, Block, Section, Table
from dongsun.eval.report.charts import grouped_bars
from dongsun.eval.report.evidence import Training
from dongsun.eval.report.numbers import megabytes, score, span
from dongsun.eval.report.sections.missing import missing_note
from dongsun.eval.report.sections.training import training_blocks

_TITLE = Bilingual("Re-ID", "재식별")
_LEAD = Bilingual(
    "Given one picture of a person whom the model never met, how high do that person's others rank? Rank-1 asks "
    "for the first, mAP for all of them, mINP for the hardest.",
    "처음 보는 사람의 사진 한 장으로 그 사람의 다른 사진을 얼마나 앞에 찾아내는지 봅니다. "
    "Rank-1은 첫 번째, mAP는 전체, mINP는 가장 어려운 사진을 봅니다.",
)


def reid_section(results: ReidResults | None, training: Training | None) -> Section:
    """CMC, mAP, mINP in every precision, and the curves."""
    blocks: list[Block] = []
    if results is None:
        blocks.append(missing_note(Bilingual("re-ID on test people", "시험 인원 재식별 성능"), "evaluate"))
    else:
        blocks += _result_blocks(results)
    if training is None:
        blocks.append(missing_note(Bilingual("the re-ID model's training curves", "재식별 학습 곡선"), "train-reid"))
    else:
        blocks += training_blocks(training, "re-ID model")
    return Section("reid", _TITLE, _LEAD, tuple(blocks))


def _result_blocks(results: ReidResults) -> list[Block]:
    forms = [(precision, results.retrieval[precision]) for precision in sorted(results.retrieval)]
    return [
        Table(
            Bilingual(
                f"{results.persons} people, {results.queries:,} queries against {results.gallery:,} pictures, "
                f"{_protocol(results)}; {results.queries_without_match:,} queries had no other picture to find.",
                f"{results.persons}명, 질의 {results.queries:,}장, 갤러리 {results.gallery:,}장.",
            ),
            (
                "model",
                "mAP",
                "95 % of mAP",
                "rank-1",
                "95 % of rank-1",
                "rank-5",
                "rank-10",
                "mINP",
                "ms a crop",
                "size",
            ),
            tuple(
                (
                    precision + (" (ships)" if precision == results.shipped_precision else ""),
                    score(figures.mean_average_precision),
                    span(figures.map_ci95),
                    score(figures.rank1),
                    span(figures.rank1_ci95),
                    score(figures.rank5),
                    score(figures.rank10),
                    score(figures.mean_inverse_negative_penalty),
                    f"{figures.median_ms:.2f}",
                    megabytes(figures.model_bytes),
                )
                for precision, figures in forms
            ),
            frozenset(range(1, 10)),
        ),
        grouped_bars(
            ("rank-1", "rank-5", "rank-10", "mAP", "mINP"),
            {
                precision: (
                    figures.rank1,
                    figures.rank5,
                    figures.rank10,
                    figures.mean_average_precision,
                    figures.mean_inverse_negative_penalty,
                )
                for precision, figures in forms
            },
            alt="Retrieval scores: " + "; ".join(f"{p} rank-1 {f.rank1:.3f}" for p, f in forms),
            caption=Bilingual(
                "Cumulative match (rank-1, 5, 10), mAP and mINP; bars of one height mean that INT8 lost nothing.",
                "누적 일치율(rank-1, 5, 10), mAP, mINP. 막대 높이가 같으면 INT8이 잃은 것이 없습니다.",
            ),
            wide=True,
        ),
    ]


def _protocol(results: ReidResults) -> str:
    if results.protocol == "cross_camera":
        return "found again in another camera"
    return f"found again in one camera, at least {results.min_gap_frames} frames apart"
