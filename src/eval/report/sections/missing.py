"""How the page says that something is not there."""

from dongsun.eval.report.blocks import Bilingual, Note


def missing_note(what: Bilingual, stage: str) -> Note:
    """Says that a part is absent and which stage would make it."""
    return Note(
        Bilingual(
            f"Left out: {what.en}. `dongsun {stage}` writes it; it was not there when this page was made.",
            f"빠진 부분: {what.ko}. `dongsun {stage}` 단계가 만들며, 이 문서를 만들 때는 없었습니다.",
        ),
        tone="missing",
    )
