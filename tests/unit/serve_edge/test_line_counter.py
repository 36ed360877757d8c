"""Counting across a line: a table of paths frame by frame, and what holds for any path."""

import itertools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dongsun.contract.store import LineConfig
from dongsun.serve_edge.pipeline.constants import CountingConstants
from dongsun.serve_edge.pipeline.line_counter import LineCounter, LineCrossing, PixelLine
from dongsun.serve_edge.pipeline.looks import FrameSize
from dongsun.serve_edge.pipeline.sighting import Sighting

SIZE = FrameSize(1000, 1000)
HEIGHT = 100.0  # of every person: the band is 10 px
FPS = 10


def line(**changes: object) -> PixelLine:
    """A vertical line at x = 500 from y = 300 to y = 700; inside is right."""
    config = {"from": (0.5, 0.3), "to": (0.5, 0.7), "inside": (0.9, 0.5)} | changes
    return PixelLine.of(LineConfig.model_validate(config), SIZE)


def sighting(frame: int, x: float, y: float = 500.0) -> Sighting:
    box = (x - 20, y - HEIGHT, x + 20, y)
    return Sighting(frame, frame / FPS, box, box, 0.9)


def walk(
    xs: list[float | None], counter: LineCounter | None = None, y: float = 500.0, track: int = 1
) -> list[LineCrossing]:
    """The crossings of a path given frame by frame; None is a frame in which the person wasn't seen."""
    counter = counter or LineCounter(line(), CountingConstants())
    found = (counter.observe(track, sighting(i, x, y)) for i, x in enumerate(xs) if x is not None)
    return [c for c in found if c]


def straight(start: float, end: float, frames: int) -> list[float | None]:
    return [start + (end - start) * i / (frames - 1) for i in range(frames)]


TABLE: dict[str, tuple[list[float | None], list[str]]] = {
    "walks in": (straight(400, 600, 20), ["in"]),
    "walks out": (straight(600, 400, 20), ["out"]),
    "in then out": (straight(400, 600, 20) + straight(600, 400, 20), ["in", "out"]),
    "stands on the line, jittering": ([500 + 8 * (-1) ** i for i in range(50)], []),
    "comes to the line, jitters there, goes back": (
        straight(400, 495, 10) + [500 + 9 * (-1) ** i for i in range(30)] + straight(495, 400, 10),
        [],
    ),
    "comes to the line, jitters there, goes in": (
        straight(400, 495, 10) + [500 + 9 * (-1) ** i for i in range(30)] + straight(505, 600, 10),
        ["in"],
    ),
    "one wild frame on the other side": ([450.0] * 10 + [560.0] + [450.0] * 10, []),
    "u-turn before the line": (straight(400, 480, 10) + straight(480, 400, 10), []),
    "u-turn on the line": (straight(400, 505, 10) + straight(505, 400, 10), []),
    "hidden while crossing": (straight(400, 480, 8) + [None] * 12 + straight(520, 600, 8), ["in"]),
    "hidden on the line, back on the same side": (straight(400, 495, 8) + [None] * 12 + straight(480, 400, 8), []),
    "hidden while crossing there and back": (
        straight(400, 480, 8) + [None] * 10 + straight(520, 560, 5) + [None] * 10 + straight(480, 400, 8),
        ["in", "out"],
    ),
    "begins on the line": ([500.0, 501.0, *straight(505, 600, 10)], []),
    "runs, three frames on each side": ([420.0, 450.0, 480.0, 520.0, 550.0, 580.0], ["in"]),
    "never near": ([100.0] * 30, []),
}


@pytest.mark.parametrize("name", TABLE)
def test_paths(name: str) -> None:
    xs, expected = TABLE[name]
    assert [c.direction for c in walk(xs)] == expected


def test_the_instant_is_when_the_anchor_passed_the_line_itself() -> None:
    crossing = walk(straight(401, 601, 21))[0]  # 10 px a frame: passes 500 between frames 9 (491) and 10 (501)
    assert crossing.stream_time_s == pytest.approx(0.99)
    assert crossing.frame_index == 10


def test_two_abreast_are_two() -> None:
    counter = LineCounter(line(), CountingConstants())
    found = []
    for i, x in enumerate(straight(400, 600, 20)):
        assert x is not None
        found += [counter.observe(1, sighting(i, x, 480)), counter.observe(2, sighting(i, x + 3, 520))]
    assert sorted(c.track_id for c in found if c) == [1, 2]


def test_beyond_the_segment_nothing_counts_but_beyond_the_picture_it_does() -> None:
    assert walk(straight(400, 600, 20), y=800) == []
    to_the_edge = LineCounter(line(to=(0.5, 1.0)), CountingConstants())
    assert len(walk(straight(400, 600, 20), to_the_edge, y=1040)) == 1


def test_walking_round_the_end_counts_nothing_and_the_way_back_through_counts_once() -> None:
    counter = LineCounter(line(), CountingConstants())
    assert walk(straight(400, 600, 20), counter, y=800) == []
    back = [counter.observe(1, sighting(20 + i, x or 0)) for i, x in enumerate(straight(600, 400, 20))]
    assert [c.direction for c in back if c] == ["out"]


