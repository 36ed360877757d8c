"""Counting on modelled detections of whole stores, held to committed figures.

The golden figures are those of the committed code; a change that moves one beyond its tolerance must say why, and
`python tests/regression/test_twin_counting.py` writes them anew. No pixels and no bundle: this holds the
tracker, the counters and the gallery, in the layer that a station runs. Synthetic, with a detector and looks fitted to
real models on films of the twin.
"""

import json
from collections import Counter
from pathlib import Path

import pytest
import yaml

from dongsun.contract.store import StoreConfig, load_store, parse_store
from dongsun.eval.counting_metrics import evaluate_counts
from dongsun.eval.fast_replay import ReplayRules, replay_detections
from dongsun.eval.line_event import LineEvent
from dongsun.twin.fast.boxes import camera_boxes
from dongsun.twin.fast.detector_noise import DetectorNoise
from dongsun.twin.fast.fast_crowd import fast_simulate
from dongsun.twin.fast.looks import ModelledLooks
from dongsun.twin.generate.generate_store import generate_store
from dongsun.twin.plan.twin_plan import twin_plan
from dongsun.twin.truth.events import true_crossings

ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).with_name("twin_counting.json")
DEMO = ROOT / "conf" / "store" / "demo.yaml"
CASES = ("demo-1", "demo-2", "random-3", "random-5")
TOLERANCE, VISITOR_TOLERANCE = 0.04, 0.1
PEOPLE, DURATION_S, SEED_OF_NOISE = 30, 900.0, 11
SIMILARITY, WELL_SEEN = 0.53, 0.5
"""Of the order of the demo bundle's threshold, to which the looks were fitted."""


def _store(name: str) -> StoreConfig:
    if name == "demo":
        return load_store(DEMO)
    kind, _, seed = name.partition("-")
    assert kind == "random"
    return parse_store(yaml.safe_load(yaml.safe_dump(generate_store(int(seed)))), where=name)


def measured(case: str) -> dict[str, float]:
    """Precision, recall and signed count error over all lines of all cameras, true crossings, visitors.

    Unique visitors are counted by each camera, and compared with those who could be seen well in it at some moment.
    """
    name, _, number = case.rpartition("-")
    store = _store("demo") if name == "demo" else _store(case)
    plan = twin_plan(store, case)
    crowd = fast_simulate(plan, tuple(range(1, PEOPLE + 1)), seed=int(number), duration_s=DURATION_S)
    total: Counter[str] = Counter()
    for camera_number, (camera_id, camera) in enumerate(store.cameras.items()):
        if not camera.lines:
            continue
        truth = true_crossings(crowd, plan.camera(camera_id), camera_id, camera)
        boxes = camera_boxes(plan, crowd, camera_id)
        noisy = DetectorNoise().detect(boxes, seed=SEED_OF_NOISE)
        rules = ReplayRules(
            similarity_threshold=SIMILARITY, looks=ModelledLooks(SEED_OF_NOISE), camera_number=camera_number
        )
        replay = replay_detections(noisy, camera, rules)
        well_seen = boxes.person_ids[(boxes.visibility > WELL_SEEN) & (boxes.person_ids > 0)]
        total.update(visitors=len(set(well_seen.tolist())), counted_visitors=replay.unique_visitors)
        counts = evaluate_counts(
            [LineEvent(c.line_id, c.crossing.direction, c.crossing.stream_time_s) for c in replay.crossings],
            [LineEvent(t.line_id, "in" if t.direction == "in" else "out", t.time_s) for t in truth],
            tuple(camera.lines),
        ).total
        total.update(true=counts.true, predicted=counts.predicted, matched=counts.matched)
    true, predicted, matched = total["true"], total["predicted"], total["matched"]
    return {
        "true_crossings": true,
        "precision": round(matched / max(predicted, 1), 4),
        "recall": round(matched / max(true, 1), 4),
        "signed_count_error": round((predicted - true) / max(true, 1), 4),
        "visitors": total["visitors"],
        "signed_visitor_error": round(total["counted_visitors"] / max(total["visitors"], 1) - 1, 4),
    }


@pytest.mark.parametrize("case", CASES)
def test_counting_is_as_good_as_it_was(case: str) -> None:
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))[case]
    now = measured(case)
    assert golden["true_crossings"] >= 20, "a golden figure needs something to count"
    assert now["true_crossings"] == pytest.approx(golden["true_crossings"], abs=1)
    for name in ("precision", "recall", "signed_count_error"):
        assert now[name] == pytest.approx(golden[name], abs=TOLERANCE), name
    assert now["signed_visitor_error"] == pytest.approx(golden["signed_visitor_error"], abs=VISITOR_TOLERANCE)


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps({case: measured(case) for case in CASES}, indent=2) + "\n", encoding="utf-8")
