"""The model card: what the bundle's models are, from what, how good, where they fail, under which licence."""

from collections.abc import Mapping
from dataclasses import dataclass

from dongsun.contract.bundle import DetectorSpec, Provenance, ReidSpec
from dongsun.contract.detections import BoxExtent
from dongsun.export.card_precisions import precisions_part


@dataclass(frozen=True)
class CardFacts:
    """What the card tells beyond the manifest.

    Attributes:
        store_id: The store.
        detector: Its detector.
        detector_architecture: Such as `yolo26n`.
        detector_trained_from: `scratch` or a checkpoint's file name.
        zero_shot: The detector was never trained on this store.
        reid: The re-ID model or None.
        reid_origin: Where it came from.
        metrics: Of the exported models.
        notes: Remarks of the exports.
        provenance: Commit, data, run, packages.
    """

    store_id: str
    detector: DetectorSpec
    detector_architecture: str
    detector_trained_from: str
    zero_shot: bool
    reid: ReidSpec | None
    reid_origin: str
    metrics: Mapping[str, float]
    notes: tuple[str, ...]
    provenance: Provenance


def model_card(facts: CardFacts, version: str) -> str:
    """The card as Markdown."""
    parts = [
        f"# 모델 카드 · Model card: `{facts.store_id}` {version}\n",
        "매장 CCTV에서 방문객 수와 동선을 세기 위한 모델 묶음입니다. 사람의 신원을 밝히는 데 쓰지 마십시오.\n\n"
        "Models that count a store's visitors and follow their paths within one business day. Not for establishing "
        "who anybody is.\n",
        _detector_part(facts),
        _reid_part(facts),
        _metrics_part(facts),
        _limits_part(facts),
        _provenance_part(facts.provenance),
    ]
    return "\n".join(parts)


_EXTENT_WORDS: dict[BoxExtent, str] = {
    "visible": "what can be seen of people; counting infers hidden feet",
    "whole_body": "whole bodies, hidden parts too; counting takes a box's bottom for the feet",
}


def _detector_part(facts: CardFacts) -> str:
    spec = facts.detector
    training = (
        "zero-shot: it was not trained on pictures of this store" if facts.zero_shot else "trained for this store"
    )
    return (
        "## 검출 · Detector\n\n"
        f"- {facts.detector_architecture}, {training}, started from {facts.detector_trained_from}\n"
        f"- input {spec.input.height_px}x{spec.input.width_px}, {spec.input.channels}, {spec.input.resize}; "
        f"output `{spec.output}`\n"
        f"- boxes go around {_EXTENT_WORDS[spec.box_extent]}\n"
        f"- class `{spec.class_names[spec.person_class]}` of {len(spec.class_names)}; shown from a score of "
        f"{spec.score_threshold}\n"
        f"- ships {spec.shipped_precision}; in the bundle: {', '.join(spec.files)}\n"
    )


def _reid_part(facts: CardFacts) -> str:
    if facts.reid is None:
        return "## 재식별 · Re-identification\n\nNone: visitors are counted, not recognised again.\n"
    spec = facts.reid
    rows = "".join(
        f"| {precision} | {t.similarity:.4f} | {t.ci95[0]:.4f} to {t.ci95[1]:.4f} | {t.false_match_rate:.2%} | "
        f"{t.true_match_rate:.1%} | {t.genuine_pairs:,} / {t.impostor_pairs:,} | {t.persons} |\n"
        for precision, t in spec.thresholds.items()
    )
    return (
        "## 재식별 · Re-identification\n\n"
        f"- {facts.reid_origin}; {spec.embedding_size} numbers an embedding; input "
        f"{spec.input.height_px}x{spec.input.width_px}\n"
        f"- ships {spec.shipped_precision}; in the bundle: {', '.join(spec.files)}\n\n"
        "Thresholds, each tuned on its own precision with people of the validation split, whom nobody trained on:\n\n"
        "| precision | same person from | 95 % interval | false matches | true matches | pairs same / different | "
        "people |\n|---|---|---|---|---|---|---|\n"
        + rows
        + "\n"
        + _identification(spec)
        + precisions_part(facts.metrics)
    )


def _identification(spec: ReidSpec) -> str:
    """What the shipped threshold does to people in front of a gallery; empty where too few people could tell."""
    rates = spec.thresholds[spec.shipped_precision].identification
    if rates is None:
        return ""
    low, high = rates.false_positive_ci95
    drawn = "" if rates.method == "empirical" else f", extrapolated from a gallery of {rates.measured_gallery_size}"
    return (
        f"Against {rates.gallery_size} visitors already known{drawn}: of people who aren't among them "
        f"{rates.false_positive_rate:.1%} ({low:.1%} to {high:.1%}) are taken for one, and of those who are "
        f"{rates.miss_rate:.1%} aren't found ({rates.probes:,} appearances of {rates.persons} people).\n\n"
    )


def _metrics_part(facts: CardFacts) -> str:
    rows = "".join(f"| {name} | {value:.4g} |\n" for name, value in sorted(facts.metrics.items()))
    notes = "".join(f"- {note}\n" for note in facts.notes)
    return (
        "## 측정값 · Figures\n\nMeasured on the exported files through the station's own runtime (`torch` marks "
        "PyTorch for comparison; milliseconds are of the exporting machine).\n\n"
        f"{notes}\n| figure | value |\n|---|---|\n{rows}"
    )


def _limits_part(facts: CardFacts) -> str:
    lines = [
        "Trained and judged on this store's cameras: another angle, lens or light is outside what was measured.",
        "People much smaller than those labelled, or mostly hidden, are missed.",
        "Two people in like clothes can be taken for one; the false-match rate above says how often.",
        "The self-test's pictures are drawings: passing says that a station computes alike, not that it counts well.",
    ]
    if facts.zero_shot:
        lines[0] = "The detector never saw this store: accept it on site by counting a recorded clip."
    if facts.reid is None:
        del lines[2]
    return (
        "## 한계와 용도 · Limits and use\n\n"
        + "".join(f"- {line}\n" for line in lines)
        + "- Intended: anonymous counts, dwell and occupancy. Not intended: identification, watching of employees, "
        "decisions about a person.\n"
        "- Licences: code and ultralytics-derived detectors AGPL-3.0-or-later; weights given from outside keep their "
        "owners' licences.\n"
    )


def _provenance_part(provenance: Provenance) -> str:
    packages = ", ".join(f"{name} {number}" for name, number in provenance.packages.items())
    state = " with uncommitted changes" if provenance.git_dirty else ""
    hashes = "".join(f"- `{path}` {digest}\n" for path, digest in provenance.dvc_hashes.items())
    return (
        "## 출처 · Provenance\n\n"
        f"- commit {provenance.git_commit}{state}\n- MLflow run {provenance.mlflow_run_id or 'none'}\n"
        f"- {packages}\n{hashes}"
    )
