"""The runtime's tables against truth files, as a replay leaves them."""

from pathlib import Path

import av
import numpy as np
import pytest

from dongsun.contract.errors import DongsunError
from dongsun.contract.store import CameraConfig
from dongsun.eval.annotated_pictures import choose_frames, save_pictures
from dongsun.eval.crossing_truth import TwinTruth
from dongsun.eval.evaluate_settings import ClipSettings
from dongsun.eval.replay_judge import judge_lines, judge_people, judge_zones, line_figures, read_counted

_CAMERA = CameraConfig.model_validate(
    {
        "lines": {"door": {"from": [0, 0.5], "to": [1, 0.5], "inside": [0.5, 0.9]}},
        "zones": {"tv": {"polygon": [[0, 0], [1, 0], [1, 1]]}},
    }
)


@pytest.fixture
def clip(tmp_path: Path) -> ClipSettings:
    truth = tmp_path / "truth"
    truth.mkdir()
    (truth / "crossings.csv").write_text(
        "camera_id,line_id,person_id,direction,frame_index,time_s\n"
        "cam,door,1,in,20,2.0\ncam,door,2,out,50,5.0\nother,gate,3,in,10,1.0\n"
    )
    (truth / "visits.csv").write_text(
        "camera_id,zone_id,person_id,enter_s,exit_s,dwell_s,truncated\ncam,tv,1,2,8,6,0\nother,tv,1,0,9,9,0\n"
    )
    boxes = [f"{frame},{person},{100 * person},10,20,60,1,1,1" for person in (1, 2) for frame in range(1, 21)]
    (tmp_path / "cam.gt.txt").write_text("\n".join([*boxes, "3,9,300,10,20,60,1,1,1"]))
    return ClipSettings(
        id="cam",
        camera_id="cam",
        source=tmp_path / "cam.mp4",
        truth=TwinTruth(path=truth),
        visits=truth / "visits.csv",
        people=tmp_path / "cam.gt.txt",
    )


@pytest.fixture
def replay(tmp_path: Path) -> Path:
    folder = tmp_path / "replay"
    folder.mkdir()
    (folder / "crossings.csv").write_text(
        "line_id,direction,stream_time_s,frame_index,track_id\ndoor,in,2.100,21,1\ndoor,in,9.000,90,2\n"
    )
    (folder / "visits.csv").write_text("zone_id,enter_s,exit_s,dwell_s\ntv,2.5,8.0,5.5\n")
    rows = [f"{frame},7,100,10,120,70,0.9" for frame in range(20)]
    (folder / "tracks.csv").write_text("\n".join(["frame_index,track_id,x0_px,y0_px,x1_px,y1_px,score", *rows]))
    return folder


def test_lines_are_judged_by_camera(replay: Path, clip: ClipSettings) -> None:
    metrics = judge_lines(read_counted(replay), clip, _CAMERA, 1.0)
    figures = line_figures(metrics, "door")
    assert (figures.both.true, figures.both.predicted, figures.both.matched) == (2, 2, 1)
    assert figures.by_direction["in"].signed_error == 1.0
    assert figures.by_direction["out"].recall == 0.0
    assert figures.mean_offset_s["in"] == pytest.approx(0.1)


def test_zones_are_judged_by_camera(replay: Path, clip: ClipSettings) -> None:
    (zone,) = judge_zones(replay, clip, _CAMERA)
    assert (zone.true, zone.predicted, zone.matched, zone.dwell_error_s) == (1, 1, 1, 0.5)


def test_people_are_those_with_enough_boxes(replay: Path, clip: ClipSettings) -> None:
    judged = judge_people(replay, 3, clip, 0, 20)
    assert judged is not None
    visitors, tracking = judged
    assert (visitors.true, visitors.counted, visitors.count_error) == (2, 3, 0.5)
    assert (tracking.true_people, tracking.tracks) == (3, 1)
    assert tracking.idf1 == pytest.approx(2 * 20 / (20 + 41))


def test_only_replayed_frames_hold_people(replay: Path, clip: ClipSettings) -> None:
    judged = judge_people(replay, 3, clip, 15, 100)
    assert judged is not None
    assert judged[0].true == 0


def test_no_truth_judges_nothing(replay: Path, clip: ClipSettings) -> None:
    bare = ClipSettings(id="cam", camera_id="cam", source=clip.source, truth=clip.truth)
    assert judge_people(replay, 3, bare, 0, 20) is None
    assert judge_zones(replay, bare, _CAMERA) == ()


def test_broken_people_truth_is_refused(replay: Path, clip: ClipSettings) -> None:
    assert clip.people is not None
    clip.people.write_text("1,1,0,0,10,20,1,1,1\nrubbish\n")
    with pytest.raises(DongsunError, match="rubbish"):
        judge_people(replay, 3, clip, 0, 20)


def test_pictures_are_of_crossings_or_evenly_spaced() -> None:
    assert choose_frames([5, 9, 30, 70, 90], 100, 3) == (5, 30, 90)
    assert choose_frames([5], 100, 4) == (12, 38, 62, 88)
    assert choose_frames([], 0, 4) == choose_frames([1], 9, 0) == ()
    assert choose_frames([], 2, 4) == (0, 1)


def test_stills_come_from_the_given_video(tmp_path: Path) -> None:
    video = tmp_path / "annotated.mp4"
    with av.open(str(video), "w") as container:
        stream = container.add_stream("h264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for index in range(6):
            picture = np.full((48, 64, 3), 40 * index, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        container.mux(stream.encode(None))
    saved = save_pictures(video, (1, 4), tmp_path / "pictures")
    assert [path.name for path in saved] == ["frame_000001.jpg", "frame_000004.jpg"]
    assert save_pictures(tmp_path / "none.mp4", (), tmp_path / "pictures") == ()
