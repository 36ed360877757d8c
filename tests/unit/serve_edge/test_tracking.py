"""Tracks: who is who from frame to frame, over gaps, overlaps and the picture's edge."""

import itertools

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dongsun.contract.detections import Detections
from dongsun.serve_edge.pipeline.association import best_pairs, overlap_scores
from dongsun.serve_edge.pipeline.constants import TrackingConstants
from dongsun.serve_edge.pipeline.looks import FrameSize
from dongsun.serve_edge.pipeline.motion import BoxMotion
from dongsun.serve_edge.pipeline.people import IdentifiedSighting, People
from dongsun.serve_edge.pipeline.stature import Bottom, Stature, bottoms

SIZE = FrameSize(1000, 600)
Box = tuple[float, float, float, float]
Look = npt.NDArray[np.float32]


def person(x: float, foot: float, height: float = 100.0) -> Box:
    return (x - 0.2 * height, foot - height, x + 0.2 * height, foot)


def detections(boxes: list[Box], score: float = 0.9) -> Detections:
    array = np.array(boxes, np.float32).reshape(-1, 4)
    return Detections(array, np.full(len(array), score, np.float32), np.zeros(len(array), np.int64))


def look_of(colour: int) -> Look:
    vector = np.zeros((1, 8), np.float32)
    vector[0, colour] = 1.0
    return vector


def follow(
    frames: list[list[tuple[Box, int]]], *, threshold: float | None = None, score: float = 0.9, fps: int = 10
) -> tuple[People, list[IdentifiedSighting]]:
    """Runs frames of (box, colour) through `People`; a track's look is the colour of the box it was seen in."""
    people = People(0.5, threshold, SIZE, TrackingConstants())
    out: list[IdentifiedSighting] = []
    for index, seen in enumerate(frames):
        time_s = index / fps
        for track in people.follow(detections([b for b, _ in seen], score), index, time_s):
            colour = next(c for b, c in seen if np.allclose(b, track.last.seen_xyxy_px, atol=0.01))
            people.look(track, look_of(colour), time_s)
        out += people.settle(time_s)
        people.ended()
    out += people.end_all((len(frames) - 1) / fps)
    people.ended()
    return people, out


def ids(sightings: list[IdentifiedSighting]) -> set[int]:
    return {s.track_id for s in sightings}


def test_one_walker_is_one_track_from_the_first_sighting_on() -> None:
    _, out = follow([[(person(100 + 8 * i, 400), 0)] for i in range(30)])
    assert ids(out) == {1}
    assert [s.sighting.frame_index for s in out] == list(range(30))


@pytest.mark.parametrize("fps", [5, 10, 25])
def test_any_frame_rate(fps: int) -> None:
    _, out = follow([[(person(100 + 80 * i / fps, 400), 0)] for i in range(4 * fps)], fps=fps)
    assert ids(out) == {1}


def test_a_flash_of_two_frames_is_nobody() -> None:
    _, out = follow([[], [(person(300, 400), 0)], [(person(300, 400), 0)]] + [[]] * 10)
    assert out == []


def test_weak_detections_continue_a_track_but_start_none() -> None:
    people = People(0.5, None, SIZE, TrackingConstants())
    out = []
    for i in range(20):
        people.follow(detections([person(100 + 8 * i, 400)], 0.9 if i < 5 else 0.2), i, i / 10)
        out += people.settle(i / 10)
    assert (ids(out), len(out)) == ({1}, 20)
    assert follow([[(person(100, 400), 0)]] * 20, score=0.2)[1] == []


def test_a_part_or_double_of_a_person_is_no_second_one() -> None:
    frames = []
    for i in range(30):
        x0, y0, x1, y1 = person(100 + 8 * i, 400)
        whole, torso, double = (x0, y0, x1, y1), (x0 + 5, y0, x1 - 5, y0 + 50), (x0 + 4, y0 + 4, x1 + 2, y1 - 8)
        frames.append([(whole, 0)] + ([(torso, 0), (double, 0)] if i > 4 else []))
    assert ids(follow(frames)[1]) == {1}


def test_a_short_gap_keeps_the_id_by_motion() -> None:
    frames = [[(person(100 + 8 * i, 400), 0)] if not 10 <= i < 17 else [] for i in range(30)]
    assert ids(follow(frames)[1]) == {1}


def test_a_longer_gap_keeps_the_id_by_looks_only() -> None:
    path = [[(person(100 + 8 * i, 400), 3)] if not 10 <= i < 28 else [] for i in range(45)]
    # Found again 60 px off the way: place alone says nothing after 1.8 s.
    path[28:] = [[(person(b[0][0][0] + 20, 340), 3)] for b in path[28:]]
    assert len(ids(follow(path, threshold=0.8)[1])) == 1
    assert len(ids(follow(path)[1])) == 2
    stranger = [[(b, c if i < 28 else 5) for b, c in frame] for i, frame in enumerate(path)]
    assert len(ids(follow(stranger, threshold=0.8)[1])) == 2


def test_nobody_flies_across_the_picture() -> None:
    path = [[(person(100, 400), 3)]] * 10 + [[]] * 12 + [[(person(900, 400), 3)]] * 15
    people, out = follow(path, threshold=0.8)
    assert len(ids(out)) == 2
    assert people.visitors == 1  # but it may well be the same visitor, come back by another way


