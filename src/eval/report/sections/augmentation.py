"""What training pictures looked like after augmentation."""

from dongsun.eval.report.blocks import Bilingual, Block, Note, Picture, Section
from dongsun.eval.report.evidence import StageEvidence
from dongsun.eval.report.pictures import shrunk_uri
from dongsun.eval.report.sections.missing import missing_note

_TITLE = Bilingual("Augmentation", "증강")
_LEAD = Bilingual(
    "How training pictures were altered to resemble bad CCTV. Check that a person can still be recognised as one: what "
    "you cannot see, the model should not have to.",
    "나쁜 CCTV 화질을 닮도록 학습 사진을 바꾼 모습입니다. 사람이 보아도 알아볼 수 있는 정도인지 확인하세요.",
)
_SHEET_WIDTH_PX = 1400
_SHEETS = (
    ("detector", Bilingual("detector frames", "검출기 학습 프레임")),
    ("reid", Bilingual("re-ID crops", "재식별 학습 사진")),
)


def augmentation_section(evidence: StageEvidence, *, show_people: bool) -> Section:
    """The contact sheets, where the people on them may be shown.

    Args:
        evidence: Of the training stages.
        show_people: The sheets hold nobody real, or somebody decided to show them.
    """
    if not show_people:
        return Section("augmentation", _TITLE, _LEAD, (_withheld(),))
    blocks: list[Block] = []
    for part, name in _SHEETS:
        training = evidence.detector if part == "detector" else evidence.reid
        if training is None or training.augment_sheet is None:
            blocks.append(
                missing_note(Bilingual(f"the contact sheet of {name.en}", f"{name.ko} 표본"), f"train-{part}")
            )
            continue
        blocks.append(
            Picture(
                data_uri=shrunk_uri(training.augment_sheet, _SHEET_WIDTH_PX, f"augment_sheet.png of {part}"),
                alt=f"Contact sheet of augmented {name.en}",
                caption=Bilingual(
                    f"{name.en[0].upper()}{name.en[1:]}: the picture itself first, then what augmentation made of it.",
                    f"{name.ko}: 원본과 증강 결과.",
                ),
            )
        )
    return Section("augmentation", _TITLE, _LEAD, tuple(blocks))


def _withheld() -> Note:
    return Note(
        Bilingual(
            "Training pictures of a real store show people who can be recognised, so they are left out of this page.",
            "실제 매장의 학습 사진에는 알아볼 수 있는 사람이 나오므로 이 문서에서 뺐습니다.",
        ),
        tone="missing",
    )
