"""The page shows what the files say, and loads nothing."""

import json
import re
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from dongsun.contract.errors import DongsunError
from dongsun.contract.stage import SilentRunLog
from dongsun.twin.run_view import ViewStage

STORE = """
id: tiny
cameras:
  eye: {lines: {door: {from: [0.2, 0.6], to: [0.8, 0.6], inside: [0.5, 0.9]}}}
twin:
  width_px: 64
  height_px: 64
  floor: [[-4, 0], [4, 0], [4, 6], [-4, 6]]
  doors: {"</script><b>": {from: [-1, 0], to: [1, 0]}}
  shelves: [{x0_m: -3, y0_m: 4, x1_m: -2, y1_m: 5}]
  cameras:
    eye: {position_m: [0, 5.8, 2.8], yaw_deg: -90, pitch_deg: 35}
"""


@pytest.fixture
def filmed(tmp_path: Path) -> Path:
    (tmp_path / "tiny.yaml").write_text(STORE, encoding="utf-8")
    split = tmp_path / "test"
    (split / "truth").mkdir(parents=True)
    with av.open(str(split / "eye.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width = stream.height = 64
        for k in range(31):
            picture = np.full((64, 64, 3), 8 * k, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        container.mux(stream.encode(None))
    (split / "eye.gt.txt").write_text("1,7,8.00,16.00,16.00,32.00,1,1,0.900\n11,800001,0,0,32,32,1,1,0.2\n")
    (split / "truth" / "positions.csv").write_text(
        "frame_index,person_id,x_m,y_m,yaw_rad,extra\n0,7,1.0,2.0,0.5,x\n10,800001,0,1,0,x\n30,7,2.0,2.0,0,x\n"
    )
    (split / "truth" / "crossings.csv").write_text(
        "camera_id,line_id,person_id,direction,frame_index,time_s\neye,door,7,in,12,1.20\n"
    )
    (split / "truth" / "visits.csv").write_text(
        "camera_id,zone_id,person_id,enter_s,exit_s,dwell_s,truncated\neye,shelf,7,0.50,2.00,1.50,0\n"
    )
    return split


def stage(split: Path, every_s: float = 1.0, max_frames: int = 50) -> ViewStage:
    return ViewStage(split.parent / "tiny.yaml", split, split.parent / "page.html", every_s, max_frames)


def data_of(page: str) -> dict[str, Any]:
    found = re.search(r'<script id="data" type="application/json">(.*?)</script>', page, re.DOTALL)
    assert found
    return dict(json.loads(found[1]))


def test_the_page_holds_what_the_files_say(filmed: Path) -> None:
    result = stage(filmed).run(SilentRunLog())
    page = result.artifacts[0].read_text(encoding="utf-8")
    data = data_of(page)
    assert data["times"] == [0.0, 1.0, 2.0, 3.0]
    assert data["people"] == [[[7, 1.0, 2.0, 0.5]], [[800001, 0.0, 1.0, 0.0]], [], [[7, 2.0, 2.0, 0.0]]]
    assert data["cameras"]["eye"]["boxes"] == [
        [[7, 0.125, 0.25, 0.25, 0.5, 0.9]],
        [[800001, 0.0, 0.0, 0.5, 0.5, 0.2]],
        [],
        [],
    ]
    assert data["events"] == [[0.5, "visit", "eye", "shelf", 7, 1.5], [1.2, "in", "eye", "door", 7, None]]
    assert len(data["pictures"]["eye"]) == 4
    assert len(set(data["pictures"]["eye"])) == 4  # each moment has a picture of its own
    assert result.metrics == {"moments": 4.0, "events": 2.0}


def test_the_page_is_bilingual_drawn_and_loads_nothing(filmed: Path) -> None:
    page = stage(filmed).run(SilentRunLog()).artifacts[0].read_text(encoding="utf-8")
    assert "Floor plan" in page and "평면도" in page and "Synthetic" in page and "합성" in page
    assert 'data-camera="eye"' in page and 'points="12.8,38.4 51.2,38.4"' in page
    assert page.count('class="shelf"') == 1 and page.count('class="door"') == 1
    assert "</script><b>" not in page and "&lt;/script&gt;&lt;b&gt;" in page
    assert not re.search(r"(src|href)\s*=\s*[\"']https?:", page) and "@@" not in page
    assert set(re.findall(r"https?://[^\"' ]+", page)) <= {"http://www.w3.org/2000/svg"}


def test_only_so_many_pictures(filmed: Path) -> None:
    page = stage(filmed, 0.5, 3).run(SilentRunLog()).artifacts[0].read_text(encoding="utf-8")
    assert data_of(page)["times"] == [0.0, 0.5, 1.0]


@pytest.mark.parametrize(
    ("name", "said"),
    [("eye.mp4", "film of every camera"), ("eye.gt.txt", "kind video"), ("truth/positions.csv", "kind video")],
)
def test_a_missing_file_is_named(filmed: Path, name: str, said: str) -> None:
    (filmed / name).unlink()
    with pytest.raises(DongsunError, match=said) as caught:
        stage(filmed).run(SilentRunLog())
    assert caught.value.where == str(filmed / name)
    assert not (filmed.parent / "page.html").exists()


def test_a_broken_row_is_named(filmed: Path) -> None:
    (filmed / "eye.gt.txt").write_text("1,7,8,16,16,32,1,1,0.9\nnonsense\n")
    with pytest.raises(DongsunError, match="MOT row") as caught:
        stage(filmed).run(SilentRunLog())
    assert caught.value.where.endswith("eye.gt.txt:2")
