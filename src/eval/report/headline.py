"""The figures that a person reads first: cards on the page, rows at the terminal, one sentence."""

from collections.abc import Mapping
from dataclasses import dataclass

from dongsun.contract.bundle import Precision
from dongsun.eval.counting_metrics import EventCounts
from dongsun.eval.evaluation_metrics import ClipFigures, EvaluationMetrics, LineFigures
from dongsun.eval.report.blocks import Bilingual, Card, Row
from dongsun.eval.report.evidence import StageEvidence
from dongsun.eval.report.numbers import change_in_points, megabytes, percent, score, signed, signed_points, span
from dongsun.eval.report.sections.speed import real_time_factor
from dongsun.eval.report.shipped_threshold import shipped_threshold

_LINES_AT_TERMINAL = 2
_FOOTAGE = {"synthetic": "synthetic / 합성", "real": "real footage / 실제 영상"}


@dataclass(frozen=True)
class HeadlineFigure:
    """One key number, in both of its shapes."""

    card: Card
    rows: tuple[Row, ...]


def headline_figures(
    evaluation: EvaluationMetrics, evidence: StageEvidence, limit_points: float
) -> tuple[HeadlineFigure, ...]:
    """Every key number that was measured, in reading order.

    Args:
        evaluation: What was measured.
        evidence: For the bundle.
        limit_points: What INT8 may lose against FP32, in points of 100.
    """
    clips = own_clips(evaluation)
    return (
        *_counting(clips),
        *_visitors(clips),
        *_detector(evaluation, limit_points),
        *_reid(evaluation, limit_points),
        *_threshold(evaluation, evidence),
        *_speed(clips),
        *_bundle(evidence),
    )


def terminal_rows(evaluation: EvaluationMetrics, figures: tuple[HeadlineFigure, ...]) -> tuple[Row, ...]:
    """The short table that ends `make demo`."""
    return (Row("footage", _FOOTAGE[evaluation.footage]), *(row for figure in figures for row in figure.rows))


def own_clips(evaluation: EvaluationMetrics) -> tuple[ClipFigures, ...]:
    """Clips of the store's own kind of footage; a real clip beside a synthetic store is never added to its figures."""
    return tuple(clip for clip in shipped_replays(evaluation) if clip.footage == evaluation.footage)


def shipped_replays(evaluation: EvaluationMetrics) -> tuple[ClipFigures, ...]:
    """The replays with what ships: of the replays of one clip, evaluation lists that one first."""
    return tuple({clip.id: clip for clip in reversed(evaluation.clips)}.values())[::-1]


def pooled(clips: tuple[ClipFigures, ...]) -> EventCounts:
    """All crossings of all clips together."""
    total = EventCounts(0, 0, 0)
    for clip in clips:
        total = total + EventCounts(clip.total.true, clip.total.predicted, clip.total.matched)
    return total


def count_error(clips: tuple[ClipFigures, ...]) -> float:
    """Sum of |counted - true| over every line and direction, by the true number: no error makes up for another."""
    ways = [each for clip in clips for line in clip.lines for each in line.by_direction.values()]
    return sum(abs(each.predicted - each.true) for each in ways) / max(sum(each.true for each in ways), 1)


def verdict(evaluation: EvaluationMetrics) -> Bilingual:
    """What came out, in one sentence."""
    clips = own_clips(evaluation)
    if not clips:
        return Bilingual("No clip was replayed, so nothing was counted.", "다시 돌린 영상이 없어 계수 결과가 없습니다.")
    total = pooled(clips)
    missed, extra = total.true - total.matched, total.predicted - total.matched
    if not total.true and not total.predicted:
        return Bilingual(
            "Nobody crossed a line, and nothing was counted.", "선을 넘은 사람이 없었고, 아무것도 세지 않았습니다."
        )
    if not missed and not extra:
        return Bilingual(
            f"All {total.true} true line crossings were counted, each on the right line, in the right direction, at "
            "the right second, and nothing else was counted.",
            f"실제로 선을 넘은 {total.true}번을 모두 선·방향·시각까지 맞게 세었고, 그 밖에는 아무것도 세지 않았습니다.",
        )
    return Bilingual(
        f"Of {total.true} true line crossings, {total.matched} were counted on the right line, in the right direction, "
        f"at the right second; {missed} {_were(missed)} missed and {extra} {_were(extra)} counted that never happened.",
        f"실제로 선을 넘은 {total.true}번 가운데 {total.matched}번을 선·방향·시각까지 맞게 세었고, "
        f"{missed}번을 놓쳤으며, 없었던 {extra}번을 세었습니다.",
    )


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


def _counting(clips: tuple[ClipFigures, ...]) -> list[HeadlineFigure]:
    if not clips:
        return []
    total = pooled(clips)
    tolerance = max(clip.tolerance_s for clip in clips)
    lines = [(clip, line) for clip in clips for line in clip.lines]
    error = HeadlineFigure(
        Card(
            Bilingual("Count error", "계수 오차"),
            percent(count_error(clips)),
            f"{total.predicted} counted, {total.true} true" + _worst_line(lines),
        ),
        tuple(
            Row(
                f"line {line.line_id}" + (f" ({clip.id})" if len(clips) > 1 else ""),
                ", ".join(f"{way} {each.predicted} of {each.true}" for way, each in line.by_direction.items()),
            )
            for clip, line in lines[:_LINES_AT_TERMINAL]
        ),
    )
    f1 = HeadlineFigure(
        Card(
            Bilingual(f"Event F1, ±{tolerance:g} s", f"사건 F1, ±{tolerance:g}초"),
            score(total.f1),
            f"precision {score(total.precision)}, recall {score(total.recall)}",
        ),
        (Row(f"event F1 (±{tolerance:g} s)", f"{score(total.f1)} ({total.matched} of {total.true} crossings right)"),),
    )
    return [f1, error]


