"""Two processes that train together (gloo, CPU) end with the same weights, and each saw batches of its own."""

import os
import pickle
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import torch

from dongsun.data.augmentation import AugmentRecipe
from dongsun.data.manifest import MANIFEST_NAME
from dongsun.train.reid.crops import read_crop_set
from dongsun.train.reid.heads.settings import PoolingHeadSettings
from dongsun.train.reid.settings import ReidSettings, YoloBackboneSettings
from dongsun.train.reid.task import ReidTask
from dongsun.train.settings import TrainerSettings

CHILD = """
import pickle, sys
from pathlib import Path
import torch
torch.set_num_threads(1)
from dongsun.train.reid import lightning_module
from dongsun.train.reid.structure import build_embedder
from dongsun.train.reid.training import train_embedder
seen = []
step = lightning_module.ReidModule.training_step
def noted(self, batch, number):
    seen.append(batch[2].tolist())
    return step(self, batch, number)
lightning_module.ReidModule.training_step = noted
task = pickle.loads(Path(sys.argv[1]).read_bytes())
torch.manual_seed(task.seed)
embedder, structure = build_embedder(task.settings)
kept = train_embedder(task, embedder, structure, Path(sys.argv[2]), lambda epoch, figures: None)
torch.save({"seen": seen, "kept": kept, "weights": dict(embedder.named_parameters())}, sys.argv[3])
"""


def test_two_processes_train_one_model(reid_data: Path, make_checkpoint: Callable[..., Path], tmp_path: Path) -> None:
    settings = ReidSettings(
        backbone=YoloBackboneSettings(checkpoint=make_checkpoint("yolov8n"), cut="P3"),
        head=PoolingHeadSettings(),
        height_px=32,
        width_px=32,
        embedding_size=16,
        trunk="finetune",
        epochs=2,
        persons_per_batch=4,
        images_per_person=2,
        keep="last",
    )
    manifest = reid_data / MANIFEST_NAME
    train, validation = read_crop_set(manifest, "train"), read_crop_set(manifest, "validation")
    machine = TrainerSettings(reid_devices=2)
    task = ReidTask(train, validation, AugmentRecipe("none"), settings, machine, seed=1, device="cpu", resumable=True)
    (tmp_path / "task.pickle").write_bytes(pickle.dumps(task))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    common = {**os.environ, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "OMP_NUM_THREADS": "1"}
    children = [
        subprocess.Popen(
            [sys.executable, "-c", CHILD, *(str(tmp_path / name) for name in ("task.pickle", "", f"{rank}.pt"))],
            env={**common, "NODE_RANK": "0", "LOCAL_RANK": str(rank), "WORLD_SIZE": "2"},
            stdout=subprocess.DEVNULL,
        )
        for rank in range(2)
    ]
    assert [child.wait(timeout=600) for child in children] == [0, 0]
    one, other = (torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in range(2))
    assert all(torch.equal(one["weights"][name], other["weights"][name]) for name in one["weights"])
    assert len(one["seen"]) == len(other["seen"]) == 4
    assert one["seen"] != other["seen"]
    assert one["kept"]["val_map"] == other["kept"]["val_map"]
    assert (tmp_path / "resume.ckpt").is_file()
