"""What making the models small cost."""

import re
from collections.abc import Mapping

from dongsun.eval.report.blocks import Bilingual, Block, Fold, Section, Table
from dongsun.eval.report.evidence import Flat, StageEvidence
from dongsun.eval.report.numbers import megabytes, score, signed_points
from dongsun.eval.report.sections.missing import missing_note

_TITLE = Bilingual("Quantisation", "양자화")
_LEAD = Bilingual(
    "What it cost to turn the models into 8-bit ones: the closer INT8 stands to FP32 the better, at a smaller size and "
    "less time.",
    "모델을 8비트로 줄이며 잃은 것을 보여 줍니다. 더 작고 빠르면서 INT8이 FP32에 가까울수록 좋습니다.",
)
_FORMS = ("torch", "onnx", "fp32", "int8")
_FORM_NAMES = {"torch": "PyTorch", "onnx": "ONNX", "fp32": "OpenVINO FP32", "int8": "OpenVINO INT8"}
_MODEL_NAMES = {"detector": "Detector", "reid": "Re-ID"}
_TASK_METRIC = re.compile(
    r"^(?P<model>detector|reid)_(?P<split>[a-z]+)_(?P<what>(agreement_)?(map50_95|map50|map))_(?P<form>torch|fp32|int8)$"
)
_PARITY = {
    "score_difference": "largest score difference",
    "matched": "boxes found again",
    "mean_iou": "mean IoU of those",
    "mean_cosine": "mean cosine",
    "lowest_cosine": "lowest cosine",
    "batch_gap": "batch 8 against batch 1",
}
_WHAT = {"map50": "mAP50", "map50_95": "mAP50-95", "map": "mAP"}


def quantisation_section(evidence: StageEvidence) -> Section:
    """Task metric by form, sizes and times, numeric parity."""
    blocks: list[Block] = []
    if evidence.export is None:
        blocks.append(missing_note(Bilingual("parity, sizes and times", "일치도·크기·시간"), "export"))
    else:
        blocks += [*_task_tables(evidence.export), *_size_and_time(evidence), *_parity_tables(evidence.export)]
        blocks.append(_everything(evidence.export))
    return Section("quantisation", _TITLE, _LEAD, tuple(blocks))


def _task_tables(export: Flat) -> list[Table]:
    found: dict[tuple[str, str], dict[str, float]] = {}
    for name, value in export.items():
        if match := _TASK_METRIC.match(name):
            what = match["what"].removeprefix("agreement_")
            agreement = " (agreement with FP32)" if match["what"].startswith("agreement_") else ""
            key = (_MODEL_NAMES[match["model"]], f"{match['split']} {_WHAT[what]}{agreement}")
            found.setdefault(key, {})[match["form"]] = value
    if not found:
        return []
    return [
        Table(
            Bilingual(
                "Task metric of each form on the same pictures, through the station's own runtime.",
                "같은 사진으로, 단말의 실행 코드로 잰 형식별 성능.",
            ),
            ("model", "metric", "PyTorch", "FP32", "INT8", "INT8 − FP32, points"),
            tuple((*key, *_cells(values)) for key, values in found.items()),
            frozenset({2, 3, 4, 5}),
        )
    ]


def _cells(values: Mapping[str, float]) -> tuple[str, ...]:
    both = "fp32" in values and "int8" in values
    return (
        *(score(values[form]) if form in values else "–" for form in ("torch", "fp32", "int8")),
        signed_points(100 * (values["int8"] - values["fp32"])) if both else "–",
    )


def _size_and_time(evidence: StageEvidence) -> list[Table]:
    export = evidence.export or {}
    rows = []
    for model, label in _MODEL_NAMES.items():
        for form in ("fp32", "int8"):
            times = [export.get(f"{model}_{form}_ms_{batch}") for batch in ("batch1", "batch8")]
            size = model_bytes(evidence, model, form.upper())
            if size is None and times == [None, None]:
                continue
            rows.append(
                (
                    f"{label} {form.upper()}",
                    "–" if size is None else megabytes(size),
                    *("–" if time is None else f"{time:.2f}" for time in times),
                )
            )
    if not rows:
        return []
    return [
        Table(
            Bilingual(
                "Size on disk and median time of one inference on the machine that exported.",
                "디스크 크기와, 내보낸 기계에서 잰 추론 한 번의 중앙값 시간.",
            ),
            ("model", "size", "ms, batch 1", "ms, batch 8"),
            tuple(rows),
            frozenset({1, 2, 3}),
        )
    ]


def model_bytes(evidence: StageEvidence, model: str, precision: str) -> int | None:
    """Bytes of one model's files (`.xml` and `.bin`) in the bundle."""
    if evidence.bundle is None:
        return None
    spec = evidence.bundle.detector if model == "detector" else evidence.bundle.reid
    path = None if spec is None else {str(name): file for name, file in spec.files.items()}.get(precision)
    if path is None:
        return None
    stem = path.removesuffix(".xml")
    return sum(entry.bytes for entry in evidence.bundle.files if entry.path in (path, f"{stem}.bin"))


def _parity_tables(export: Flat) -> list[Table]:
    return [
        table for model, label in _MODEL_NAMES.items() if (table := _parity_table(export, model, label)) is not None
    ]


def _parity_table(export: Flat, model: str, label: str) -> Table | None:
    measures = [key for key in _PARITY if any(f"{model}_{form}_{key}" in export for form in _FORMS)]
    rows = []
    for form in _FORMS:
        values = [export.get(f"{model}_{form}_{key}") for key in measures]
        if any(value is not None for value in values):
            rows.append((_FORM_NAMES[form], *("–" if value is None else _precise(value) for value in values)))
    if not rows:
        return None
    return Table(
        Bilingual(
            f"{label}: outputs against PyTorch's on the same inputs.",
            f"{label}: 같은 입력에서 PyTorch 출력과의 일치도.",
        ),
        ("form", *(_PARITY[key] for key in measures)),
        tuple(rows),
        frozenset(range(1, len(measures) + 1)),
    )


def _precise(value: float) -> str:
    return f"{value:.2g}" if abs(value) < 0.01 else f"{value:.4f}"


def _everything(export: Flat) -> Fold:
    return Fold(
        Bilingual("Every figure of the export", "내보내기 수치 전체"),
        (
            Table(
                Bilingual("As written by `dongsun export`.", "`dongsun export`가 쓴 그대로."),
                ("figure", "value"),
                tuple((name, f"{value:.6g}") for name, value in export.items()),
                frozenset({1}),
            ),
        ),
    )
