"""How fast it counts, and where the time goes."""

from dongsun.eval.evaluation_metrics import ClipFigures
from dongsun.eval.report.blocks import Bilingual, Block, Section, Table
from dongsun.eval.report.charts import stage_times
from dongsun.eval.report.sections.missing import missing_note

_TITLE = Bilingual("Speed", "속도")
_LEAD = Bilingual(
    "How fast the runtime counts a recording on the machine that evaluated, and where the time goes. Above one times "
    "real time a live camera can be followed.",
    "평가한 기계에서 녹화를 세는 속도와 단계별 시간입니다. 실시간의 1배를 넘으면 실시간 카메라를 따라갈 수 있습니다.",
)
_NOT_COUNTING = "annotate"
"""Only an evaluation draws boxes; a station does not spend this time."""


def speed_section(clips: tuple[ClipFigures, ...]) -> Section:
    """Frames a second and stage times of every clip."""
    if not clips:
        note = missing_note(Bilingual("speed: no clip was replayed", "속도: 다시 돌린 영상이 없음"), "evaluate")
        return Section("speed", _TITLE, _LEAD, (note,))
    blocks: list[Block] = [
        Table(
            Bilingual("Counting alone, without annotation.", "주석 없이 계수만 했을 때."),
            ("clip", "frames", "length, s", "frames a second", "× real time", "ms a frame"),
            tuple(
                (
                    clip.id,
                    f"{clip.frames:,}",
                    f"{clip.seconds:.1f}",
                    f"{clip.fps:.1f}",
                    f"{real_time_factor(clip):.1f}",
                    f"{1000 / clip.fps:.1f}" if clip.fps else "–",
                )
                for clip in clips
            ),
            frozenset(range(1, 6)),
        )
    ]
    blocks += [
        stage_times(times, f"mean milliseconds a frame, {clip.id}") for clip in clips if (times := _counting(clip))
    ]
    return Section("speed", _TITLE, _LEAD, tuple(blocks))


def _counting(clip: ClipFigures) -> dict[str, float]:
    return {stage: milliseconds for stage, milliseconds in clip.stage_ms.items() if stage != _NOT_COUNTING}


def real_time_factor(clip: ClipFigures) -> float:
    """Seconds of recording counted in one second; 0 for an empty recording."""
    return clip.fps * clip.seconds / clip.frames if clip.frames else 0.0
