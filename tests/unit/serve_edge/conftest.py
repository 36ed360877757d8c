"""A real bundle and a real video, both made here: the detector finds red figures, the re-ID model sees colours."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import openvino as ov
import pytest
from openvino import opset13 as ops

from dongsun.contract.bundle import (
    MANIFEST_NAME,
    BundleManifest,
    DetectorSpec,
    Provenance,
    ReidSpec,
    SimilarityThreshold,
    file_entry,
)
from dongsun.contract.clock import utc_now
from dongsun.contract.preprocess import InputSpec

FIGURE_W, FIGURE_H = 24, 64
WIDTH, HEIGHT = 320, 192
Picture = npt.NDArray[np.uint8]
Place = tuple[float, float]
"""Foot point (x, y) of a figure, pixels; its blue value tells figures apart."""


def _red_finder() -> ov.Model:
    """Anchors every 4 px; the score grows with the share of a figure-sized window that is red."""
    x = ops.parameter([1, 3, HEIGHT, WIDTH], np.float32)
    red = ops.convolution(x, np.array([1, -1, 0], np.float32).reshape(1, 3, 1, 1), [1, 1], [0, 0], [0, 0], [1, 1])
    share = ops.avg_pool(red, [4, 4], [0, 0], [0, 0], [FIGURE_H, FIGURE_W], exclude_pad=True)
    rows, columns = (HEIGHT - FIGURE_H) // 4 + 1, (WIDTH - FIGURE_W) // 4 + 1
    # A power sharpens the peak: half a figure must not pass for a whole one.
    score = ops.reshape(
        ops.power(share, ops.constant(np.float32(5))), np.array([1, 1, rows * columns]), special_zero=False
    )
    grid_y, grid_x = np.mgrid[0:rows, 0:columns] * 4.0
    boxes = np.stack(
        [grid_x + FIGURE_W / 2, grid_y + FIGURE_H / 2, np.full_like(grid_x, FIGURE_W), np.full_like(grid_x, FIGURE_H)]
    ).reshape(1, 4, -1)
    return ov.Model([ops.concat([ops.constant(boxes.astype(np.float32)), score], 1)], [x], "red_finder")


def _colour_seer() -> ov.Model:
    x = ops.parameter([1, 3, 32, 16], np.float32)
    pooled = ops.avg_pool(x, [32, 16], [0, 0], [0, 0], [32, 16], exclude_pad=True)
    centred = ops.subtract(pooled, ops.constant(np.float32(0.5)))
    return ov.Model([ops.reshape(centred, np.array([1, 3]), special_zero=False)], [x], "colour_seer")


def make_bundle(folder: Path, *, with_reid: bool = True) -> Path:
    (folder / "openvino").mkdir(parents=True)
    ov.save_model(_red_finder(), folder / "openvino/detector.xml", compress_to_fp16=False)
    threshold = SimilarityThreshold(
        similarity=0.95, ci95=(0.9, 0.97), target_false_match_rate=0.01, false_match_rate=0.01, true_match_rate=0.9,
        genuine_pairs=1000, impostor_pairs=1000, persons=20,
    )  # fmt: skip
    reid = None
    if with_reid:
        ov.save_model(_colour_seer(), folder / "openvino/reid.xml", compress_to_fp16=False)
        small = InputSpec(height_px=32, width_px=16, channels="rgb", resize="stretch", scale=1 / 255)
        reid = ReidSpec(
            files={"FP32": "openvino/reid.xml"}, shipped_precision="FP32", input=small, embedding_size=3,
            thresholds={"FP32": threshold},
        )  # fmt: skip
    files = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    manifest = BundleManifest(
        schema_version=1,
        store_id="tiny",
        version="7",
        created_at_utc=utc_now(),
        detector=DetectorSpec(
            files={"FP32": "openvino/detector.xml"},
            shipped_precision="FP32",
            input=InputSpec(height_px=HEIGHT, width_px=WIDTH, channels="rgb", resize="letterbox", scale=1 / 255),
            output="raw_cxcywh_scores",
            class_names=("person",),
            person_class=0,
            score_threshold=0.5,
            nms_iou=0.3,
        ),
        reid=reid,
        metrics={"detector_map50": 0.9},
        provenance=Provenance(git_commit="0" * 40, git_dirty=False, dvc_hashes={}, mlflow_run_id=None, packages={}),
        files=tuple(file_entry(folder, name) for name in files),
    )
    (folder / MANIFEST_NAME).write_text(manifest.model_dump_json())
    return folder


def figures(places: list[tuple[Place, int]]) -> Picture:
    """A grey picture with red figures at foot points, each with its own blue."""
    picture = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    for (x, y), blue in places:
        left, top = round(x - FIGURE_W / 2), round(y - FIGURE_H)
        picture[max(top, 0) : max(round(y), 0), max(left, 0) : max(left + FIGURE_W, 0)] = (blue, 0, 255)
    return picture


def write_video(path: Path, pictures: list[Picture], rate: int = 10) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = pictures[0].shape[1], pictures[0].shape[0], "yuv420p"
        stream.options = {"crf": "8", "preset": "ultrafast"}
        stream.codec_context.time_base = Fraction(1, rate)
        for index, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts, frame.time_base = index, Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.fixture(scope="session")
def tiny_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bundle(tmp_path_factory.mktemp("bundle") / "tiny")


@pytest.fixture(scope="session")
def bundle_without_reid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bundle(tmp_path_factory.mktemp("bundle") / "plain", with_reid=False)


@pytest.fixture(scope="session")
def video_of() -> Callable[[Path, list[Picture]], Path]:
    return write_video


@pytest.fixture(scope="session")
def walkers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """40 frames: blue 0 walks right over the middle, blue 250 walks left over it."""
    pictures = [figures([((40 + 6 * i, 90.0), 0), ((280 - 6 * i, 180.0), 250)]) for i in range(40)]
    return write_video(tmp_path_factory.mktemp("video") / "walkers.mp4", pictures)


@pytest.fixture(scope="session")
def pausing_walkers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """70 frames: the same two stand still for three seconds before they come to the middle."""
    steps = [*range(15), *[15] * 31, *range(16, 40)]
    pictures = [figures([((40 + 6 * i, 90.0), 0), ((280 - 6 * i, 180.0), 250)]) for i in steps]
    return write_video(tmp_path_factory.mktemp("video") / "pausing.mp4", pictures)


@pytest.fixture(scope="session")
def store_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("store") / "tiny.yaml"
    path.write_text(
        "id: tiny\ncameras:\n  hall:\n    lines:\n"
        "      middle: {from: [0.5, 0.0], to: [0.5, 1.0], inside: [0.9, 0.5]}\n"
        "    zones:\n      left: {polygon: [[0.0, 0.0], [0.5, 0.0], [0.5, 1.0], [0.0, 1.0]]}\n"
    )
    return path
