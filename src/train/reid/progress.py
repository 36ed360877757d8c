"""A Lightning callback: the progress bar, the curve, and the weights of the epoch to keep."""

from collections.abc import Callable, Mapping
from typing import Any

import pytorch_lightning as pl
from torch import Tensor
from tqdm import tqdm

from dongsun.train.reid.lightning_module import ReidModule


class EpochKeeper(pl.Callback):  # type: ignore[misc]  # Lightning is imported untyped
    """Reports each epoch and remembers the weights of the best one (or of the last).

    A training that goes on from a resume point reports the epochs before it again, so that the curve is whole.

    Attributes:
        kept: Figures of the kept epoch, `kept_epoch` among them; empty before the first epoch ended.
    """

    def __init__(self, on_epoch: Callable[[int, Mapping[str, float]], None], *, keep_best: bool) -> None:
        self._on_epoch = on_epoch
        self._keep_best = keep_best
        self._bar: tqdm[Any] | None = None
        self._state: dict[str, Tensor] = {}
        self._curve: list[dict[str, float]] = []
        self.kept: dict[str, float] = {}

    def state_dict(self) -> dict[str, Any]:
        """What a resume point must hold."""
        return {"kept": self.kept, "curve": self._curve, "state": self._state}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes a resume point's state and reports its epochs."""
        self.kept, self._state, self._curve = state_dict["kept"], state_dict["state"], list(state_dict["curve"])
        for epoch, figures in enumerate(self._curve, start=1):
            self._on_epoch(epoch, figures)

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Opens the bar."""
        total = int(trainer.estimated_stepping_batches)
        self._bar = tqdm(total=total, initial=trainer.global_step, desc="re-ID", unit="batch", disable=None)

    def on_train_batch_end(self, trainer: pl.Trainer, *_: Any) -> None:
        """Moves the bar."""
        if self._bar is not None:
            self._bar.update()

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Takes the epoch's figures; Lightning calls this after the epoch's validation."""
        figures = {name: float(value) for name, value in trainer.callback_metrics.items()}
        epoch = trainer.current_epoch + 1
        better = figures.get("val_map", 0.0) > self.kept.get("val_map", -1.0)
        if not self._keep_best or better:
            self.kept = {**figures, "kept_epoch": float(epoch)}
            assert isinstance(pl_module, ReidModule)
            self._state = {name: value.detach().clone() for name, value in pl_module.judged.state_dict().items()}
        if self._bar is not None:
            self._bar.set_postfix({"epoch": epoch, "val mAP": f"{figures.get('val_map', float('nan')):.3f}"})
        self._curve.append(figures)
        self._on_epoch(epoch, figures)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Closes the bar."""
        if self._bar is not None:
            self._bar.close()

    def put_back(self, module: ReidModule) -> None:
        """Gives the embedder the kept weights."""
        module.embedder.load_state_dict(self._state)
