"""Detector checkpoints, frames and crops made in memory."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from dongsun.data.manifest import write_manifest
from dongsun.data.records import DetectorRecord, ReidRecord, Split
from dongsun.train.detector.weights import new_detection_model

CheckpointMaker = Callable[..., Path]


@pytest.fixture(autouse=True)
def _few_threads() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def make_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> CheckpointMaker:
    """An untrained checkpoint such as ultralytics publishes: `(architecture, class_names) → path`."""
    made: dict[tuple[str, tuple[str, ...]], Path] = {}

    def make(architecture: str, class_names: tuple[str, ...] = ("person",)) -> Path:
        key = (architecture, class_names)
        if key not in made:
            torch.manual_seed(0)
            description = new_detection_model(architecture).yaml
            model = new_detection_model({**description, "nc": len(class_names)})
            model.names = dict(enumerate(class_names))
            model.args = {}
            made[key] = tmp_path_factory.mktemp("checkpoint") / f"{architecture}.pt"
            torch.save({"model": model, "train_args": {}}, made[key])
        return made[key]

    return make


@pytest.fixture
def detector_data(tmp_path: Path) -> Path:
    """A processed detector folder: eight frames of 120x160 with two bright boxes each; six train, two validate."""
    folder = tmp_path / "processed" / "detector"
    (folder / "images").mkdir(parents=True)
    (folder / "labels").mkdir()
    random = np.random.default_rng(0)
    names = []
    with write_manifest(folder / "manifest.parquet", DetectorRecord, class_names=("person", "head")) as writer:
        for index in range(8):
            frame = random.integers(0, 60, (120, 160, 3), dtype=np.uint8)
            lines = []
            for class_id in (0, 1):
                x, y = (int(v) for v in random.integers(5, 80, 2))
                frame[y : y + 30, x : x + 14] = 230
                lines.append(f"{class_id} {(x + 7) / 160:.6f} {(y + 15) / 120:.6f} {14 / 160:.6f} {30 / 120:.6f}")
            name = f"{index:03d}"
            cv2.imwrite(str(folder / "images" / f"{name}.png"), frame)
            (folder / "labels" / f"{name}.txt").write_text("\n".join(lines), encoding="utf-8")
            names.append(f"./images/{name}.png")
            writer.write(
                DetectorRecord(
                    f"images/{name}.png", f"labels/{name}.txt", "c0", "s0", index, "train", "memory", 160, 120, 1
                )
            )
    (folder / "train.txt").write_text("\n".join(names[:6]), encoding="utf-8")
    (folder / "val.txt").write_text("\n".join(names[6:]), encoding="utf-8")
    return folder


@pytest.fixture
def reid_data(tmp_path: Path) -> Path:
    """A processed re-ID folder: persons of one colour each, four to train on and three to validate on, two cameras."""
    folder = tmp_path / "processed" / "reid"
    (folder / "crops").mkdir(parents=True)
    random = np.random.default_rng(0)
    with write_manifest(folder / "manifest.parquet", ReidRecord) as writer:
        for person in range(7):
            split: Split = "train" if person < 4 else "validation"
            colour = random.integers(0, 256, 3)
            for index in range(8):
                noise = random.integers(-20, 21, (40, 16, 3))
                crop = np.clip(colour + noise, 0, 255).astype(np.uint8)
                path = f"crops/{person}_{index}.png"
                cv2.imwrite(str(folder / path), crop)
                writer.write(ReidRecord(path, f"p{person}", f"c{index % 2}", "s0", index, split, "memory"))
    return folder
