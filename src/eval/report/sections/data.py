"""What the models were trained on."""

from collections.abc import Mapping

from dongsun.eval.report.blocks import Bilingual, Block, Note, Section, Table
from dongsun.eval.report.charts import Stratum, kept_per_stratum
from dongsun.eval.report.evidence import IngestReport, ManifestCounts, StageEvidence
from dongsun.eval.report.sections.missing import missing_note

_TITLE = Bilingual("Data", "데이터")
_LEAD = Bilingual(
    "What came in, what could not be used, and what systematic sampling kept for training. Test people occur in no "
    "other split.",
    "무엇이 들어왔고, 무엇을 쓸 수 없었으며, 계통추출이 학습용으로 무엇을 남겼는지 보여 줍니다. "
    "시험에 쓰인 사람은 다른 분할에 없습니다.",
)
_STRATA = {"detector": "detector: camera × sequence", "reid": "re-ID: person × camera × sequence"}


def data_section(evidence: StageEvidence) -> Section:
    """Counts of ingest, its problems, and sampling per stratum."""
    blocks: list[Block] = []
    if evidence.ingest is None:
        blocks.append(missing_note(Bilingual("counts of what was read", "입력 데이터 집계"), "ingest"))
    else:
        blocks += _ingest_blocks(evidence.ingest)
    if evidence.sampling:
        blocks += _sampling_blocks(evidence.sampling)
    else:
        blocks.append(missing_note(Bilingual("what sampling kept", "계통추출 결과"), "sample"))
    return Section("data", _TITLE, _LEAD, tuple(blocks))


def _ingest_blocks(ingest: IngestReport) -> list[Block]:
    parts = [("detector frames", ingest.detector), ("re-ID crops", ingest.reid)]
    splits = list(dict.fromkeys(split for _, part in parts if part for split in part.images))
    rows = [row for name, part in parts if part for row in _count_rows(name, part, splits)]
    blocks: list[Block] = [
        Table(
            caption=Bilingual(f"Read from the source “{ingest.source}”.", f"원본 “{ingest.source}”에서 읽은 것."),
            columns=("", *splits, "total"),
            rows=tuple(rows),
            numeric=frozenset(range(1, len(splits) + 2)),
        )
    ]
    if ingest.problems:
        blocks.append(
            _kinds(
                ingest.problems,
                Bilingual(
                    "Problems found; data/interim/…/problems.csv lists every one.",
                    "발견된 문제. problems.csv에 모두 적혀 있습니다.",
                ),
            )
        )
    else:
        blocks.append(
            Note(
                Bilingual(
                    "No problem was found: every file was readable and fits its label.",
                    "문제가 없었습니다. 모든 파일을 읽을 수 있었고 라벨과 맞았습니다.",
                )
            )
        )
    if ingest.left_out_on_purpose:
        blocks.append(
            _kinds(
                ingest.left_out_on_purpose,
                Bilingual("Left out on purpose, by the settings.", "설정에 따라 일부러 뺀 것."),
            )
        )
    return blocks


def _count_rows(name: str, part: ManifestCounts, splits: list[str]) -> list[tuple[str, ...]]:
    counted = [(f"{name}: images", part.images)]
    if part.persons:
        counted.append((f"{name}: persons", part.persons))
    return [
        (label, *(f"{counts.get(split, 0):,}" for split in splits), f"{sum(counts.values()):,}")
        for label, counts in counted
    ]


def _kinds(counts: Mapping[str, int], caption: Bilingual) -> Table:
    return Table(
        caption=caption,
        columns=("kind", "count"),
        rows=tuple((kind.replace("_", " "), f"{count:,}") for kind, count in counts.items()),
        numeric=frozenset({1}),
        wide=False,
    )


def _sampling_blocks(sampling: Mapping[str, tuple[Stratum, ...]]) -> list[Block]:
    shown = {part: strata for part, strata in sampling.items() if strata}
    return [kept_per_stratum(strata, _STRATA.get(part, part), wide=len(shown) == 1) for part, strata in shown.items()]
