"""Recall split by what is hard."""

from pathlib import Path

import numpy as np
import pytest

from dongsun.contract.errors import DongsunError
from dongsun.eval.counting_metrics import evaluate_counts
from dongsun.eval.crossing_truth import TrueCrossing
from dongsun.eval.line_event import LineEvent
from dongsun.eval.twin_bench.box_truth import TrueBox
from dongsun.eval.twin_bench.difficulty import (
    TaggedCrossing,
    light_level,
    matched_crossings,
    recall_by_difficulty,
    tag_crossings,
    tag_from_table,
    tag_light,
)
from dongsun.eval.twin_bench.estimate import Ratio
from dongsun.twin.plan.layout import Lighting


def _crossing(person: str, time_s: float, direction: str = "in", line: str = "door") -> TrueCrossing:
    return TrueCrossing("cam", line, person, "in" if direction == "in" else "out", round(time_s * 10), time_s)


def _box(person: str, frame: int, visibility: float) -> TrueBox:
    return TrueBox(frame, person, (0.0, 0.0, 20.0, 60.0), visibility)


def test_occlusion_is_read_at_the_crossings_frame() -> None:
    crossings = [_crossing("1", 1.0), _crossing("2", 2.0), _crossing("3", 3.0)]
    boxes = [_box("1", 10, 0.6), _box("1", 11, 0.1), _box("2", 20, 0.59)]
    tags = [t.tags for t in tag_crossings(crossings, boxes, ("occlusion",))]
    assert tags == [{"occlusion": False}, {"occlusion": True}, {"occlusion": True}]  # 3 has no box: hidden


def test_u_turn_needs_same_person_line_other_direction_and_ten_seconds() -> None:
    crossings = [
        _crossing("1", 1.0),
        _crossing("1", 11.0, "out"),
        _crossing("2", 20.0),
        _crossing("2", 30.5, "out"),
        _crossing("3", 40.0),
        _crossing("3", 41.0, "out", line="aisle"),
        _crossing("4", 50.0),
        _crossing("5", 51.0, "out"),
    ]
    tags = [t.tags["u_turn"] for t in tag_crossings(crossings, [], ("u_turn",))]
    assert tags == [True, True] + [False] * 6


def _write(path: Path, header: str, *rows: str) -> Path:
    path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
    return path


def test_crowd_and_staff_come_from_the_table(tmp_path: Path) -> None:
    header = "camera_id,line_id,person_id,direction,frame_index,time_s,staff,nearest_person_m"
    rows = ("cam,door,1,in,10,1.00,0,0.79", "cam,door,2,out,20,2.00,1,0.8", "cam,door,3,in,30,3.00,0,")
    file = _write(tmp_path / "crossings.csv", header, *rows)
    tagged = tuple(
        TaggedCrossing(c, {}) for c in (_crossing("1", 1.0), _crossing("2", 2.0, "out"), _crossing("3", 3.0))
    )
    added = tag_from_table(tagged, file, "cam", ("crowd", "staff"))
    assert [t.tags for t in added] == [
        {"crowd": True, "staff": False},
        {"crowd": False, "staff": True},
        {"crowd": False, "staff": False},
    ]


def test_missing_columns_matter_only_when_asked(tmp_path: Path) -> None:
    file = _write(
        tmp_path / "crossings.csv",
        "camera_id,line_id,person_id,direction,frame_index,time_s",
        "cam,door,1,in,10,1.00",
    )
    tagged = (TaggedCrossing(_crossing("1", 1.0), {}),)
    assert tag_from_table(tagged, file, "cam", ("occlusion", "u_turn")) == tagged
    with pytest.raises(DongsunError, match="staff"):
        tag_from_table(tagged, file, "cam", ("staff",))


def test_light_levels_step_for_lamps_and_slope_for_daylight() -> None:
    lighting = Lighting(lamps=(("08:00", 1.0), ("20:00", 0.2)), daylight=(("06:00", 0.0), ("12:00", 1.0)))
    assert light_level(lighting, 12 * 3600) == pytest.approx(1.0)
    assert light_level(lighting, 9 * 3600) == pytest.approx(0.75)
    assert light_level(lighting, 20 * 3600 - 1) > light_level(lighting, 20 * 3600)
    assert light_level(lighting, 3 * 3600) == pytest.approx(0.5 * (0.2 + 1 / 6))  # both go round midnight


def test_light_is_skipped_where_it_never_changes() -> None:
    tagged = (TaggedCrossing(_crossing("1", 1.0), {}),)
    assert tag_light(tagged, Lighting(), "12:00") == tagged
    dim = Lighting(lamps=(("08:00", 1.0), ("20:00", 0.1)))
    assert tag_light(tagged, dim, "21:00")[0].tags == {"light": True}
    assert tag_light(tagged, dim, "10:00")[0].tags == {"light": False}


@pytest.mark.parametrize("seed", range(10))
def test_matched_crossings_agree_with_the_counting_metrics(seed: int) -> None:
    draw = np.random.default_rng(seed)
    true = [
        _crossing(str(k), float(draw.uniform(0, 20)), draw.choice(["in", "out"]), draw.choice(["door", "aisle"]))
        for k in range(25)
    ]
    counted = [
        LineEvent(c.line_id, c.direction, c.time_s + float(draw.normal(0, 0.8))) for c in true if draw.random() < 0.7
    ]
    found = matched_crossings(counted, true, 1.0)
    judged = evaluate_counts(counted, [c.event for c in true], ("door", "aisle"), tolerance_s=1.0)
    assert sum(found) == judged.total.matched
    recalls = recall_by_difficulty(tag_crossings(true, [], ("u_turn",)), found)
    together = sum(recalls.values(), start=Ratio(0, 0))
    assert together == Ratio(judged.total.matched, judged.total.true)


def test_the_right_crossings_are_matched() -> None:
    true = [_crossing("late", 9.0), _crossing("early", 2.0)]
    assert matched_crossings([LineEvent("door", "in", 2.3)], true, 1.0) == (False, True)
