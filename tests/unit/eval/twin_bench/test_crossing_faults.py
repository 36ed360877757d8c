"""Why a crossing was missed or extra: a table of films in which exactly one thing went wrong."""

import pytest

from dongsun.eval.crossing_truth import TrueCrossing
from dongsun.eval.line_event import LineEvent
from dongsun.eval.twin_bench.crossing_faults import CAUSES, CountedEvent, FilmedTracks, explain_crossings

FPS, SECONDS = 10.0, 20.0
AT = 10.0
Spans = list[tuple[float, float, str, str]]


def film(spans: Spans, visible: float = 1.0, hidden: tuple[float, float] = (0.0, 0.0)) -> FilmedTracks:
    """A film of (from s, until s, person, track); `visible` of ann but in the `hidden` seconds."""
    frames = range(int(FPS * SECONDS))
    on = {f: tuple((who, track) for start, end, who, track in spans if start <= f / FPS < end) for f in frames}
    seen = {("ann", f): 0.1 if hidden[0] <= f / FPS < hidden[1] else visible for f in frames}
    return FilmedTracks(on, seen, FPS, SECONDS)


def true(at: float = AT, who: str = "ann") -> TrueCrossing:
    return TrueCrossing("cam", "door", who, "in", round(at * FPS), at)


def counted(track: str, at: float = AT) -> CountedEvent:
    return CountedEvent(LineEvent("door", "in", at), track)


WHOLE: Spans = [(0.0, 20.0, "ann", "1")]
MISSED: list[tuple[str, FilmedTracks, float]] = [
    ("placed wrong", film(WHOLE), AT),
    ("the film begins or ends here", film(WHOLE), 0.4),
    ("the film begins or ends here", film(WHOLE), 19.5),
    ("the track broke", film([(0.0, AT, "ann", "1"), (AT, 20.0, "ann", "2")]), AT),
    ("not found before the line", film([(AT + 0.5, 20.0, "ann", "2")]), AT),
    ("not found beyond the line", film([(0.0, AT - 0.5, "ann", "1")]), AT),
    ("hidden", film([(AT + 0.5, 20.0, "ann", "2")], hidden=(8.0, AT)), AT),
    ("hidden", film([], visible=0.2), AT),
]
EXTRA: list[tuple[str, FilmedTracks, list[TrueCrossing], list[CountedEvent]]] = [
    ("nobody there", film([]), [], [counted("1")]),
    ("placed wrong", film(WHOLE), [], [counted("1")]),
    ("the film begins or ends here", film(WHOLE), [], [counted("1", 0.2)]),
    ("the track went on with somebody else", film([(0.0, AT, "ann", "1"), (AT, 20.0, "bob", "1")]), [], [counted("1")]),
    ("counted twice", film([*WHOLE, (0.0, 20.0, "ann", "2")]), [true()], [counted("1"), counted("2", AT + 0.5)]),
    ("placed wrong", film(WHOLE), [true()], [counted("1"), counted("1", AT + 8)]),
    ("placed wrong", film(WHOLE), [true()], [counted("1"), CountedEvent(LineEvent("door", "out", AT + 2), "1")]),
]


@pytest.mark.parametrize(("cause", "tracks", "at"), MISSED)
def test_missed(cause: str, tracks: FilmedTracks, at: float) -> None:
    found = explain_crossings([], [true(at)], tracks, 1.0)
    assert [(f.kind, f.who, f.time_s, f.cause) for f in found] == [("missed", "ann", at, cause)]


@pytest.mark.parametrize(("cause", "tracks", "truth", "events"), EXTRA)
def test_extra(cause: str, tracks: FilmedTracks, truth: list[TrueCrossing], events: list[CountedEvent]) -> None:
    assert [(f.kind, f.cause) for f in explain_crossings(events, truth, tracks, 1.0)] == [("extra", cause)]


def test_too_late_is_one_event_dated_wrong() -> None:
    found = explain_crossings([counted("1", AT + 2)], [true()], film(WHOLE), 1.0)
    assert [(f.kind, f.cause) for f in found] == [
        ("missed", "counted at another time"),
        ("extra", "counted at another time"),
    ]


def test_a_right_count_needs_no_explanation_and_every_cause_has_a_meaning() -> None:
    assert explain_crossings([counted("1", AT + 0.9)], [true()], film(WHOLE), 1.0) == ()
    assert {cause for cause, *_ in MISSED + EXTRA} | {"counted at another time"} == set(CAUSES)
