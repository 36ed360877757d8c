"""Evidence → the page, in the order in which a person reads."""

from collections.abc import Mapping
from datetime import UTC, datetime

from dongsun.eval.evaluation_metrics import EvaluationMetrics
from dongsun.eval.report.blocks import Bilingual, Note, Page, Picture
from dongsun.eval.report.evidence import StageEvidence
from dongsun.eval.report.headline import HeadlineFigure, shipped_replays, verdict
from dongsun.eval.report.replays import Replay
from dongsun.eval.report.sections.augmentation import augmentation_section
from dongsun.eval.report.sections.counting import counting_section
from dongsun.eval.report.sections.data import data_section
from dongsun.eval.report.sections.detector import detector_section
from dongsun.eval.report.sections.provenance import provenance_section
from dongsun.eval.report.sections.quantisation import quantisation_section
from dongsun.eval.report.sections.reid import reid_section
from dongsun.eval.report.sections.speed import speed_section
from dongsun.eval.report.sections.threshold import threshold_section
from dongsun.eval.report.training_pictures import TrainingPictures


def compose_page(
    evaluation: EvaluationMetrics,
    evidence: StageEvidence,
    replays: tuple[Replay, ...],
    plots: Mapping[str, str],
    figures: tuple[HeadlineFigure, ...],
    training_pictures: TrainingPictures,
    written_at_utc: datetime,
) -> Page:
    """Puts the page together; nothing is read here."""
    sections = (
        counting_section(replays),
        threshold_section(evidence, evaluation.reid, plots),
        detector_section(evaluation.detector, evidence.detector),
        reid_section(evaluation.reid, evidence.reid),
        quantisation_section(evidence),
        data_section(evidence),
        augmentation_section(evidence, show_people=training_pictures.shown),
        speed_section(shipped_replays(evaluation)),
        provenance_section(evidence, evaluation.store_id),
    )
    return Page(
        store_id=evaluation.store_id,
        synthetic=evaluation.footage == "synthetic",
        facts=(
            ("Bundle", evaluation.bundle_version),
            ("Written", f"{written_at_utc.astimezone(UTC):%Y-%m-%d %H:%M} UTC"),
            *_commit(evidence),
        ),
        verdict=verdict(evaluation),
        hero=_hero(replays),
        cards=tuple(figure.card for figure in figures),
        sections=sections,
        warnings=_warnings(evaluation, evidence, training_pictures),
    )


def _commit(evidence: StageEvidence) -> tuple[tuple[str, str], ...]:
    return () if evidence.bundle is None else (("Commit", evidence.bundle.provenance.git_commit[:12]),)


def _hero(replays: tuple[Replay, ...]) -> Picture | None:
    for replay in replays:
        if replay.pictures:
            return Picture(
                data_uri=replay.pictures[len(replay.pictures) // 2],
                alt=f"Annotated, anonymised frame of {replay.figures.id}",
                caption=Bilingual(
                    f"{replay.figures.id}: as the station saw it, blurred before anything was written.",
                    "단말이 본 화면. 저장 전에 흐리게 처리했습니다.",
                ),
            )
    return None


def _warnings(
    evaluation: EvaluationMetrics, evidence: StageEvidence, training_pictures: TrainingPictures
) -> tuple[Note, ...]:
    notes = []
    if evaluation.footage == "synthetic":
        notes.append(
            Note(
                Bilingual(
                    "Synthetic: every figure here was measured on a rendered store. It shows that the road works, "
                    "not how well real CCTV is counted.",
                    "합성: 모든 수치는 렌더링한 매장에서 잰 것입니다. "
                    "전 과정이 작동함을 보일 뿐, 실제 CCTV 성능이 아닙니다.",
                ),
                tone="warning",
            )
        )
    if training_pictures.risky:
        notes.append(
            Note(
                Bilingual(
                    "This page holds raw training pictures in which people can be recognised. Do not pass it on.",
                    "이 문서에는 사람을 알아볼 수 있는 학습 원본 사진이 있습니다. 전달하지 마십시오.",
                ),
                tone="warning",
            )
        )
    if evidence.bundle is not None and evidence.bundle.version != evaluation.bundle_version:
        notes.append(
            Note(
                Bilingual(
                    f"The evaluation is of bundle {evaluation.bundle_version}, but the store's bundle is now "
                    f"{evidence.bundle.version}: run `dongsun evaluate` again.",
                    f"평가한 번들은 {evaluation.bundle_version}이지만 지금 번들은 {evidence.bundle.version}입니다. "
                    "`dongsun evaluate`를 다시 실행하세요.",
                ),
                tone="warning",
            )
        )
    return tuple(notes)
