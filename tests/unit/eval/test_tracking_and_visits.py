"""Identity metrics and zone visits against brute force and hand-made cases."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dongsun.contract.detections import iou_matrix
from dongsun.eval.tracking_metrics import NamedBoxes, evaluate_tracks
from dongsun.eval.visit_metrics import Stay, evaluate_visits


def _frame(**left_edges: float) -> NamedBoxes:
    boxes = np.array([(x, 0, x + 20, 50) for x in left_edges.values()], np.float32).reshape(-1, 4)
    return NamedBoxes(tuple(left_edges), boxes)


def test_one_name_all_along_is_perfect() -> None:
    true = {frame: _frame(a=10.0 * frame, b=300) for frame in range(10)}
    tracked = {frame: _frame(t1=10.0 * frame, t2=301) for frame in range(10)}
    metrics = evaluate_tracks(tracked, true)
    assert (metrics.idf1, metrics.id_precision, metrics.id_recall) == (1, 1, 1)


def test_a_name_that_changes_half_way_costs_half() -> None:
    true = {frame: _frame(a=0) for frame in range(10)}
    tracked = {frame: _frame(t1=0) if frame < 5 else _frame(t2=0) for frame in range(10)}
    metrics = evaluate_tracks(tracked, true)
    assert metrics.idf1 == pytest.approx(0.5)
    assert (metrics.true_people, metrics.tracks) == (1, 2)


def test_nothing_tracked() -> None:
    metrics = evaluate_tracks({}, {0: _frame(a=0)})
    assert (metrics.idf1, metrics.id_precision, metrics.id_recall) == (0, 0, 0)


@pytest.mark.parametrize("seed", range(6))
def test_idf1_is_the_best_of_all_assignments(seed: int) -> None:
    generator = np.random.default_rng(seed)

    def scene(names: str) -> dict[int, NamedBoxes]:
        return {
            frame: _frame(**{name: float(generator.integers(0, 5) * 8) for name in names if generator.random() < 0.8})
            for frame in range(12)
        }

    true, tracked = scene("abc"), scene("xyzw")
    best = 0
    for people in itertools.permutations(["a", "b", "c", None], 4):
        partner = dict(zip("xyzw", people, strict=True))
        right = 0
        for frame, boxes in tracked.items():
            overlaps = iou_matrix(boxes.boxes_xyxy_px, true[frame].boxes_xyxy_px)
            for row, track in enumerate(boxes.names):
                if partner[track] in true[frame].names:
                    right += bool(overlaps[row, true[frame].names.index(partner[track])] >= 0.5)
        best = max(best, right)
    boxes_in_all = sum(len(b.names) for b in true.values()) + sum(len(b.names) for b in tracked.values())
    assert evaluate_tracks(tracked, true).idf1 == pytest.approx(2 * best / boxes_in_all)


def test_stays_are_matched_by_overlap_in_time() -> None:
    true = [Stay("tv", 0, 10), Stay("tv", 20, 24), Stay("sofa", 5, 9)]
    predicted = [Stay("tv", 1, 10), Stay("tv", 30, 31), Stay("sofa", 0, 20)]
    tv, sofa, empty = evaluate_visits(predicted, true, ("tv", "sofa", "door"))
    assert (tv.true, tv.predicted, tv.matched, tv.dwell_error_s) == (2, 2, 1, 1.0)
    assert (tv.true_person_s, tv.predicted_person_s) == (14, 10)
    assert (sofa.matched, sofa.dwell_error_s) == (0, None)
    assert empty.f1 == 1


def test_a_stay_in_pieces_keeps_its_sum() -> None:
    (zone,) = evaluate_visits([Stay("tv", 0, 6), Stay("tv", 6, 10)], [Stay("tv", 0, 10)], ("tv",))
    assert (zone.matched, zone.f1) == (1, pytest.approx(2 / 3))
    assert zone.true_person_s == zone.predicted_person_s


_STAYS = st.lists(
    st.tuples(st.integers(0, 20), st.integers(1, 8)).map(lambda s: Stay("tv", s[0], s[0] + s[1])), max_size=4
)


@settings(max_examples=80, deadline=None)
@given(_STAYS, _STAYS)
def test_matched_stays_are_bounded_and_symmetric(predicted: list[Stay], true: list[Stay]) -> None:
    (there,) = evaluate_visits(predicted, true, ("tv",))
    (back,) = evaluate_visits(true, predicted, ("tv",))
    assert there.f1 == pytest.approx(back.f1)
    assert there.matched <= min(there.true, there.predicted)
    (same,) = evaluate_visits(true, true, ("tv",))
    assert same.f1 == 1
    assert same.dwell_error_s in (0, None)
