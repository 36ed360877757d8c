"""Who was counted, against who truly crossed."""

from pathlib import Path

from dongsun.contract.observations import Direction
from dongsun.eval.evaluation_metrics import ClipFigures, EventFigures, LineFigures
from dongsun.eval.report.blocks import Bilingual, Block, Note, Section, Strip, Table
from dongsun.eval.report.charts import timeline
from dongsun.eval.report.numbers import MINUS, percent, score, signed
from dongsun.eval.report.replays import Replay
from dongsun.eval.report.sections.missing import missing_note

_TITLE = Bilingual("Counting", "계수")
_LEAD = Bilingual(
    "Recorded clips replayed through the very bundle and runtime that a station runs, crossing by crossing against the "
    "truth. A count is right only if it has the right line, the right direction and the right second.",
    "녹화 영상을 단말과 똑같은 번들과 실행 코드로 다시 돌려, 선을 넘은 일을 하나씩 정답과 맞춘 결과입니다. "
    "선과 방향과 시각이 모두 맞아야 맞게 센 것입니다.",
)
_FOOTAGE = {"synthetic": "synthetic / 합성", "real": "real footage / 실제 영상"}


def counting_section(replays: tuple[Replay, ...]) -> Section:
    """Per clip: lines, the timeline, annotated pictures, zones, visitors."""
    blocks: list[Block] = []
    if not replays:
        blocks.append(
            missing_note(Bilingual("counting: no clip was replayed", "계수: 다시 돌린 영상이 없음"), "evaluate")
        )
    for replay in replays:
        blocks += _clip_blocks(replay)
    return Section("counting", _TITLE, _LEAD, tuple(blocks))


def _clip_blocks(replay: Replay) -> list[Block]:
    clip = replay.figures
    blocks: list[Block] = [_line_table(clip)]
    if replay.lanes:
        blocks.append(timeline(replay.lanes, replay.shown_s))
    else:
        blocks.append(missing_note(Bilingual(f"the timeline of {clip.id}", f"{clip.id}의 시간표"), "evaluate"))
    if replay.pictures:
        blocks.append(_pictures(replay))
    else:
        blocks.append(missing_note(Bilingual(f"annotated pictures of {clip.id}", f"{clip.id}의 주석 화면"), "evaluate"))
    if clip.zones:
        blocks.append(_zone_table(clip))
    else:
        blocks.append(_no_zones(clip))
    blocks.append(_visitors(clip))
    if replay.others:
        blocks.append(_precision_table(replay))
    return blocks


def _line_table(clip: ClipFigures) -> Table:
    judged = ""
    if clip.judged_s is not None:
        judged = f", judged from {clip.judged_s[0]:.1f} s to {clip.judged_s[1]:.1f} s"
    rows = [row for line in clip.lines for row in _line_rows(line)]
    if len(clip.lines) > 1:
        rows.append(("all lines", "both", *_event_cells(clip.total), "–"))
    return Table(
        Bilingual(
            f"{clip.id} ({_FOOTAGE[clip.footage]}): {clip.source}, camera {clip.camera_id}, {clip.seconds:.1f} s"
            f"{judged}; a match lies within ±{clip.tolerance_s:g} s. Precision: {_precisions(clip)}.",
            f"{clip.id}: ±{clip.tolerance_s:g}초 안에 맞으면 맞게 센 것으로 봅니다.",
        ),
        (
            "line",
            "direction",
            "true",
            "counted",
            "right",
            "missed",
            "extra",
            "precision",
            "recall",
            "F1",
            "count error",
            "mean delay, s",
        ),
        tuple(rows),
        frozenset(range(2, 12)),
    )


def _precision_table(replay: Replay) -> Table:
    clips = (replay.figures, *replay.others)
    return Table(
        Bilingual(
            f"{replay.figures.id} counted again in other precisions: the first row ships.",
            f"{replay.figures.id}을 다른 정밀도로 다시 센 결과. 첫 줄이 배포본입니다.",
        ),
        ("models", "true", "counted", "right", "missed", "extra", "precision", "recall", "F1", "count error", "fps"),
        tuple((_precisions(clip), *_event_cells(clip.total), f"{clip.fps:.1f}") for clip in clips),
        frozenset(range(1, 11)),
    )


