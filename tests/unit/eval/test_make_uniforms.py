"""Uniforms from crops: a mean each, and nothing of who wore it."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from dongsun.contract.errors import DongsunError
from dongsun.contract.preprocess import FrameBgr
from dongsun.eval.make_uniforms import LEAST_CROPS, main, uniform_of, write_uniforms
from dongsun.serve_edge.inference.uniform_gallery import read_uniforms
from tests.unit.serve_edge.conftest import make_bundle


def embed(crops: list[FrameBgr]) -> np.ndarray:
    """The mean colour, of length one."""
    colours = np.array([crop.mean(axis=(0, 1)) for crop in crops], np.float32)
    return colours / np.linalg.norm(colours, axis=1, keepdims=True)


def crops(folder: Path, colour: tuple[int, int, int], count: int) -> Path:
    folder.mkdir()
    rng = np.random.default_rng(count)
    for number in range(count):
        shade = np.clip(np.array(colour) + rng.integers(-20, 20, 3), 0, 255)
        cv2.imwrite(str(folder / f"{number}.png"), np.full((40, 20, 3), shade, np.uint8))
    return folder


def test_each_uniform_is_one_row_that_its_crops_are_like(tmp_path: Path) -> None:
    folders = [crops(tmp_path / "green", (20, 200, 20), 12), crops(tmp_path / "red", (20, 20, 200), 10)]
    uniforms = [uniform_of(folder, embed) for folder in folders]
    write_uniforms(tmp_path / "uniforms.npz", uniforms)
    rows = read_uniforms(tmp_path / "uniforms.npz", 3)
    assert rows.shape == (2, 3) and rows[0].argmax() == 1 and rows[1].argmax() == 2
    assert all(0.9 < uniform.least_similarity <= uniform.median_similarity <= 1.0001 for uniform in uniforms)
    assert (tmp_path / "uniforms.npz").stat().st_mode & 0o077 == 0


def test_a_few_crops_are_a_person_not_a_uniform(tmp_path: Path) -> None:
    with pytest.raises(DongsunError, match=str(LEAST_CROPS)):
        uniform_of(crops(tmp_path / "green", (20, 200, 20), 9), embed)


def test_by_a_bundle(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bundle, out = make_bundle(tmp_path / "bundle"), tmp_path / "uniforms.npz"
    folder = crops(tmp_path / "green", (20, 200, 20), 10)
    assert main(["--bundle", str(bundle), "--out", str(out), str(folder)]) == 0
    assert read_uniforms(out, 3).shape == (1, 3)
    assert "threshold: 0.95" in capsys.readouterr().out


def test_without_a_bundle_nothing_is_written(tmp_path: Path) -> None:
    out = tmp_path / "uniforms.npz"
    assert main(["--bundle", str(tmp_path), "--out", str(out), str(tmp_path)]) == 2
    assert not out.exists()