def _worst_line(lines: list[tuple[ClipFigures, LineFigures]]) -> str:
    if len(lines) < 2:
        return ""
    worst = max((line for _, line in lines), key=lambda line: line.both.count_error)
    return f"; worst line {worst.line_id} {percent(worst.both.count_error)}"


def _visitors(clips: tuple[ClipFigures, ...]) -> list[HeadlineFigure]:
    judged = [clip.visitors for clip in clips if clip.visitors is not None]
    if not judged:
        return []
    counted, true = sum(each.counted for each in judged), sum(each.true for each in judged)
    where = "" if len(judged) == 1 else f" over {len(judged)} clips"
    return [
        HeadlineFigure(
            Card(
                Bilingual("Unique visitors", "순 방문객"),
                f"{counted} / {true}",
                f"counted / true{where} ({signed(counted - true)})",
            ),
            (Row("unique visitors", f"{counted} counted, {true} true{where}"),),
        )
    ]


def _detector(evaluation: EvaluationMetrics, limit_points: float) -> list[HeadlineFigure]:
    results = evaluation.detector
    if results is None:
        return []
    ships = results.shipped[results.shipped_precision]
    rows = [
        Row(
            "detector mAP50",
            _both({p: f.map50 for p, f in results.shipped.items()}, results.shipped_precision, limit_points),
        )
    ]
    detail, delta, good = f"ships as {results.shipped_precision}", "", None
    if "FP32" in results.shipped and "INT8" in results.shipped:
        change = change_in_points(results.shipped["FP32"].map50, results.shipped["INT8"].map50, limit_points)
        detail = _from_to(results.shipped["FP32"].map50, results.shipped["INT8"].map50)
        delta, good = change.text, change.harmless
    if results.baseline:
        base = results.baseline.get(results.shipped_precision) or next(iter(results.baseline.values()))
        gain = 100 * (ships.map50 - base.map50)
        rows.append(
            Row(f"{results.baseline_name} mAP50", f"{score(base.map50)} (this bundle {signed_points(gain)} points)")
        )
    card = Card(Bilingual("Detector mAP50", "검출기 mAP50"), score(ships.map50), detail, delta, good)
    return [HeadlineFigure(card, tuple(rows))]


def _reid(evaluation: EvaluationMetrics, limit_points: float) -> list[HeadlineFigure]:
    results = evaluation.reid
    if results is None:
        return []
    found = []
    for label, ko, attribute in (("mAP", "mAP", "mean_average_precision"), ("rank-1", "1순위 적중", "rank1")):
        values = {p: float(getattr(figures, attribute)) for p, figures in results.retrieval.items()}
        detail, delta, good = f"{results.persons} people never met", "", None
        if "FP32" in values and "INT8" in values:
            change = change_in_points(values["FP32"], values["INT8"], limit_points)
            detail, delta, good = _from_to(values["FP32"], values["INT8"]), change.text, change.harmless
        found.append(
            HeadlineFigure(
                Card(
                    Bilingual(f"Re-ID {label}", f"재식별 {ko}"),
                    score(values[results.shipped_precision]),
                    detail,
                    delta,
                    good,
                ),
                (Row(f"re-ID {label}", _both(values, results.shipped_precision, limit_points)),),
            )
        )
    return found


def _from_to(fp32: float, int8: float) -> str:
    return f"FP32 {score(fp32)} → INT8 {score(int8)}"


def _both(values: Mapping[Precision, float], ships: Precision, limit_points: float) -> str:
    if "FP32" not in values or "INT8" not in values:
        return f"{score(values[ships])} ({ships})"
    change = change_in_points(values["FP32"], values["INT8"], limit_points)
    return f"{score(values['FP32'])} FP32 -> {score(values['INT8'])} INT8 ({change.text}; ships {ships})"


def _threshold(evaluation: EvaluationMetrics, evidence: StageEvidence) -> list[HeadlineFigure]:
    threshold = shipped_threshold(evaluation.reid, evidence)
    if threshold is None:
        return []
    return [
        HeadlineFigure(
            Card(
                Bilingual("Similarity threshold", "유사도 임계값"),
                score(threshold.similarity),
                f"95 %: {span(threshold.ci95)}; {percent(threshold.true_match_rate)} true matches",
            ),
            (
                Row(
                    "similarity threshold",
                    f"{score(threshold.similarity)} (95 % {span(threshold.ci95)}); "
                    f"false matches {percent(threshold.false_match_rate, 2)}, "
                    f"true {percent(threshold.true_match_rate)}",
                ),
            ),
        )
    ]


def _speed(clips: tuple[ClipFigures, ...]) -> list[HeadlineFigure]:
    if not clips:
        return []
    slowest = min(clips, key=lambda clip: clip.fps)
    factor = f"{real_time_factor(slowest):.1f} × real time"
    which = f", slowest of {len(clips)} clips" if len(clips) > 1 else ""
    return [
        HeadlineFigure(
            Card(Bilingual("Speed", "속도"), f"{slowest.fps:.1f} fps", factor + which),
            (Row("speed", f"{slowest.fps:.1f} frames a second ({factor}{which})"),),
        )
    ]


def _bundle(evidence: StageEvidence) -> list[HeadlineFigure]:
    if evidence.bundle is None:
        return []
    size = sum(entry.bytes for entry in evidence.bundle.files)
    return [
        HeadlineFigure(
            Card(Bilingual("Bundle size", "번들 크기"), megabytes(size), f"{len(evidence.bundle.files)} files"),
            (Row("bundle", f"{evidence.bundle.version}, {megabytes(size)}"),),
        )
    ]
