"""`DetectorTrainer` by ultralytics YOLO (v8, 11, 26)."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from dongsun.contract.bundle import DetectorOutput
from dongsun.train.detector.library import quieten_ultralytics
from dongsun.train.detector.trainer import DetectorTask, LabelledFrame, OnEpoch, TrainedDetector
from dongsun.train.detector.weights import start_point

if TYPE_CHECKING:
    from dongsun.train.detector.rectangular import RectangularTrainer

_FIGURES = {
    "metrics/precision(B)": "val_precision",
    "metrics/recall(B)": "val_recall",
    "metrics/mAP50(B)": "val_map50",
    "metrics/mAP50-95(B)": "val_map50_95",
}


class UltralyticsTrainer:
    """Trains YOLO; the knowledge of a class that start weights share by name is kept.

    Ultralytics keeps the hidden width of the class branch and copies the row of each class whose name matches (for
    COCO weights: `person`), in the one-to-many head and in YOLO26's one-to-one head.
    """

    def train(self, task: DetectorTask, work_directory: Path, on_epoch: OnEpoch) -> TrainedDetector:
        """Trains inside `work_directory`; see `DetectorTrainer`."""
        quieten_ultralytics()
        from dongsun.train.detector.rectangular import RectangularTrainer

        start = start_point(task.settings.weights, task.settings.architecture)
        data = _lay_out(task, work_directory / "dataset")
        settings = task.settings
        trainer = RectangularTrainer(
            data=data,
            shape=(settings.height_px, settings.width_px),
            recipe=task.recipe,
            overrides=_overrides(task, start.checkpoint, work_directory),
        )
        kept: dict[str, float] = {}
        with tqdm(desc="detector", unit="batch", disable=None) as bar:
            _report(trainer, bar, on_epoch, kept, keep_best=settings.keep == "best")
            if task.device == "cpu":
                half = task.machine.detector_half
                trainer.add_callback("on_train_start", lambda running: running.use_fast_cpu(half=half))
            trainer.train()
        return TrainedDetector(
            checkpoint=trainer.best if settings.keep == "best" else trainer.last,
            output=output_of(settings.architecture),
            trained_from=start.name,
            validation=kept,
        )


def output_of(architecture: str) -> DetectorOutput:
    """YOLO26 suppresses duplicates in the network; older ones leave it to the reader of the output."""
    return "end2end_xyxy_score_class" if architecture.startswith("yolo26") else "raw_cxcywh_scores"


def _lay_out(task: DetectorTask, directory: Path) -> dict[str, Any]:
    """Links the frames into a folder of ultralytics' own layout, so that its caches stay out of the data folders."""
    _link(task.train, directory, "train")
    _link(task.validation, directory, "val")
    return {
        "path": str(directory),
        "train": str(directory / "images" / "train"),
        "val": str(directory / "images" / "val"),
        "train_frames": len(task.train),
        "val_frames": len(task.validation),
        "nc": len(task.class_names),
        "names": dict(enumerate(task.class_names)),
        "channels": 3,
    }


def _link(frames: Sequence[LabelledFrame], directory: Path, split: str) -> None:
    images, labels = directory / "images" / split, directory / "labels" / split
    images.mkdir(parents=True)
    labels.mkdir(parents=True)
    for index, frame in enumerate(frames):
        (images / f"{index:08d}{frame.image.suffix}").symlink_to(frame.image.resolve())
        (labels / f"{index:08d}.txt").symlink_to(frame.label.resolve())


def _overrides(task: DetectorTask, checkpoint: Path | None, work_directory: Path) -> dict[str, Any]:
    settings, geometry = task.settings, task.settings.geometry
    overrides: dict[str, Any] = {
        "model": f"{settings.architecture}.yaml",
        "pretrained": str(checkpoint) if checkpoint else False,
        "data": "dongsun",
        "task": "detect",
        "project": str(work_directory.resolve()),
        "name": "run",
        "exist_ok": True,
        "epochs": settings.epochs,
        "patience": settings.epochs,
        "batch": task.machine.detector_batch,
        "nbs": task.machine.detector_batch,  # a step per batch: short fine-tunes cannot afford to accumulate 64
        "imgsz": max(settings.height_px, settings.width_px),
        "device": "cpu" if task.device == "cpu" else "0",
        "workers": task.machine.workers,
        # bf16 rather than fp16: it needs no loss scaling, and ultralytics runs (and downloads for) no trial of it
        "amp": "bf16" if task.machine.detector_half and task.device == "cuda" else False,
        "plots": False,
        "verbose": False,
        "seed": task.seed,
        "deterministic": True,
        "optimizer": settings.optimizer,
        "lr0": settings.learning_rate,
        "lrf": settings.final_learning_rate_ratio,
        "momentum": 0.9,
        "warmup_epochs": settings.warmup_epochs,
        "warmup_bias_lr": 0.0,
        "weight_decay": settings.weight_decay,
        "cos_lr": True,
        "freeze": settings.freeze or None,
        "mosaic": geometry.mosaic,
        "close_mosaic": geometry.close_mosaic_epochs,
        "translate": geometry.translate,
        "scale": geometry.scale,
    }
    if output_of(settings.architecture) == "end2end_xyxy_score_class":
        overrides["nms"] = False  # validate the head that will ship, not the auxiliary one-to-many head
    return overrides


def _report(
    trainer: "RectangularTrainer", bar: "tqdm[Any]", on_epoch: OnEpoch, kept: dict[str, float], *, keep_best: bool
) -> None:
    def started(running: Any) -> None:
        bar.reset(total=running.epochs * len(running.train_loader))

    def stepped(_: Any) -> None:
        bar.update()

    def finished(running: Any) -> None:
        losses = {f"train_{name.split('/')[-1]}": float(value) for name, value in running.tloss.items()}
        figures = {ours: float(running.metrics[theirs]) for theirs, ours in _FIGURES.items()}
        if not keep_best or running.best_fitness == running.fitness:  # ultralytics' own rule for writing best.pt
            kept.clear()
            kept.update(figures, kept_epoch=running.epoch + 1.0)
        bar.set_postfix({"epoch": running.epoch + 1, "val mAP50": f"{figures['val_map50']:.3f}"})
        rate = float(running.optimizer.param_groups[0]["lr"])
        on_epoch(running.epoch + 1, {**losses, **figures, "learning_rate": rate})

    trainer.add_callback("on_train_start", started)
    trainer.add_callback("on_train_batch_end", stepped)
    trainer.add_callback("on_fit_epoch_end", finished)
