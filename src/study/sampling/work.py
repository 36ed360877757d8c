"""One training of the sampling study, with its learning curve."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from time import perf_counter

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from dongsun.contract.embedding import Embeddings
from dongsun.contract.preprocess import InputSpec, stretched
from dongsun.study.cell import Cell, CurvePoint, Outcome
from dongsun.study.cell_runner import Work
from dongsun.study.judged_people import JudgedPeople, judge, person_scores
from dongsun.study.network import Workshop, train_network
from dongsun.study.resampling import weighted_map
from dongsun.study.sampling.plan import Trial
from dongsun.study.shared_maps import SharedMaps, with_nobody_to_validate
from dongsun.study.study_data import StudyData, drawn_rows
from dongsun.train.reid.embedder import ReidEmbedder
from dongsun.train.reid.settings import ReidSettings

_AT_ONCE = 64


@dataclass
class MapJudge:
    """Embeds judged people from their feature maps, which a frozen trunk gives once."""

    people: JudgedPeople
    spec: InputSpec
    _maps: list[Tensor] = field(default_factory=list)

    def embeddings(self, embedder: ReidEmbedder) -> Embeddings:
        """Float32 (n, d), rows of length one; the head and neck are left in the mode they were in."""
        training = embedder.training
        embedder.eval()
        with torch.inference_mode():
            if not self._maps:
                crops = self.people.crops_bgr
                for start in range(0, len(crops), _AT_ONCE):
                    batch = torch.from_numpy(stretched(list(crops[start : start + _AT_ONCE]), self.spec))
                    device = next(embedder.trunk.parameters()).device
                    self._maps.append(embedder.trunk(batch.to(device)).half())
            parts = [functional.normalize(embedder.from_map(maps.float())[1], dim=1).cpu() for maps in self._maps]
        embedder.train(training)
        embedder.trunk.eval()
        return np.asarray(torch.cat(parts).numpy(), dtype=np.float32)


@dataclass(frozen=True)
class SamplingWork:
    """Trains on what a trial keeps.

    Attributes:
        data: The study's crops.
        workshop: What trainings share: every training crop.
        maps: Feature maps of the frozen trunk.
        reid: The network and its training; steps and epochs are the trial's.
        epochs: Of the training on everything.
    """

    data: StudyData
    workshop: Workshop
    maps: SharedMaps
    reid: ReidSettings
    epochs: int

    def training(self, trial: Trial) -> Work:
        """Draws by the cell's seed, trains, and judges the test people after every epoch."""
        curve_of = MapJudge(self.data.test, self.reid.input)

        def work(cell: Cell) -> Outcome:
            rows = drawn_rows(self.data.manifest, self.data.train, trial.sampling, cell.seed)
            maps = with_nobody_to_validate(self.maps.of(self.reid).train.subset(rows))
            steps = steps_per_epoch(self.reid, self._shown(trial, len(rows)))
            settings = replace(self.reid, epochs=self.epochs, steps=steps * self.epochs)
            curve = _Curve(curve_of, settings, len(maps.train.crops.person_ids), steps)
            network = train_network(self.workshop, settings, cell.seed, maps=maps, on_epoch=curve.add)
            final = judge(self.data.test, curve_of.embeddings(network.embedder))
            last = curve.points[-1]
            metrics = {
                **final.metrics(self.data.test.name),
                "crops": float(len(rows)),
                "persons": float(len(maps.train.crops.person_ids)),
                "images_seen": float(last.images_seen),
                "steps": float(steps * self.epochs),
                "train_s": last.seconds,
            }
            return Outcome(metrics, {self.data.test.name: final.scores}, tuple(curve.points))

        return work

    def _shown(self, trial: Trial, kept: int) -> int:
        """How many pictures an epoch shows, of so many kept."""
        everything = len(self.data.train)
        if trial.budget == "steps":
            return everything
        return round(trial.share * everything) if trial.policy == "full" else kept


def steps_per_epoch(reid: ReidSettings, crops: int) -> int:
    """Optimiser steps that show about as many crops as there are."""
    return max(1, crops // (reid.persons_per_batch * reid.images_per_person))


class _Curve:
    """Collects the points; the clock stands still while it judges."""

    def __init__(
        self,
        judge_maps: MapJudge,
        settings: ReidSettings,
        persons: int,
        steps: int,
        clock: Callable[[], float] = perf_counter,
    ) -> None:
        self._judge, self._clock = judge_maps, clock
        batch = min(settings.persons_per_batch, persons) * settings.images_per_person
        self._images_an_epoch = steps * batch
        self._started, self._judging_s = clock(), 0.0
        self.points: list[CurvePoint] = []

    def add(self, epoch: int, embedder: ReidEmbedder) -> None:
        """Judges the network as it is after `epoch`."""
        now = self._clock()
        scores = person_scores(self._judge.people, self._judge.embeddings(embedder))
        self.points.append(
            CurvePoint(
                images_seen=epoch * self._images_an_epoch,
                seconds=now - self._started - self._judging_s,
                mean_average_precision=float(weighted_map(scores, np.ones((1, len(scores.queries))))[0]),
                scores=scores,
            )
        )
        self._judging_s += self._clock() - now
