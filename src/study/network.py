"""One training of one network inside a study."""

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import pytorch_lightning as pl

from dongsun.data.augmentation import AugmentRecipe
from dongsun.eval.embed_manifest import EmbedFn
from dongsun.eval.torch_embedder import TorchEmbedder
from dongsun.study.study_data import no_crops
from dongsun.train.device import Device
from dongsun.train.reid.checkpoint import LoadedReid
from dongsun.train.reid.crops import CropSet
from dongsun.train.reid.embedder import ReidEmbedder
from dongsun.train.reid.feature_maps import TrainingMaps
from dongsun.train.reid.settings import ReidSettings
from dongsun.train.reid.structure import ReidStructure, build_embedder
from dongsun.train.reid.training import ReidTask, train_embedder
from dongsun.train.settings import TrainerSettings

OnEpoch = Callable[[int, ReidEmbedder], None]


@dataclass(frozen=True)
class Workshop:
    """What all trainings of a study share: crops, their faults, and the machine."""

    train: CropSet
    recipe: AugmentRecipe
    machine: TrainerSettings
    device: Device

    def task(self, settings: ReidSettings, seed: int, train: CropSet | None = None) -> ReidTask:
        """A training on `train`, or on all crops; it validates nobody, and its last epoch is kept."""
        return ReidTask(
            train=self.train if train is None else train,
            validation=no_crops(),
            recipe=self.recipe,
            settings=settings,
            machine=self.machine,
            seed=seed,
            device=self.device,
        )


@dataclass(frozen=True)
class TrainedNetwork:
    """A network after its training, in eval mode on the CPU; `seconds` is what the training took."""

    embedder: ReidEmbedder
    structure: ReidStructure
    seconds: float

    @property
    def embed(self) -> EmbedFn:
        """Its float32 embeddings."""
        return torch_embed(self.embedder, self.structure)


def torch_embed(embedder: ReidEmbedder, structure: ReidStructure) -> EmbedFn:
    """Float32 embeddings by PyTorch on the CPU."""
    return TorchEmbedder(LoadedReid(embedder.eval(), structure.input, structure.embedding_size, {}))


def train_network(
    workshop: Workshop,
    settings: ReidSettings,
    seed: int,
    *,
    maps: TrainingMaps | None = None,
    on_epoch: OnEpoch | None = None,
) -> TrainedNetwork:
    """Builds and trains one network.

    Args:
        settings: With `keep="last"`.
        maps: A frozen trunk's maps of the training crops; the training is on just these crops.
        on_epoch: Called with the epoch's number, from 1, and the network as it is then.

    Raises:
        DongsunError: The trunk's checkpoint is absent or does not fit.
    """
    pl.seed_everything(seed, workers=True, verbose=False)
    embedder, structure = build_embedder(settings)
    task = workshop.task(settings, seed, None if maps is None else maps.train.crops)

    def report(epoch: int, figures: Mapping[str, float]) -> None:
        if on_epoch is not None:
            on_epoch(epoch, embedder)

    started = perf_counter()
    with tempfile.TemporaryDirectory(prefix="dongsun-study-") as work:
        train_embedder(task, embedder, structure, Path(work), report, maps)
    return TrainedNetwork(embedder, structure, perf_counter() - started)
