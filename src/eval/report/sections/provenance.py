"""Where all of it came from, and how to make it again."""

from dongsun.eval.report.blocks import Bilingual, Block, Commands, Facts, Fold, Note, Section, Table
from dongsun.eval.report.evidence import StageEvidence
from dongsun.eval.report.numbers import megabytes
from dongsun.eval.report.sections.missing import missing_note

_TITLE = Bilingual("Provenance", "출처와 재현")
_LEAD = Bilingual(
    "Where every figure came from and the commands that make them again; equal hashes mean equal inputs.",
    "모든 수치의 출처와 다시 만드는 명령입니다. 해시가 같으면 입력이 같습니다.",
)


def provenance_section(evidence: StageEvidence, store_id: str) -> Section:
    """Commit, hashes, run, packages, model card, commands."""
    blocks: list[Block] = []
    bundle = evidence.bundle
    if bundle is None:
        blocks.append(missing_note(Bilingual("the bundle and its provenance", "번들과 그 출처"), "export"))
    else:
        provenance = bundle.provenance
        if provenance.git_dirty:
            blocks.append(
                Note(
                    Bilingual(
                        "The bundle was made from files that differ from the commit: it can't be made again exactly.",
                        "커밋되지 않은 변경이 있는 상태에서 만든 번들이므로 정확히 재현할 수 없습니다.",
                    ),
                    tone="warning",
                )
            )
        blocks += [
            Facts(
                (
                    ("commit", provenance.git_commit + (" (changed)" if provenance.git_dirty else "")),
                    ("MLflow run", provenance.mlflow_run_id or "none: exported without tracking"),
                    ("bundle", f"{bundle.version}, schema {bundle.schema_version}"),
                    ("created", f"{bundle.created_at_utc:%Y-%m-%d %H:%M} UTC"),
                )
            ),
            Table(
                Bilingual("Packages that made the models.", "모델을 만든 패키지."),
                ("package", "version"),
                tuple(sorted(provenance.packages.items())),
            ),
            _hashes(provenance.dvc_hashes),
            Fold(
                Bilingual("Files of the bundle with their SHA-256", "번들 파일과 SHA-256"),
                (
                    Table(
                        Bilingual(
                            "A station refuses a bundle in which any of these differs.",
                            "하나라도 다르면 단말은 번들을 거부합니다.",
                        ),
                        ("file", "size", "sha256"),
                        tuple((entry.path, megabytes(entry.bytes), entry.sha256) for entry in bundle.files),
                        frozenset({1}),
                    ),
                ),
            ),
        ]
    if evidence.model_card:
        blocks.append(
            Fold(
                Bilingual("The bundle's model card", "번들의 모델 카드"),
                text=evidence.model_card,
            )
        )
    blocks.append(
        Commands(
            (f"dvc repro report@{store_id}", f"dongsun evaluate store={store_id}", f"dongsun report store={store_id}")
        )
    )
    return Section("provenance", _TITLE, _LEAD, tuple(blocks))


def _hashes(hashes: dict[str, str]) -> Block:
    if not hashes:
        return Note(
            Bilingual(
                "No DVC hashes: the bundle was exported outside `dvc repro`.",
                "DVC 해시가 없습니다. `dvc repro` 밖에서 내보낸 번들입니다.",
            ),
            tone="missing",
        )
    return Fold(
        Bilingual("DVC hashes of the inputs", "입력의 DVC 해시"),
        (
            Table(
                Bilingual("Path and hash of every tracked input and output.", "추적하는 입력과 출력의 경로와 해시."),
                ("path", "hash"),
                tuple(sorted(hashes.items())),
            ),
        ),
    )
