"""Does a check see a drift, keep quiet without one, and admit when it can't tell?"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from dongsun.contract.bundle import ReidSpec, SimilarityThreshold
from dongsun.contract.errors import DongsunError
from dongsun.contract.preprocess import InputSpec
from dongsun.contract.stage import SilentRunLog
from dongsun.eval import run_tune
from dongsun.eval.embedded_set import EmbeddedSet
from dongsun.eval.person_bootstrap import draw_persons
from dongsun.eval.run_tune import TuneStage
from dongsun.eval.threshold_check import ThresholdCheck, ThresholdDrifted, check_threshold
from dongsun.eval.threshold_check_run import CheckEvidence, check_people
from dongsun.eval.threshold_drift import shift_of
from dongsun.eval.threshold_evidence import tune_on
from dongsun.eval.threshold_settings import ThresholdSettings
from dongsun.eval.threshold_tuning import pairs_of

Crowd = Callable[..., EmbeddedSet]
_SETTINGS = ThresholdSettings(bootstrap=150)


@pytest.fixture
def promised(crowd: Crowd) -> SimilarityThreshold:
    return tune_on(crowd(100), _SETTINGS, seed=0).threshold


def _check(promised: SimilarityThreshold, people: EmbeddedSet) -> ThresholdCheck:
    return check_threshold(promised, pairs_of(people, _SETTINGS, 0), min_persons=4, resamples=150, seed=0)


def _spec(threshold: SimilarityThreshold) -> ReidSpec:
    return ReidSpec(
        files={"INT8": "reid.xml"},
        shipped_precision="INT8",
        input=InputSpec(height_px=8, width_px=4, channels="rgb", resize="stretch", scale=1.0),
        embedding_size=16,
        thresholds={"INT8": threshold},
    )


@pytest.mark.parametrize(
    ("changes", "verdict", "reason"),
    [
        ({}, "supported", "don't contradict"),
        ({"alike": 2.0}, "drifted", "of different people pass"),  # uniforms arrive
        ({"noise": 0.9}, "drifted", "of people are recognised"),  # pictures worsen
        ({"persons": 3}, "too little data", "3 persons"),
        ({"persons": 8, "images": 2}, "too little data", "different-person pairs"),
    ],
)
def test_verdicts(
    crowd: Crowd, promised: SimilarityThreshold, changes: dict[str, float], verdict: str, reason: str
) -> None:
    check = _check(promised, crowd(**({"persons": 100, "seed": 7} | changes)))
    assert check.verdict == verdict
    assert any(reason in each for each in check.reasons)


def test_unchanged_people_seldom_drift(crowd: Crowd, promised: SimilarityThreshold) -> None:
    verdicts = [_check(promised, crowd(40, seed=100 + draw)).verdict for draw in range(20)]
    assert verdicts.count("drifted") <= 1


def test_a_wide_interval_supports_nothing(crowd: Crowd, promised: SimilarityThreshold) -> None:
    strict = promised.model_copy(update={"false_match_ci95": (0.0009, 0.0011), "target_false_match_rate": 0.001})
    few = _check(strict, crowd(7, images=20, seed=3))
    assert few.verdict == "too little data"
    assert any("too few people to tell" in each for each in few.reasons)


def test_bundles_of_schema_1_are_held_against_their_target(crowd: Crowd, promised: SimilarityThreshold) -> None:
    old = promised.model_copy(update={"false_match_ci95": None, "true_match_ci95": None, "histogram": None})
    same = _check(old, crowd(60, seed=9))
    assert same.same_person_shift is None
    assert same.false_matches.promised_ci95 == (old.false_match_rate, old.false_match_rate)
    assert _check(old, crowd(60, seed=9, alike=2.0)).verdict == "drifted"


def test_shift_tells_what_moved(crowd: Crowd, promised: SimilarityThreshold) -> None:
    still, worse = _check(promised, crowd(100, seed=7)), _check(promised, crowd(100, seed=7, noise=0.9))
    assert still.same_person_shift is not None
    assert worse.same_person_shift is not None
    assert still.same_person_shift.p_value > 0.02 > worse.same_person_shift.p_value
    assert worse.same_person_shift.mean_change < -0.1
    assert worse.same_person_shift.distance > still.same_person_shift.distance


def test_shift_agrees_with_a_naive_comparison() -> None:
    generator = np.random.default_rng(0)
    one, other = np.triu_indices(9, 1)
    values = generator.normal(0.1, 0.3, len(one)).clip(-1, 1).astype(np.float32)
    edges = tuple(np.linspace(-1, 1, 11).tolist())
    before = (0, 1, 3, 9, 20, 22, 12, 5, 2, 0)
    persons = np.column_stack([one, other])
    shift = shift_of(before, edges, values, persons, persons=9, persons_before=12, resamples=80, seed=5)
    old = np.array(before) / sum(before)
    new = np.histogram(values, edges)[0] / len(values)
    assert shift.distance == pytest.approx(np.abs(np.cumsum(new - old)).max())
    assert shift.mean_change == pytest.approx(float(((new - old) * np.linspace(-0.9, 0.9, 10)).sum()))
    as_far = 0
    for draw in draw_persons(9, 80, np.random.default_rng(5)):
        repeated = np.concatenate([np.repeat(v, draw[i] * draw[j]) for v, i, j in zip(values, one, other, strict=True)])
        redrawn = np.histogram(repeated, edges)[0] / len(repeated)
        as_far += np.sqrt(1 + 9 / 12) * np.abs(np.cumsum(redrawn - new)).max() >= shift.distance
    assert shift.p_value == pytest.approx((1 + as_far) / 81)


@pytest.mark.parametrize("drifts", [False, True])
def test_stage_writes_its_verdict_and_fails_on_a_drift(
    crowd: Crowd, promised: SimilarityThreshold, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, drifts: bool
) -> None:
    people = crowd(100, seed=7, alike=2.0 if drifts else 0.6)
    checked = check_people(people, _spec(promised), _SETTINGS, 0, store_id="s", bundle_version="1", split="validation")
    monkeypatch.setattr(run_tune, "check_bundle", lambda *_: checked)
    stage = TuneStage(
        tmp_path / "manifest.parquet", tmp_path / "reid.pt", tmp_path / "out", _SETTINGS, "validation",
        check=tmp_path / "bundle", check_dir=tmp_path / "check",
    )  # fmt: skip
    if drifts:
        with pytest.raises(ThresholdDrifted, match="drifted"):
            stage.run(SilentRunLog())
    else:
        assert stage.run(SilentRunLog()).summary.startswith("supported")
    evidence = CheckEvidence.model_validate_json((tmp_path / "check/check.json").read_bytes())
    assert evidence.check.verdict == ("drifted" if drifts else "supported")
    assert (tmp_path / "check/then_and_now.png").stat().st_size > 0
    assert not (tmp_path / "out").exists()


def test_no_bundle_is_refused(tmp_path: Path) -> None:
    stage = TuneStage(
        tmp_path / "manifest.parquet", tmp_path / "reid.pt", tmp_path / "out", _SETTINGS, "validation",
        check=tmp_path / "bundle", check_dir=tmp_path / "check",
    )  # fmt: skip
    with pytest.raises(DongsunError, match=r"bundle\.json"):
        stage.run(SilentRunLog())
    assert not (tmp_path / "check").exists()
