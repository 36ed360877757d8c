"""The station's pipeline on modelled detections: faultless ones give the truth, faulty ones come near."""

from pathlib import Path

import pytest

from dongsun.contract.store import StoreConfig, load_store
from dongsun.eval.fast_replay import FastReplay, ReplayRules, replay_detections
from dongsun.twin.crowd.trajectories import Trajectories
from dongsun.twin.fast.boxes import camera_boxes
from dongsun.twin.fast.detector_noise import DetectorNoise, DoubleNoise
from dongsun.twin.fast.fast_crowd import fast_simulate
from dongsun.twin.fast.looks import ModelledLooks
from dongsun.twin.plan.traffic import Visitors
from dongsun.twin.plan.twin_plan import TwinPlan, twin_plan
from dongsun.twin.truth.events import true_crossings

DEMO = Path(__file__).parents[3] / "conf" / "store" / "demo.yaml"


@pytest.fixture(scope="module")
def store() -> StoreConfig:
    return load_store(DEMO)


@pytest.fixture(scope="module")
def plan(store: StoreConfig) -> TwinPlan:
    alone = Visitors(group_share=0, return_share=0, u_turn_share=0, line_stander_share=0)
    return twin_plan(store, DEMO).model_copy(update={"visitors": alone})


@pytest.fixture(scope="module")
def crowd(plan: TwinPlan) -> Trajectories:
    return fast_simulate(plan, tuple(range(1, 9)), seed=2, duration_s=900)


def replayed(plan: TwinPlan, store: StoreConfig, crowd: Trajectories, noise: DetectorNoise) -> FastReplay:
    detections = noise.detect(camera_boxes(plan, crowd, "entrance"), seed=1)
    rules = ReplayRules(similarity_threshold=0.5, looks=ModelledLooks(1))
    return replay_detections(detections, store.cameras["entrance"], rules)


def test_faultless_detections_give_exactly_the_true_crossings(
    plan: TwinPlan, store: StoreConfig, crowd: Trajectories
) -> None:
    truth = true_crossings(crowd, plan.camera("entrance"), "entrance", store.cameras["entrance"])
    replay = replayed(plan, store, crowd, DetectorNoise.none())
    assert len(truth) >= 14
    assert [(c.line_id, c.crossing.direction) for c in replay.crossings] == [(t.line_id, t.direction) for t in truth]
    for counted, true in zip(replay.crossings, truth, strict=True):
        assert counted.crossing.stream_time_s == pytest.approx(true.time_s, abs=0.3)
    assert replay.unique_visitors == 8


def test_faulty_detections_come_near_and_repeat(plan: TwinPlan, store: StoreConfig, crowd: Trajectories) -> None:
    truth = true_crossings(crowd, plan.camera("entrance"), "entrance", store.cameras["entrance"])
    replay, again = (replayed(plan, store, crowd, DetectorNoise()) for _ in range(2))
    assert abs(len(replay.crossings) - len(truth)) <= 3
    assert replay.crossings == again.crossings and replay.unique_visitors == again.unique_visitors


def test_nothing_detected_counts_nothing(plan: TwinPlan, store: StoreConfig, crowd: Trajectories) -> None:
    blind = DetectorNoise(logit_by_visibility=((0.0, (-30.0,) * 7),), doubles=DoubleNoise(), false_per_frame=0)
    replay = replayed(plan, store, crowd, blind)
    assert (replay.crossings, replay.stays, replay.unique_visitors, replay.tracks) == ((), (), 0, 0)
