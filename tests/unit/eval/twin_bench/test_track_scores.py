"""Tracking scores of the bench."""

import numpy as np
import pytest

from dongsun.eval.tracking_metrics import NamedBoxes, evaluate_tracks
from dongsun.eval.twin_bench.track_scores import score_tracks, without_ignored

FRAMES = 40


def _boxes(named: dict[str, tuple[float, float]]) -> NamedBoxes:
    boxes = [(x, y, x + 20.0, y + 50.0) for x, y in named.values()]
    return NamedBoxes(tuple(named), np.array(boxes, np.float32).reshape(-1, 4))


def _two_walkers() -> dict[int, NamedBoxes]:
    return {f: _boxes({"a": (10.0 + 3 * f, 20.0), "b": (300.0 - 2 * f, 120.0)}) for f in range(FRAMES)}


def _renamed(paths: dict[int, NamedBoxes], names: dict[str, str], from_frame: int = 0) -> dict[int, NamedBoxes]:
    return {
        f: NamedBoxes(tuple(names.get(n, n) if f >= from_frame else n for n in boxes.names), boxes.boxes_xyxy_px)
        for f, boxes in paths.items()
    }


def test_perfect_tracks_score_one() -> None:
    true = _two_walkers()
    scores = score_tracks(_renamed(true, {"a": "7", "b": "3"}), true, FRAMES)
    assert scores is not None
    assert (scores.hota, scores.det_a, scores.ass_a) == pytest.approx((1.0, 1.0, 1.0))
    assert (scores.mota, scores.idf1, scores.id_switches) == (1.0, 1.0, 0)
    assert scores.true_boxes == 2 * FRAMES


def test_a_swap_half_way_is_two_switches() -> None:
    true = _two_walkers()
    swapped = _renamed(true, {"a": "b", "b": "a"}, from_frame=FRAMES // 2)
    scores = score_tracks(swapped, true, FRAMES)
    assert scores is not None
    assert scores.id_switches == 2
    assert scores.det_a == pytest.approx(1.0)
    # Each pair of a person and a track shares half its frames: 20 of 40 + 40 - 20, so AssA is 1/3.
    assert scores.ass_a == pytest.approx(1 / 3)
    assert scores.hota == pytest.approx((1 / 3) ** 0.5)
    assert scores.idf1 == pytest.approx(0.5)


@pytest.mark.parametrize("seed", range(5))
def test_idf1_agrees_with_our_own(seed: int) -> None:
    draw = np.random.default_rng(seed)
    true, tracked = {}, {}
    for f in range(FRAMES):
        people = {str(k): (60.0 * k + 2 * f, 30.0 * k) for k in range(5) if draw.random() < 0.9}
        true[f] = _boxes(people)
        found = {
            str(int(k) + (10 if draw.random() < 0.3 else 0)): (x + draw.normal(0, 4), y + draw.normal(0, 4))
            for k, (x, y) in people.items()
            if draw.random() < 0.85
        }
        tracked[f] = _boxes(found)
    scores = score_tracks(tracked, true, FRAMES)
    assert scores is not None
    assert scores.idf1 == pytest.approx(evaluate_tracks(tracked, true).idf1)


def test_nobody_to_be_seen_says_nothing() -> None:
    assert score_tracks({0: _boxes({"1": (0.0, 0.0)})}, {}, 3) is None


def test_nobody_found_scores_nothing() -> None:
    scores = score_tracks({}, _two_walkers(), FRAMES)
    assert scores is not None
    assert (scores.hota, scores.idf1) == (0.0, 0.0)


def test_a_box_on_an_ignored_person_is_dropped_and_one_on_a_judged_person_stays() -> None:
    tracked = {0: _boxes({"1": (10.0, 10.0), "2": (200.0, 10.0), "3": (400.0, 10.0)})}
    true = {0: _boxes({"a": (11.0, 10.0)})}
    ignored = {0: _boxes({"b": (201.0, 10.0), "c": (9.0, 10.0)})}
    assert without_ignored(tracked, true, ignored)[0].names in {("1", "3"), ("3", "1")}
    assert without_ignored(tracked, {}, {})[0].names == ("1", "2", "3")
