"""Events sorted for the timeline give exactly what evaluation measured."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dongsun.contract.errors import DongsunError
from dongsun.contract.observations import Direction
from dongsun.eval.counting_metrics import evaluate_counts
from dongsun.eval.evaluation_metrics import ClipFigures, LineFigures
from dongsun.eval.line_event import LineEvent, OptionalEvent
from dongsun.eval.replay_judge import event_figures
from dongsun.eval.report.replays import sort_events
from tests.unit.eval.report.conftest import clip, events

LINES = ("door", "aisle")
WAYS: tuple[Direction, ...] = ("in", "out")
times = st.floats(min_value=0, max_value=12, allow_nan=False).map(lambda value: round(value, 2))
some_events = st.lists(st.builds(LineEvent, st.sampled_from(LINES), st.sampled_from(WAYS), times), max_size=14)
some_optional = st.lists(
    st.builds(
        lambda line, way, at, length: OptionalEvent(line, way, at, at + length, "unclear"),
        st.sampled_from(LINES),
        st.sampled_from(WAYS),
        times,
        st.floats(min_value=0, max_value=3),
    ),
    max_size=1,
)


def measured(counted: list[LineEvent], true: list[LineEvent], optional: list[OptionalEvent]) -> ClipFigures:
    """What evaluation says of them, judged between seconds 2 and 10."""
    metrics = evaluate_counts(counted, true, LINES, optional=optional, tolerance_s=1.0, judged_s=(2.0, 10.0))
    lines = tuple(
        LineFigures(
            line_id=line,
            both=event_figures(metrics.line(line)),
            by_direction={
                row.direction: event_figures(row.counts) for row in metrics.by_direction if row.line_id == line
            },
            optional_taken=0,
            mean_offset_s={},
        )
        for line in LINES
    )
    return clip(lines=lines, total=event_figures(metrics.total), judged_s=(2.0, 10.0))


@given(some_events, some_events, some_optional)
def test_lanes_agree_with_evaluation(
    counted: list[LineEvent], true: list[LineEvent], optional: list[OptionalEvent]
) -> None:
    figures = measured(counted, true, optional)
    lanes = sort_events(counted, true, optional, figures)  # raises where a lane disagrees
    assert len(lanes) == len(LINES) * len(WAYS)
    assert sum(len(lane.found) for lane in lanes) == figures.total.matched
    for lane in lanes:
        assert all(2.0 <= at < 10.0 for at in (*lane.found, *lane.missed, *lane.extra))


def test_a_truth_that_changed_since_is_refused() -> None:
    true = [LineEvent("door", "in", 3.0)]
    figures = measured(true, true, [])
    with pytest.raises(DongsunError, match="changed after evaluation"):
        sort_events([], true, [], figures)


def test_missed_and_extra_stand_where_they_happened() -> None:
    counted = [LineEvent("door", "in", 3.2), LineEvent("door", "in", 8.0)]
    true = [LineEvent("door", "in", 3.0), LineEvent("door", "in", 5.5)]
    lane = sort_events(counted, true, [], measured(counted, true, []))[0]
    assert (lane.name, lane.found, lane.missed, lane.extra) == ("door, in", (3.0,), (5.5,), (8.0,))


def test_counts_pool_no_error_away() -> None:
    assert events(9, 8, 8).count_error > 0
