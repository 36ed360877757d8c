"""The training step, the schedule and the validation figure."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.nn import functional

from dongsun.train.reid.embedder import ReidEmbedder
from dongsun.train.reid.losses.distillation import embedding_loss, relation_loss
from dongsun.train.reid.losses.triplet import batch_hard_triplet_loss
from dongsun.train.reid.moving_average import MovingAverage
from dongsun.train.reid.retrieval import score_retrieval
from dongsun.train.reid.task import ReidTask


class ReidModule(pl.LightningModule):  # type: ignore[misc]  # Lightning is imported untyped
    """Trains a `ReidEmbedder` with a classifier over the training persons, which is dropped afterwards.

    Batches are crops, or with a frozen trunk its feature maps; validation goes through its crops in order.
    """

    def __init__(
        self, embedder: ReidEmbedder, embedding_size: int, task: ReidTask, taught: Tensor | None = None
    ) -> None:
        """Args: taught: float32 (n, e), the teacher's embedding of each training crop, where there is a teacher."""
        super().__init__()
        settings = task.settings
        self.embedder = embedder
        self.classifier = nn.Linear(embedding_size, len(task.train.person_ids), bias=False)
        nn.init.normal_(self.classifier.weight, std=0.001)
        self._validation = task.validation
        self._settings = settings
        self._seed = task.seed
        self._frozen = settings.trunk == "frozen"
        embedder.trunk.requires_grad_(not self._frozen)
        self.average = None if settings.ema_decay is None else MovingAverage(embedder, settings.ema_decay)
        self.taught: Tensor | None
        self.register_buffer("taught", taught, persistent=False)
        self.to_teacher = None
        if taught is not None and settings.teacher is not None and settings.teacher.lesson == "embeddings":
            self.to_teacher = nn.Linear(embedding_size, taught.shape[1])
        self._embeddings: list[Tensor] = []

    @property
    def judged(self) -> ReidEmbedder:
        """What is validated and kept: the running average where there is one."""
        if self.average is None:
            return self.embedder
        judged = self.average.network
        assert isinstance(judged, ReidEmbedder)
        return judged

    def on_train_epoch_start(self) -> None:
        """A frozen trunk keeps its batch-norm statistics too."""
        self.embedder.train()
        if self._frozen:
            self.embedder.trunk.eval()

    def on_train_batch_start(self, batch: Any, batch_index: int) -> None:
        """Each step's dropout follows from its own seed, so that a training taken up again is the same training."""
        torch.manual_seed(hash((self._seed, self.global_step, self.global_rank)) % 2**31)

    def training_step(self, batch: Sequence[Tensor], batch_index: int) -> Tensor:
        """Identity and triplet loss of one P×K batch."""
        inputs, persons, crops = batch
        loss = self._settings.loss
        features, necked = self.embedder.from_map(inputs if self._frozen else self.embedder.trunk(inputs))
        identity = functional.cross_entropy(self.classifier(necked), persons, label_smoothing=loss.label_smoothing)
        triplet = batch_hard_triplet_loss(features, persons, loss.margin)
        total = loss.identity_weight * identity + loss.triplet_weight * triplet
        figures = {"train_identity_loss": identity, "train_triplet_loss": triplet}
        if self._settings.teacher is not None:
            figures["train_teacher_loss"] = self._teacher_loss(necked, crops)
            total = total + self._settings.teacher.weight * figures["train_teacher_loss"]
        self._log({"train_loss": total, **figures})
        return total

    def _teacher_loss(self, necked: Tensor, crops: Tensor) -> Tensor:
        assert self.taught is not None
        if self.to_teacher is not None:
            return embedding_loss(self.to_teacher(necked), self.taught[crops])
        return relation_loss(necked, self.taught[crops])

    def on_train_batch_end(self, outputs: Any, batch: Any, batch_index: int) -> None:
        """Takes the step into the running average."""
        if self.average is not None:
            self.average.update(self.embedder)

    def on_validation_epoch_start(self) -> None:
        """Forgets the last epoch's embeddings."""
        self._embeddings.clear()

    def validation_step(self, batch: Sequence[Tensor], batch_index: int) -> None:
        """Embeds a batch."""
        inputs = batch[0] if self._frozen else self.judged.trunk(batch[0])
        _, necked = self.judged.from_map(inputs)
        self._embeddings.append(functional.normalize(necked.float(), dim=1).cpu())

    def on_validation_epoch_end(self) -> None:
        """Mean average precision and rank-1 over the validation persons."""
        crops = self._validation
        embeddings = torch.cat(self._embeddings).numpy().astype(np.float32)
        score = score_retrieval(embeddings, crops.persons, crops.cameras, crops.frames)
        if score is not None:
            self._log({"val_map": score.mean_average_precision, "val_rank1": score.rank1})

    def configure_optimizers(self) -> Any:
        """AdamW; linear warm-up, then a cosine to nothing, by step."""
        settings = self._settings
        fresh = [*self.embedder.head.parameters(), *self.embedder.neck.parameters(), *self.classifier.parameters()]
        if self.to_teacher is not None:
            fresh.extend(self.to_teacher.parameters())
        groups: list[dict[str, Any]] = [{"params": [p for p in fresh if p.requires_grad], "lr": settings.learning_rate}]
        if not self._frozen:
            rate = settings.learning_rate * settings.trunk_learning_rate_ratio
            groups.append({"params": list(self.embedder.trunk.parameters()), "lr": rate})
        optimizer = torch.optim.AdamW(groups, weight_decay=settings.weight_decay)
        steps = int(self.trainer.estimated_stepping_batches)
        warm = max(1, round(steps * min(1.0, settings.warmup_epochs / max(settings.epochs, 1))))

        def ratio(step: int) -> float:
            if step < warm:
                return (step + 1) / warm
            return 0.5 * (1.0 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))

        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, ratio)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def _log(self, values: dict[str, Any]) -> None:
        self.log_dict(values, on_step=False, on_epoch=True, batch_size=1, sync_dist=True)
