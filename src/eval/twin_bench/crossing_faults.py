"""Why a crossing was missed, and where an extra one came from: each wrong event with its probable cause."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.optimize import linear_sum_assignment

from dongsun.contract.detections import iou_matrix
from dongsun.contract.observations import Direction
from dongsun.eval.counting_metrics import match_times
from dongsun.eval.crossing_truth import TrueCrossing
from dongsun.eval.line_event import LineEvent
from dongsun.eval.people_truth import PathsByFrame
from dongsun.eval.twin_bench.box_truth import LEAST_VISIBILITY, TrueBox

Cause = Literal[
    "the film begins or ends here",
    "counted at another time",
    "hidden",
    "not found before the line",
    "not found beyond the line",
    "the track broke",
    "the track went on with somebody else",
    "counted twice",
    "nobody there",
    "placed wrong",
]
CAUSES: Mapping[Cause, str] = {
    "the film begins or ends here": "within a second of either end: one side of the line was not filmed",
    "counted at another time": "the same person was counted, too early or too late to match",
    "hidden": "less than 40 % to be seen, mostly, on one side of the line",
    "not found before the line": "to be seen, but on no track, before the line",
    "not found beyond the line": "to be seen, but on no track, beyond the line",
    "the track broke": "one track before the line, another one beyond it",
    "the track went on with somebody else": "the track's box was on one person before the line, on another beyond it",
    "counted twice": "another track counted this person's crossing within five seconds",
    "nobody there": "the track was on nobody",
    "placed wrong": "one track all the way: feet misplaced, the line's end, or too near the line to tell",
}
"""Cause → what it means."""
LOOK_S = 1.5
"""So long before and after a crossing is looked at."""
LATE_S = 5.0
"""A count of the same person so much too early or too late is that crossing's, dated wrong."""
EDGE_S = 1.0
_LEAST_IOU = 0.3


@dataclass(frozen=True)
class CountedEvent:
    """A counted crossing and its track."""

    event: LineEvent
    track_id: str


@dataclass(frozen=True)
class CrossingFault:
    """A crossing missed (`who` is the person) or counted too much (`who` is the track)."""

    kind: Literal["missed", "extra"]
    line_id: str
    direction: Direction
    time_s: float
    who: str
    cause: Cause


@dataclass(frozen=True)
class FilmedTracks:
    """Which person was on which track.

    Attributes:
        on: Frame → (person, track) pairs.
        visibility: (person, frame) → share of the body to be seen.
        fps: Pictures a second.
        seconds: The film's length.
    """

    on: Mapping[int, tuple[tuple[str, str], ...]]
    visibility: Mapping[tuple[str, int], float]
    fps: float
    seconds: float

    @staticmethod
    def of(boxes: Iterable[TrueBox], tracked: PathsByFrame, fps: float, frames: int) -> "FilmedTracks":
        """Pairs true boxes with tracked ones, one to one in each frame (IoU 0.3: those of hidden people are unsure)."""
        true: dict[int, list[TrueBox]] = {}
        for box in boxes:
            true.setdefault(box.frame_index, []).append(box)
        on: dict[int, tuple[tuple[str, str], ...]] = {}
        for frame, found in tracked.items():
            here = true.get(frame, [])
            people = np.array([box.xyxy_px for box in here], np.float32).reshape(-1, 4)
            overlap = iou_matrix(people, found.boxes_xyxy_px)
            pairs = zip(*linear_sum_assignment(overlap, maximize=True), strict=True)
            on[frame] = tuple((here[i].person_id, found.names[j]) for i, j in pairs if overlap[i, j] >= _LEAST_IOU)
        seen = {(box.person_id, box.frame_index): box.visibility for frame in true.values() for box in frame}
        return FilmedTracks(on, seen, fps, frames / fps)

    def at_end(self, time_s: float) -> bool:
        """Whether the film begins or ends within a second."""
        return time_s < EDGE_S or time_s > self.seconds - EDGE_S

    def tracks_of(self, person: str, from_s: float, to_s: float) -> Counter[str]:
        """Track → frames in which it was on the person."""
        return Counter(track for frame in self._span(from_s, to_s) for who, track in frame if who == person)

    def people_on(self, track: str, from_s: float, to_s: float) -> Counter[str]:
        """Person → frames in which the track was on them."""
        return Counter(who for frame in self._span(from_s, to_s) for who, name in frame if name == track)

    def hidden(self, person: str, from_s: float, to_s: float) -> bool:
        """Whether less than the promised share of the person could be seen in most of the frames."""
        seen = [self.visibility.get((person, frame), 0.0) for frame in self._frames(from_s, to_s)]
        return bool(np.median(seen) < LEAST_VISIBILITY) if seen else True

    def _frames(self, from_s: float, to_s: float) -> range:
        return range(max(round(from_s * self.fps), 0), min(round(to_s * self.fps), round(self.seconds * self.fps)))

    def _span(self, from_s: float, to_s: float) -> Iterable[tuple[tuple[str, str], ...]]:
        return (self.on.get(frame, ()) for frame in self._frames(from_s, to_s))