def test_two_pass_each_other_and_keep_their_ids() -> None:
    frames = [[(person(100 + 10 * i, 400), 0), (person(500 - 10 * i, 412), 1)] for i in range(40)]
    _, out = follow(frames)
    assert ids(out) == {1, 2}
    last = {s.track_id: s.sighting.seen_xyxy_px[0] for s in out}
    assert last[1] > 400 and last[2] < 200


def test_together_in_view_are_never_one_visitor_and_a_returner_is_no_new_one() -> None:
    twins = [[(person(100 + 5 * i, 400), 2), (person(500 + 5 * i, 400), 2)] for i in range(30)]
    assert follow(twins, threshold=0.8)[0].visitors == 2
    there_and_back = [[(person(100 + 5 * i, 400), 2)] for i in range(30)] + [[]] * 60
    there_and_back += [[(person(800 - 5 * i, 400), 2)] for i in range(30)]
    people, out = follow(there_and_back, threshold=0.8)
    assert (people.visitors, len(ids(out))) == (1, 2)
    assert people.visitor_of(1) == people.visitor_of(2) == 1
    assert follow(there_and_back)[0].visitors == 2  # without looks every track is a visitor


def test_tracks_are_forgotten() -> None:
    people = People(0.5, None, SIZE, TrackingConstants())
    rng = np.random.default_rng(0)
    for i in range(600):
        people.follow(detections([person(float(rng.uniform(50, 950)), 400) for _ in range(3)]), i, i / 10)
        people.settle(i / 10)
        people.ended()
        assert len(people.tracks) < 150


def test_feet_below_the_picture_are_below_it() -> None:
    """A walker leaves over the bottom edge: the box is cut, the foot goes on."""
    frames = []
    for i in range(30):
        x0, y0, x1, y1 = person(300, 450 + 8 * i, 120)
        if y0 < 580:
            frames.append([((x0, y0, x1, min(y1, 600.0)), 0)])
    _, out = follow(frames)
    assert ids(out) == {1}
    feet = [s.sighting.anchor_px("foot")[1] for s in out]
    assert feet == pytest.approx([450 + 8 * i for i in range(len(feet))], abs=3)


def test_feet_behind_a_nearer_person_stay_where_they_are() -> None:
    frames = []
    for i in range(40):
        far, near = person(300, 400), person(100 + 10 * i, 460, 140)
        hidden = near[0] < 310 and near[2] > 290
        frames.append([((far[0], far[1], far[2], near[1] + 20.0) if hidden else far, 0), (near, 1)])
    _, out = follow(frames)
    standing = [s.sighting.anchor_px("foot")[1] for s in out if s.track_id == 1]
    assert standing == pytest.approx([400] * len(standing), abs=3)


def test_a_stranger_cut_by_the_edge_has_ordinary_proportions_and_one_who_sits_down_is_believed() -> None:
    whole, seen = Stature().complete(np.array([0.0, 520, 50, 600]), 0.0, Bottom.CUT)
    assert (whole[3], seen) == (520 + 125, False)
    stature = Stature()
    for i in range(10):
        stature.complete(np.array([0.0, 300, 40, 400]), i / 10, Bottom.SEEN)
    bent = [stature.complete(np.array([0.0, 340, 40, 400]), 1 + i / 10, Bottom.SEEN)[0][3] for i in range(15)]
    assert bent[0] == pytest.approx(440)
    assert bent[-1] == 400


def test_which_bottoms_are_hidden() -> None:
    boxes = np.array([person(100, 400), person(105, 440), person(500, 400), person(700, 600)])
    assert bottoms(boxes, 600) == [Bottom.COVERED, Bottom.SEEN, Bottom.SEEN, Bottom.CUT]


def test_a_constant_walk_is_predicted_and_its_rate_does_not_matter() -> None:
    ends = []
    for rate in (5, 10, 30):
        motion = BoxMotion(np.array(person(100, 400)), 0.0)
        for i in range(1, 2 * rate + 1):
            motion.predict(i / rate)
            motion.update(np.array(person(100 + 80 * i / rate, 400)), whole=True)
        assert motion.velocity_px_s[0] == pytest.approx(80, rel=0.05)
        motion.predict(3.0)
        ends.append(motion.box_xyxy_px[0])
    assert ends == pytest.approx([person(340, 400)[0]] * 3, abs=6)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 4), st.integers(1, 4), st.integers(0, 9999))
def test_pairs_are_the_best_of_all(n: int, m: int, seed: int) -> None:
    scores = np.random.default_rng(seed).uniform(-1, 1, (n, m))
    least = 0.1

    def worth(pairs: list[tuple[int, int]]) -> float:
        return sum(scores[i, j] - least for i, j in pairs)

    every = itertools.product([None, *range(m)], repeat=n)
    choices = [[(i, j) for i, j in enumerate(c) if j is not None] for c in every]
    legal = [c for c in choices if len({j for _, j in c}) == len(c) and all(scores[i, j] >= least for i, j in c)]
    found = best_pairs(scores, least)
    assert found in legal
    assert worth(found) == pytest.approx(max(worth(c) for c in legal), abs=1e-4)


def test_hidden_legs_do_not_spoil_the_overlap() -> None:
    predicted = np.array([person(100, 400)])
    half = np.array([[80.0, 300, 120, 350]])
    assert overlap_scores(predicted, half, np.array([True]))[0, 0] == pytest.approx(1.0, abs=0.01)
    assert overlap_scores(predicted, half, np.array([False]))[0, 0] < 0.6
