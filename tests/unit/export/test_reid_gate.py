"""What a quantised re-ID model may lose, and what a refusal leaves behind."""

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dongsun.contract.bundle import Precision
from dongsun.contract.embedding import l2_normalised
from dongsun.contract.errors import DongsunError
from dongsun.data.records import ReidRecord
from dongsun.eval.embedded_set import EmbeddedSet
from dongsun.eval.reid_metrics import evaluate_reid, split_by_role
from dongsun.eval.threshold_settings import ThresholdSettings
from dongsun.export.gate_crops import GateCrops
from dongsun.export.precision_choice import faster_precision
from dongsun.export.reid_gate import ReidGate, ScoredForm, allowed_points
from dongsun.export.reid_scores import PairedDrop, paired_drop, score_split
from dongsun.export.settings import LossLimits
from dongsun.export.worst_crops import LIST_NAME, SHEET_NAME, forget_disagreements

PEOPLE, CROPS = 12, 8
SETTINGS = ThresholdSettings(protocol="cross_camera")


def people(noise: float, seed: int = 0) -> EmbeddedSet:
    """People of two cameras whose embeddings scatter by `noise` around one point each."""
    centres = np.random.default_rng(0).normal(size=(PEOPLE, 16))
    scatter = np.random.default_rng(seed + 1).normal(size=(PEOPLE, CROPS, 16)) * noise
    rows = (centres[:, None] + scatter).reshape(-1, 16).astype(np.float32)
    n = len(rows)
    return EmbeddedSet(
        embeddings=l2_normalised(rows),
        person_ids=np.repeat([f"p{i}" for i in range(PEOPLE)], CROPS),
        camera_ids=np.tile(["a", "b"], n // 2),
        sequence_ids=np.full(n, "s"),
        frame_indices=np.arange(n, dtype=np.int64),
        roles=np.full(n, ""),
    )


def scored(embedded: EmbeddedSet, form: str, similarity: float) -> ScoredForm:
    return ScoredForm(form, score_split(embedded, SETTINGS, 0), similarity)


@pytest.fixture(scope="module")
def crops(tmp_path_factory: pytest.TempPathFactory) -> GateCrops:
    folder = tmp_path_factory.mktemp("gate")
    records = []
    for index in range(PEOPLE * CROPS):
        cv2.imwrite(str(folder / f"{index}.png"), np.full((40, 20, 3), index, np.uint8))
        records.append(ReidRecord(f"{index}.png", f"p{index // CROPS}", "a", "s", index, "validation", "made"))
    return GateCrops("validation", tuple(records), folder / "manifest.parquet")


def gate(evidence: Path | None = None, limits: LossLimits | None = None) -> ReidGate:
    return ReidGate(limits or LossLimits(), bootstrap=200, seed=0, evidence=evidence)


def test_scores_are_those_of_the_evaluation() -> None:
    embedded = people(0.9)
    query, gallery = split_by_role(embedded)
    wanted = evaluate_reid(query, gallery, SETTINGS.protocol_for(embedded), bootstrap=1, seed=0)
    found = score_split(embedded, SETTINGS, 0)
    assert found.mean_average_precision == pytest.approx(wanted.mean_average_precision)
    assert found.rank1 == pytest.approx(wanted.rank1)
    assert 0 < found.rank1 < 1


def test_a_form_that_loses_nothing_passes_and_says_its_figures(crops: GateCrops) -> None:
    before = scored(people(0.9), "fp32", 0.6)
    figures = gate().judge(crops, before, ScoredForm("int8", before.score, 0.6))
    assert figures["reid_validation_map_drop_points"] == 0
    assert figures["reid_validation_rank1_int8"] == before.score.rank1
    assert figures["reid_validation_false_match_rate_int8"] == before.score.false_match_rate(0.6)


def test_a_lost_map_is_refused_with_the_crops_that_disagree_most(crops: GateCrops, tmp_path: Path) -> None:
    good, broken = people(0.5), people(0.5)
    broken.embeddings[[17, 40]] *= -1
    before, after = scored(good, "fp32", 0.6), scored(broken, "int8", 0.6)
    with pytest.raises(DongsunError, match=r"(?s)re-ID mAP to int8.*(17|40)\.png \(cosine -1\.000\)"):
        gate(tmp_path).judge(crops, before, after)
    with (tmp_path / LIST_NAME).open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert {Path(row["path"]).name for row in rows[:2]} == {"17.png", "40.png"}
    assert {row["person_id"] for row in rows[:2]} == {"p2", "p5"}
    assert float(rows[2]["cosine"]) == pytest.approx(1)
    sheet = cv2.imread(str(tmp_path / SHEET_NAME))
    assert sheet is not None
    assert {int(sheet[50, 48, 0]), int(sheet[50, 144, 0])} == {17, 40}
    forget_disagreements(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_threshold_that_lets_others_pass_is_refused_though_ranking_is_untouched(crops: GateCrops) -> None:
    """The failure that mAP never shows: every similarity rises, no order changes."""
    embedded = people(0.5)
    before = scored(embedded, "fp32", 0.6)
    lenient = ScoredForm("int8", before.score, 0.1)
    assert lenient.score.false_match_rate(0.1) > 3 * before.score.false_match_rate(0.6)
    with pytest.raises(DongsunError, match=r"a false-match rate of int8 in that of fp32"):
        gate().judge(crops, before, lenient)
    stricter = ScoredForm("int8", before.score, 0.9)
    assert gate().judge(crops, before, stricter)["reid_validation_map_drop_points"] == 0


def test_held_out_people_may_scatter_but_not_lie_wholly_above(crops: GateCrops) -> None:
    tuned = scored(people(0.5), "int8", 0.6)
    figures = gate().hold_out(crops, tuned, scored(people(0.5, seed=7), "int8", 0.6))
    low, high = (figures[f"reid_tuned_false_match_rate_{end}"] for end in ("low", "high"))
    assert low <= tuned.score.false_match_rate(0.6) <= high
    with pytest.raises(DongsunError, match="doesn't carry over"):
        gate().hold_out(crops, tuned, ScoredForm("int8", tuned.score, -0.2))


@pytest.mark.parametrize(
    ("standard_error", "allowed"), [(0.0, 0.5), (0.2, 0.5), (0.4, 0.8), (0.5, 1.0), (9.0, 1.0), (float("inf"), 1.0)]
)
def test_few_crops_widen_a_limit_at_most_to_double(standard_error: float, allowed: float) -> None:
    assert allowed_points(PairedDrop(0.0, standard_error), 0.5) == pytest.approx(allowed)


@given(st.lists(st.tuples(st.integers(0, 5), st.floats(0, 1), st.floats(0, 1)), min_size=2, max_size=40))
def test_queries_of_one_person_count_as_one_piece_of_evidence(rows: list[tuple[int, float, float]]) -> None:
    persons = np.array([str(person) for person, _, _ in rows])
    before, after = np.array([b for _, b, _ in rows]), np.array([a for _, _, a in rows])
    drop = paired_drop(before, after, persons)
    assert drop.points == pytest.approx(100 * np.mean(before - after), abs=1e-9)
    doubled = paired_drop(np.tile(before, 2), np.tile(after, 2), np.tile(persons, 2))
    assert doubled.standard_error == pytest.approx(drop.standard_error, abs=1e-9)
    if len(set(persons)) == len(rows):
        lost = 100 * (before - after)
        assert drop.standard_error == pytest.approx(lost.std(ddof=1) / len(rows) ** 0.5, abs=1e-9)


@pytest.mark.parametrize(
    ("times", "chosen"),
    [
        ({"FP32": 10.0, "FP16": 10.0, "INT8": 5.0}, "INT8"),
        ({"FP32": 10.0, "FP16": 10.0, "INT8": 9.5}, "FP16"),
        ({"FP32": 10.0, "FP16": 12.0, "INT8": 9.5}, "FP32"),
        ({"FP32": 10.0, "FP16": 10.0}, "FP16"),
        ({"FP32": 10.0, "INT8": 20.0}, "FP32"),
        ({"FP32": 10.0}, "FP32"),
    ],
)
def test_int8_must_be_worth_its_loss(times: dict[Precision, float], chosen: Precision) -> None:
    assert faster_precision(times) == chosen