def explain_crossings(
    counted: Sequence[CountedEvent], true: Sequence[TrueCrossing], film: FilmedTracks, tolerance_s: float
) -> tuple[CrossingFault, ...]:
    """Every missed and every extra crossing with its probable cause, by time.

    The matching is `evaluate_counts`'; a cause is the first of `CAUSES` that fits, so look at the film in doubt.
    """
    matched = _matched(counted, true, tolerance_s)
    spare = sorted(set(range(len(counted))) - {p for p, _ in matched})
    lost = sorted(set(range(len(true))) - {t for _, t in matched})
    late = {(p, t) for p in spare for t in lost if _is_late(counted[p], true[t], film)}
    found = [true[t] for _, t in matched]
    faults = [_missed(true[t], film, any(t == other for _, other in late)) for t in lost]
    faults += [_extra(counted[p], film, any(p == other for other, _ in late), found) for p in spare]
    return tuple(sorted(faults, key=lambda fault: (fault.time_s, fault.kind, fault.who)))


def _missed(crossing: TrueCrossing, film: FilmedTracks, is_late: bool) -> CrossingFault:
    who, at = crossing.person_id, crossing.time_s
    before, after = film.tracks_of(who, at - LOOK_S, at), film.tracks_of(who, at, at + LOOK_S)
    cause: Cause
    if film.at_end(at):
        cause = "the film begins or ends here"
    elif is_late:
        cause = "counted at another time"
    elif not (before and after) and any(film.hidden(who, *span) for span in ((at - LOOK_S, at), (at, at + LOOK_S))):
        cause = "hidden"
    elif not before:
        cause = "not found before the line"
    elif not after:
        cause = "not found beyond the line"
    else:
        cause = "placed wrong" if before.keys() & after.keys() else "the track broke"
    return CrossingFault("missed", crossing.line_id, crossing.direction, at, who, cause)


def _extra(counted: CountedEvent, film: FilmedTracks, is_late: bool, found: Sequence[TrueCrossing]) -> CrossingFault:
    event, at = counted.event, counted.event.time_s
    before = film.people_on(counted.track_id, at - LOOK_S, at)
    after = film.people_on(counted.track_id, at, at + LOOK_S)
    cause: Cause
    if film.at_end(at):
        cause = "the film begins or ends here"
    elif is_late:
        cause = "counted at another time"
    elif not (before or after):
        cause = "nobody there"
    elif before and after and before.most_common(1)[0][0] != after.most_common(1)[0][0]:
        cause = "the track went on with somebody else"
    else:
        who = (before + after).most_common(1)[0][0]
        same = [c for c in found if (c.person_id, c.line_id, c.direction) == (who, event.line_id, event.direction)]
        cause = "counted twice" if any(abs(c.time_s - at) <= LATE_S for c in same) else "placed wrong"
    return CrossingFault("extra", event.line_id, event.direction, at, counted.track_id, cause)


def _is_late(counted: CountedEvent, true: TrueCrossing, film: FilmedTracks) -> bool:
    event = counted.event
    if (event.line_id, event.direction) != (true.line_id, true.direction) or abs(event.time_s - true.time_s) > LATE_S:
        return False
    people = film.people_on(counted.track_id, event.time_s - LOOK_S, event.time_s + LOOK_S)
    return bool(people) and people.most_common(1)[0][0] == true.person_id


def _matched(
    counted: Sequence[CountedEvent], true: Sequence[TrueCrossing], tolerance_s: float
) -> list[tuple[int, int]]:
    """(index of counted, index of true) pairs, line by line and direction by direction."""
    pairs: list[tuple[int, int]] = []
    for key in {(c.line_id, c.direction) for c in true}:
        mine = [k for k, c in enumerate(counted) if (c.event.line_id, c.event.direction) == key]
        theirs = [k for k, c in enumerate(true) if (c.line_id, c.direction) == key]
        mine.sort(key=lambda k: counted[k].event.time_s)
        theirs.sort(key=lambda k: true[k].time_s)
        counted_s = np.array([counted[k].event.time_s for k in mine], np.float64)
        true_s = np.array([true[k].time_s for k in theirs], np.float64)
        pairs += [(mine[p], theirs[t]) for p, t in match_times(counted_s, true_s, tolerance_s)]
    return pairs
