"""What makes a true crossing hard to count, and how many of the hard ones were counted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from dongsun.eval.counting_metrics import match_times
from dongsun.eval.crossing_truth import TrueCrossing, read_table
from dongsun.eval.line_event import LineEvent
from dongsun.eval.twin_bench.box_truth import TrueBox
from dongsun.eval.twin_bench.estimate import Ratio
from dongsun.twin.plan.layout import Lighting

Difficulty = Literal["crowd", "occlusion", "light", "u_turn", "staff"]
CROWD_M = 0.8
OCCLUDED_VISIBILITY = 0.6
U_TURN_S = 10.0
DIM_LEVEL = 0.6


@dataclass(frozen=True)
class TaggedCrossing:
    """A true crossing and what is hard about it.

    Attributes:
        crossing: The crossing.
        tags: Difficulty → whether it applies; a difficulty that isn't asked, or is the same all day, is absent.
    """

    crossing: TrueCrossing
    tags: Mapping[Difficulty, bool]


def tag_crossings(
    crossings: Sequence[TrueCrossing], boxes: Sequence[TrueBox], wanted: Sequence[Difficulty]
) -> tuple[TaggedCrossing, ...]:
    """Tags occlusion and u-turns, which follow from crossings and boxes alone.

    Somebody without a box in the crossing's frame is wholly hidden. Both crossings of a u-turn are tagged: the same
    person passing the same line both ways within `U_TURN_S`.
    """
    visibility = {(box.frame_index, box.person_id): box.visibility for box in boxes}
    tagged = []
    for crossing in crossings:
        tags: dict[Difficulty, bool] = {}
        if "occlusion" in wanted:
            seen = visibility.get((crossing.frame_index, crossing.person_id), 0.0)
            tags["occlusion"] = seen < OCCLUDED_VISIBILITY
        if "u_turn" in wanted:
            tags["u_turn"] = any(_is_u_turn(crossing, other) for other in crossings)
        tagged.append(TaggedCrossing(crossing, tags))
    return tuple(tagged)


def tag_from_table(
    tagged: Sequence[TaggedCrossing], crossings_csv: Path, camera_id: str, wanted: Sequence[Difficulty]
) -> tuple[TaggedCrossing, ...]:
    """Adds crowd and staff, which `truth/crossings.csv` states itself.

    Raises:
        DongsunError: One of them is asked, and the file has no such column.
    """
    columns = {"crowd": "nearest_person_m", "staff": "staff"}
    needed = [column for name, column in columns.items() if name in wanted]
    if not needed:
        return tuple(tagged)
    key = ("camera_id", "line_id", "person_id", "direction", "frame_index")
    rows = {
        tuple(row[k] for k in key[1:]): row
        for row in read_table(crossings_csv, (*key, *needed))
        if row["camera_id"] == camera_id
    }
    added = []
    for item in tagged:
        c = item.crossing
        row = rows[c.line_id, c.person_id, c.direction, str(c.frame_index)]
        tags = dict(item.tags)
        if "crowd" in wanted:
            nearest = row["nearest_person_m"]
            tags["crowd"] = nearest != "" and float(nearest) < CROWD_M
        if "staff" in wanted:
            tags["staff"] = row["staff"] == "1"
        added.append(replace(item, tags=tags))
    return tuple(added)


def tag_light(tagged: Sequence[TaggedCrossing], lighting: Lighting, starts_at: str) -> tuple[TaggedCrossing, ...]:
    """Adds `light` (the shop is dim) where the plan's light changes over the day; otherwise nothing."""
    constant = all(len({level for _, level in curve}) == 1 for curve in (lighting.lamps, lighting.daylight))
    if constant:
        return tuple(tagged)
    start_s = _seconds(starts_at)
    return tuple(
        replace(item, tags={**item.tags, "light": light_level(lighting, start_s + item.crossing.time_s) < DIM_LEVEL})
        for item in tagged
    )


def light_level(lighting: Lighting, time_of_day_s: float) -> float:
    """Mean of the lamps' level (steps) and the daylight's (straight lines) at a time of day; both go round midnight."""
    now = time_of_day_s % 86400.0
    lamps = sorted((_seconds(at), level) for at, level in lighting.lamps)
    lamp = [level for at, level in [(lamps[-1][0] - 86400.0, lamps[-1][1]), *lamps] if at <= now][-1]
    at_s, levels = zip(*sorted((_seconds(at), level) for at, level in lighting.daylight), strict=True)
    return 0.5 * (lamp + float(np.interp(now, at_s, levels, period=86400.0)))


def matched_crossings(
    counted: Sequence[LineEvent], true: Sequence[TrueCrossing], tolerance_s: float
) -> tuple[bool, ...]:
    """Whether each true crossing was counted: the same matching as `evaluate_counts`."""
    found = [False] * len(true)
    for line_id, direction in {(c.line_id, c.direction) for c in true}:
        events = [e for e in counted if (e.line_id, e.direction) == (line_id, direction)]
        predicted_s = np.sort(np.array([e.time_s for e in events], dtype=np.float64))
        indices = [k for k, c in enumerate(true) if (c.line_id, c.direction) == (line_id, direction)]
        indices.sort(key=lambda k: true[k].time_s)
        true_s = np.array([true[k].time_s for k in indices], dtype=np.float64)
        for _, position in match_times(predicted_s, true_s, tolerance_s):
            found[indices[position]] = True
    return tuple(found)


def recall_by_difficulty(tagged: Sequence[TaggedCrossing], found: Sequence[bool]) -> dict[str, Ratio]:
    """`recall_<difficulty>` and `recall_not_<difficulty>`, each matched / true."""
    recalls: dict[str, Ratio] = {}
    for item, was_found in zip(tagged, found, strict=True):
        for name, applies in item.tags.items():
            key = f"recall_{name}" if applies else f"recall_not_{name}"
            recalls[key] = recalls.get(key, Ratio(0.0, 0.0)) + Ratio(float(was_found), 1.0)
    return recalls


def _is_u_turn(one: TrueCrossing, other: TrueCrossing) -> bool:
    return (
        (one.line_id, one.person_id) == (other.line_id, other.person_id)
        and one.direction != other.direction
        and abs(one.time_s - other.time_s) <= U_TURN_S
    )


def _seconds(time_of_day: str) -> float:
    hours, minutes = time_of_day.split(":")
    return int(hours) * 3600.0 + int(minutes) * 60.0