@pytest.mark.parametrize(
    ("y", "there_and_back"), [(500, 0), (690, 0), (740, 2), (755, 2), (765, 0), (260, 2), (100, 0)]
)
def test_who_walks_round_an_end_is_told_apart_from_who_passes_far_off(y: float, there_and_back: int) -> None:
    counter = LineCounter(line(), CountingConstants())
    walk(straight(400, 600, 20) + straight(600, 400, 20), counter, y=y)
    assert counter.walked_round == there_and_back
    walk(straight(400, 505, 10) + straight(505, 400, 10), counter, y=740, track=2)  # turns back: round nothing
    assert counter.walked_round == there_and_back


def test_a_line_drawn_the_other_way_round_means_the_same() -> None:
    flipped = LineCounter(line(**{"from": (0.5, 0.7), "to": (0.5, 0.3)}), CountingConstants())
    assert [c.direction for c in walk(straight(400, 600, 20), flipped)] == ["in"]


def test_a_track_that_ended_starts_afresh() -> None:
    counter = LineCounter(line(), CountingConstants())
    walk(straight(400, 480, 10), counter)
    assert counter.end(1) is None
    assert walk(straight(520, 600, 10), counter) == []


@settings(max_examples=100, deadline=None)
@given(
    crossings=st.integers(0, 6), reach=st.floats(40, 300), frames=st.integers(12, 40), start=st.sampled_from([-1, 1])
)
def test_a_smooth_path_that_crosses_k_times_counts_k_and_nets_right(
    crossings: int, reach: float, frames: int, start: int
) -> None:
    path: list[float | None] = []
    for leg in range(crossings + 1):  # from one turning point to the next, alternating sides
        side = start * (-1) ** leg
        path += [500 + side * reach * math.sin(math.pi * (i + 0.5) / frames) for i in range(frames)]
    found = walk(path)
    assert len(found) == crossings
    net = sum(1 if c.direction == "in" else -1 for c in found)
    assert net == ((start * (-1) ** crossings) - start) / 2


_PATHS = st.lists(st.one_of(st.none(), st.floats(400, 600)), min_size=1, max_size=60)


@settings(max_examples=200, deadline=None)
@given(_PATHS)
def test_time_reversed_swaps_in_and_out(xs: list[float | None]) -> None:
    there = [c.direction for c in walk(xs)]
    back = [c.direction for c in walk(xs[::-1])]
    swapped = {"in": "out", "out": "in"}
    assert back == [swapped[d] for d in reversed(there)]


@settings(max_examples=200, deadline=None)
@given(_PATHS)
def test_directions_alternate_and_none_without_a_change_of_side(xs: list[float | None]) -> None:
    directions = [c.direction for c in walk(xs)]
    assert all(a != b for a, b in itertools.pairwise(directions))
    seen = [x for x in xs if x is not None]
    if not (any(x > 500 for x in seen) and any(x < 500 for x in seen)):
        assert directions == []


class _Floor:
    """A picture taken from straight above, 100 pixels a metre."""

    def place_m(self, point: tuple[float, float]) -> tuple[float, float]:
        return point[0] / 100, point[1] / 100


def _walk_on_floor(xs: list[float], score: float = 0.9) -> tuple[list[str], str | None]:
    """Directions counted on the way, and when the track ends."""
    counter = LineCounter(line(), CountingConstants(), _Floor())  # type: ignore[arg-type]
    found = []
    for i, x in enumerate(xs):
        box = (x - 20, 400.0, x + 20, 500.0)
        found.append(counter.observe(1, Sighting(i, i / FPS, box, box, score, None, (x, 500.0), (x / 100, 5.0))))
    ended = counter.end(1)
    return [c.direction for c in found if c], ended.direction if ended else None


TO_THE_LINE = [400.0 + 6 * i for i in range(17)]  # to 496, at 0.6 m/s
ON_FLOOR: dict[str, tuple[list[float], list[str], str | None]] = {
    "walks through": ([*TO_THE_LINE, *(500.0 + 6 * i for i in range(17))], ["in"], None),
    "stands 0.15 m beyond it and goes back": ([*TO_THE_LINE, *[515.0] * 30, *reversed(TO_THE_LINE)], [], None),
    "stands 0.3 m beyond it and goes back": (
        [*TO_THE_LINE, *[530.0] * 30, *reversed(TO_THE_LINE)],
        ["in", "out"],
        None,
    ),
    "stands 0.15 m beyond it and is seen no more": ([*TO_THE_LINE, *[515.0] * 30], [], "in"),
    "stands on it and is seen no more": ([*TO_THE_LINE, *[501.0] * 30], [], None),
    "comes 0.15 m from it and walks through": ([*[485.0] * 20, *(490.0 + 6 * i for i in range(17))], ["in"], None),
}


@pytest.mark.parametrize("name", ON_FLOOR)
def test_where_the_floor_is_known_a_side_is_a_step_away(name: str) -> None:
    xs, counted, at_end = ON_FLOOR[name]
    assert _walk_on_floor(xs) == (counted, at_end)


def test_a_doubtful_place_needs_more() -> None:
    beyond = [*TO_THE_LINE, *[540.0] * 30, *reversed(TO_THE_LINE)]
    assert _walk_on_floor(beyond)[0] == ["in", "out"]
    assert _walk_on_floor(beyond, score=0.3)[0] == []
