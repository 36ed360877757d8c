"""Readers of true crossings."""

import json
from pathlib import Path

import pytest

from dongsun.contract.errors import DongsunError
from dongsun.eval.crossing_truth import AssetsTruth, OptionalFrames, TwinTruth

_HEADER = "camera_id,line_id,person_id,direction,frame_index,time_s\n"


def _twin(folder: Path, text: str) -> TwinTruth:
    (folder / "crossings.csv").write_text(text, encoding="utf-8")
    return TwinTruth(path=folder)


def test_twin_crossings_of_one_camera_by_time(tmp_path: Path) -> None:
    truth = _twin(tmp_path, _HEADER + "a,door,p1,out,30,3.0\nb,door,p1,in,1,0.1\na,door,p2,in,10,1.0\n")
    crossings = truth.crossings("a")
    assert [(c.person_id, c.direction, c.frame_index, c.time_s) for c in crossings] == [
        ("p2", "in", 10, 1.0),
        ("p1", "out", 30, 3.0),
    ]
    assert crossings[0].event.line_id == "door"
    assert truth.optional_crossings("a") == ()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("camera_id,line_id\n", "no person_id"),
        (_HEADER + "a,door,p1,sideways,30,3.0\n", "sideways"),
        (_HEADER + "a,door,p1,in,x,3.0\n", "crossings.csv:2"),
    ],
)
def test_broken_twin_truth_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(DongsunError, match=problem):
        _twin(tmp_path, text).crossings("a")


def test_absent_twin_truth_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DongsunError, match="no file"):
        TwinTruth(path=tmp_path).crossings("a")


def _assets(folder: Path, rows: object) -> Path:
    path = folder / "crossings.json"
    path.write_text(json.dumps({"clip.mp4": {"crossings": rows}}), encoding="utf-8")
    return path


def test_counted_by_eye(tmp_path: Path) -> None:
    truth = AssetsTruth(
        path=_assets(tmp_path, [[204, "in"], [36, "out"]]), clip="clip.mp4", line_id="door", frames_per_s=12
    )
    assert [(c.frame_index, c.direction, c.time_s) for c in truth.crossings("room")] == [
        (36, "out", 3.0),
        (204, "in", 17.0),
    ]


def test_left_and_right_become_in_and_out(tmp_path: Path) -> None:
    path = _assets(tmp_path, [[23, 15, "R"], [60, 19, "L"]])
    settings = {"path": path, "clip": "clip.mp4", "line_id": "midline", "frames_per_s": 10.0}
    truth = AssetsTruth(**settings, leftwards="in")
    assert [(c.person_id, c.direction) for c in truth.crossings("view1")] == [("15", "out"), ("19", "in")]
    with pytest.raises(DongsunError, match="leftwards"):
        AssetsTruth(**settings).crossings("view1")


def test_optional_crossings_in_seconds(tmp_path: Path) -> None:
    truth = AssetsTruth(
        path=tmp_path / "crossings.json",
        clip="clip.mp4",
        line_id="midline",
        frames_per_s=10,
        optional=(OptionalFrames("out", 532, 627, "feet below the picture"),),
    )
    (event,) = truth.optional_crossings("view1")
    assert (event.from_s, event.until_s, event.direction) == (53.2, 62.7, "out")


def test_broken_assets_truth_is_refused(tmp_path: Path) -> None:
    path = _assets(tmp_path, [["soon", "in"]])
    with pytest.raises(DongsunError, match="soon"):
        AssetsTruth(path=path, clip="clip.mp4", line_id="door", frames_per_s=12).crossings("a")
    with pytest.raises(DongsunError, match="KeyError"):
        AssetsTruth(path=path, clip="other.mp4", line_id="door", frames_per_s=12).crossings("a")
    with pytest.raises(DongsunError, match="no file"):
        AssetsTruth(path=tmp_path / "none.json", clip="clip.mp4", line_id="d", frames_per_s=12).crossings("a")
