from collections.abc import Callable
from pathlib import Path

import pytest

from dongsun.contract.errors import DongsunError
from dongsun.train.detector.weights import start_point


def test_from_scratch() -> None:
    assert start_point(None, "yolo26n").name == "scratch"


def test_local_file(make_checkpoint: Callable[..., Path]) -> None:
    path = make_checkpoint("yolov8n")
    start = start_point(str(path), "yolov8n")
    assert (start.checkpoint, start.name) == (path, "yolov8n.pt")


def test_published_name_without_a_network_names_the_local_way(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("YOLO_OFFLINE", "1")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DongsunError) as caught:
        start_point("yolo26n", "yolo26n")
    assert "detector.weights=/path/to.pt" in caught.value.mend
    assert "network" in caught.value.got


def test_unknown_name_and_missing_path(tmp_path: Path) -> None:
    for weights in ("yolo99z", str(tmp_path / "mine.pt")):
        with pytest.raises(DongsunError, match="an existing file"):
            start_point(weights, "yolo26n")


def test_weights_of_another_architecture(make_checkpoint: Callable[..., Path]) -> None:
    with pytest.raises(DongsunError, match="another architecture"):
        start_point(str(make_checkpoint("yolov8n")), "yolo26n")


def test_file_that_is_no_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "broken.pt"
    path.write_bytes(b"not a checkpoint")
    with pytest.raises(DongsunError, match="detection checkpoint"):
        start_point(str(path), "yolo26n")
