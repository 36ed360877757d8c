"""A store's crops and a detector, made in memory; and a log that remembers."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from dongsun.contract.stage import RunLog
from dongsun.data.manifest import write_manifest
from dongsun.data.records import ReidRecord, Split
from dongsun.train.detector.weights import new_detection_model

PEOPLE: dict[Split, int] = {"train": 5, "validation": 3, "calibration": 2, "test": 4}
IMAGES = 9


class RememberingLog:
    """A `RunLog` that keeps the children it was asked for and their values."""

    def __init__(self) -> None:
        self.children: list[tuple[str, dict[str, Any]]] = []
        self.values: dict[str, float] = {}
        self.failed: list[str] = []

    def metrics(self, values: Mapping[str, float], step: int | None = None) -> None:
        self.values |= values

    @contextmanager
    def child(self, name: str, params: Mapping[str, Any]) -> Iterator[RunLog]:
        self.children.append((name, dict(params)))
        try:
            yield self
        except BaseException:
            self.failed.append(name)
            raise


@pytest.fixture(autouse=True)
def _few_threads() -> None:
    torch.set_num_threads(1)


@pytest.fixture
def log() -> RememberingLog:
    return RememberingLog()


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained YOLOv8n."""
    torch.manual_seed(0)
    model = new_detection_model({**new_detection_model("yolov8n").yaml, "nc": 1})
    model.names, model.args = {0: "person"}, {}
    path = tmp_path_factory.mktemp("checkpoint") / "yolov8n.pt"
    torch.save({"model": model, "train_args": {}}, path)
    return path


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Persons of one colour each, every one seen by three cameras."""
    folder = tmp_path_factory.mktemp("study") / "processed" / "reid"
    (folder / "crops").mkdir(parents=True)
    random = np.random.default_rng(0)
    records = []
    for split, count in PEOPLE.items():
        for number in range(count):
            colour = random.integers(0, 256, 3)
            for index in range(IMAGES):
                crop = np.clip(colour + random.integers(-40, 41, (40, 16, 3)), 0, 255).astype(np.uint8)
                path = f"crops/{split}_{number}_{index}.png"
                cv2.imwrite(str(folder / path), crop)
                records.append(ReidRecord(path, f"{split}{number}", f"c{index % 3}", split, index, split, "memory"))
    records.sort(key=lambda r: (r.person_id, r.camera_id, r.sequence_id, r.frame_index))
    with write_manifest(folder / "manifest.parquet", ReidRecord) as writer:
        for record in records:
            writer.write(record)
    return folder
