"""The store file: every way it can be wrong names its key."""

from pathlib import Path
from typing import Any

import pytest

from dongsun.contract.errors import DongsunError
from dongsun.contract.store import load_store, parse_store

DOOR = {"from": [0.1, 0.5], "to": [0.9, 0.5], "inside": [0.5, 0.9]}


def store(**camera: Any) -> dict[str, Any]:
    return {"id": "hanoi-01", "cameras": {"entrance": {"lines": {"door": DOOR}, **camera}}}


def test_defaults_are_stated() -> None:
    parsed = parse_store(store(), where="memory")
    assert parsed.camera("entrance").lines["door"].anchor == "foot"
    assert parsed.business_day_starts == "06:00"


@pytest.mark.parametrize(
    ("raw", "named"),
    [
        (store(lines={"door": DOOR | {"inside": [0.3, 0.5]}}), "names no side"),
        (store(lines={"door": DOOR | {"to": [0.1, 0.5]}}), "same point"),
        (store(lines={"door": DOOR | {"to": [1.2, 0.5]}}), "cameras.entrance.lines.door.to"),
        (store(lines={"door": DOOR | {"anchor": "head"}}), "cameras.entrance.lines.door.anchor"),
        (store(zones={"tv": {"polygon": [[0, 0], [1, 1]]}}), "cameras.entrance.zones.tv.polygon"),
        (store(floor_points=[[0, 0, 0, 0]]), "four points"),
        (store(sauce="rtsp://x"), "cameras.entrance.sauce"),
        (store() | {"timezone": "Asia/Hanoii"}, "IANA"),
        (store() | {"id": "Hanoi 01"}, "id"),
        (store() | {"business_day_starts": "25:00"}, "business_day_starts"),
        ({"id": "a", "cameras": {}}, "cameras"),
        (None, "file"),
    ],
)
def test_what_is_wrong_is_named(raw: Any, named: str) -> None:
    with pytest.raises(DongsunError, match=named):
        parse_store(raw, where="memory")


def test_file_with_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "s.yaml"
    path.write_text("id: s\ncameras: {c: {source: '${oc.env:CLIPS}/a.mp4'}, d: {source: '${oc.env:ABSENT,x}/b.mp4'}}\n")
    monkeypatch.setenv("CLIPS", "/clips")
    loaded = load_store(path)
    assert loaded.cameras["c"].source == "/clips/a.mp4"
    assert loaded.cameras["d"].source == "x/b.mp4"


def test_absent_and_broken_files(tmp_path: Path) -> None:
    with pytest.raises(DongsunError, match="nothing there"):
        load_store(tmp_path / "no.yaml")
    (tmp_path / "b.yaml").write_text("id: [")
    with pytest.raises(DongsunError, match="YAML"):
        load_store(tmp_path / "b.yaml")
    with pytest.raises(DongsunError, match="entrance"):
        parse_store(store(), where="memory").camera("back")
