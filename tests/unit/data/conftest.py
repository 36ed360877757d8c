"""Small data sets made on the spot."""

import unicodedata
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from zlib import crc32

import av
import cv2
import numpy as np
import pytest

from dongsun.data.problems import ProblemLog, problem_log
from dongsun.data.readers.reader import Workspace
from dongsun.data.records import DetectorRecord, ReidRecord


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = Workspace(*(tmp_path / "ws" / name for name in ("detector", "reid", "scratch", "progress")))
    for folder in (made.detector_dir, made.reid_dir, made.scratch_dir):
        folder.mkdir(parents=True)
    return made


@pytest.fixture
def problems(tmp_path: Path):
    with problem_log(tmp_path / "problems.csv") as log:
        yield log


@pytest.fixture
def read(workspace: Workspace, problems: ProblemLog):
    def run(reader) -> list:
        return list(reader.read(workspace, problems))

    return run


@pytest.fixture
def write_picture() -> Callable[..., Path]:
    def write(path: Path, size_wh: tuple[int, int] = (12, 24), value: int = 90, keep_bytes: int | None = None) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        picture = np.random.default_rng(value).integers(0, 255, (size_wh[1], size_wh[0], 3), dtype=np.uint8)
        data = cv2.imencode(path.suffix, picture)[1].tobytes()
        path.write_bytes(data if keep_bytes is None else data[:keep_bytes])
        return path

    return write


@pytest.fixture
def write_video() -> Callable[..., Path]:
    """Lossless enough to recognise a frame: frame i is filled with the grey value 20 + 5 i."""

    def write(path: Path, frames: int, size_wh: tuple[int, int] = (96, 64), rate: int = 10) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        with av.open(str(path), "w") as container:
            stream = container.add_stream("mpeg4", rate=Fraction(rate))
            stream.width, stream.height = size_wh
            stream.pix_fmt = "yuv420p"
            stream.bit_rate = 4_000_000
            for index in range(frames):
                picture = np.full((size_wh[1], size_wh[0], 3), 20 + 5 * index, np.uint8)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
            container.mux(stream.encode())
        return path

    return write


@pytest.fixture
def write_truth() -> Callable[..., Path]:
    def write(path: Path, rows: Sequence[Sequence[float]]) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(",".join(map(str, row)) + "\n" for row in rows))
        return path

    return write


@pytest.fixture
def crop() -> Callable[..., ReidRecord]:
    def make(path: str, person: str = "1", split="train", camera: str = "c1", frame: int = 0, **more) -> ReidRecord:
        return ReidRecord(path, person, camera, more.pop("sequence", "s1"), frame, split, "made", **more)

    return make


@pytest.fixture
def frame() -> Callable[..., DetectorRecord]:
    def make(path: str, split="train", index: int = 0, camera: str = "c1", people: int = 1) -> DetectorRecord:
        label = path.replace("images", "labels").replace(".jpg", ".txt")
        return DetectorRecord(path, label, camera, "s1", index, split, "made", 64, 48, people)

    return make


AIHUB_LABEL = """<?xml version="1.0" encoding="{encoding}"?>
<ANNOTATION><FILE><name>{name}</name></FILE>
<OBJECT ID="{person}"><upperclothes>{upper}</upperclothes><upperclothes_color>검정</upperclothes_color>
<lowerclothes>긴바지</lowerclothes><lowerclothes_color>파랑</lowerclothes_color></OBJECT></ANNOTATION>
"""


@pytest.fixture
def write_aihub(write_picture) -> Callable[..., tuple[Path, Path]]:
    """Writes an image and its label below Korean folders in the given Unicode form."""

    def write(
        root: Path,
        stem: str,
        *,
        part: str = "Training",
        form: str = "NFC",
        upper: str = "반팔",
        encoding: str = "utf-8",
    ) -> tuple[Path, Path]:
        images = root / part / unicodedata.normalize(form, "[원천]재식별")
        labels = root / part / unicodedata.normalize(form, "[라벨]재식별")
        labels.mkdir(parents=True, exist_ok=True)
        image = write_picture(images / f"{stem}.png", value=crc32(stem.encode()) % 200)
        text = AIHUB_LABEL.format(name=f"{stem}.png", person=stem.split("_")[1], upper=upper, encoding=encoding)
        label = labels / f"{stem}.xml"
        label.write_bytes(text.encode("cp949" if encoding == "euc-kr" else encoding))
        return image, label

    return write