def _line_rows(line: LineFigures) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [
        (line.line_id, direction, *_event_cells(events), _delay(line, direction))
        for direction, events in line.by_direction.items()
    ]
    return [*rows, (line.line_id, "both", *_event_cells(line.both), "–")]


def _delay(line: LineFigures, direction: Direction) -> str:
    if not line.by_direction[direction].matched:
        return "–"
    return f"{line.mean_offset_s[direction]:+.2f}".replace("-", MINUS)


def _event_cells(events: EventFigures) -> tuple[str, ...]:
    return (
        str(events.true),
        str(events.predicted),
        str(events.matched),
        str(events.true - events.matched),
        str(events.predicted - events.matched),
        score(events.precision),
        score(events.recall),
        score(events.f1),
        f"{percent(events.count_error)} ({signed(events.predicted - events.true)})",
    )


def _precisions(clip: ClipFigures) -> str:
    reid = f", re-ID {clip.reid_precision}" if clip.reid_precision else ", no re-ID"
    return f"detector {clip.detector_precision}{reid}"


def _pictures(replay: Replay) -> Strip:
    return Strip(
        Bilingual(
            "Frames of the annotated replay: boxes are tracked visitors, lines are what is counted. Faces, or whole "
            "people where no face is found, were blurred before anything was written.",
            "주석을 단 화면: 상자는 추적한 방문객, 선은 계수선입니다. "
            "얼굴은(찾지 못하면 몸 전체를) 저장 전에 흐리게 했습니다.",
        ),
        replay.pictures,
        tuple(f"{replay.figures.id}, {Path(name).stem.replace('_', ' ')}" for name in replay.figures.pictures),
    )


def _zone_table(clip: ClipFigures) -> Table:
    return Table(
        Bilingual(
            f"{clip.id}: visits to zones and how long they lasted. Person-seconds are what a heat map shows.",
            f"{clip.id}: 구역 방문과 체류 시간. 인·초는 히트맵에 나타나는 값입니다.",
        ),
        ("zone", "true visits", "counted", "right", "F1", "mean dwell error, s", "true person-s", "measured person-s"),
        tuple(
            (
                zone.zone_id,
                str(zone.true),
                str(zone.predicted),
                str(zone.matched),
                score(zone.f1),
                "–" if zone.dwell_error_s is None else f"{zone.dwell_error_s:.2f}",
                f"{zone.true_person_s:.1f}",
                f"{zone.predicted_person_s:.1f}",
            )
            for zone in clip.zones
        ),
        frozenset(range(1, 8)),
    )


def _no_zones(clip: ClipFigures) -> Note:
    return Note(
        Bilingual(
            f"{clip.id}: no zone was judged (none in the store file, or no truth of visits).",
            f"{clip.id}: 평가한 구역이 없습니다(매장 파일에 구역이 없거나 방문 정답이 없음).",
        ),
        tone="missing",
    )


def _visitors(clip: ClipFigures) -> Note:
    if clip.visitors is None:
        return Note(
            Bilingual(
                f"{clip.id}: unique visitors were not judged (no truth of who is who).",
                f"{clip.id}: 순 방문객 수는 평가하지 않았습니다(사람 정답이 없음).",
            ),
            tone="missing",
        )
    counted, true = clip.visitors.counted, clip.visitors.true
    tracked, tracked_ko = "", ""
    if clip.tracking is not None:
        tracked = f" Tracks keep their person with an IDF1 of {score(clip.tracking.idf1)}."
        tracked_ko = f" 추적 IDF1은 {score(clip.tracking.idf1)}입니다."
    return Note(
        Bilingual(
            f"{clip.id}: {counted} unique visitors counted, {true} truly seen by the camera "
            f"({signed(counted - true)}, {percent(clip.visitors.count_error)} off).{tracked}",
            f"{clip.id}: 순 방문객을 {counted}명으로 세었고 실제로는 {true}명이었습니다"
            f"({signed(counted - true)}, 오차 {percent(clip.visitors.count_error)}).{tracked_ko}",
        )
    )
