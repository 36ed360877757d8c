"""Stage: full, systematic and random sampling, at equal epochs and at equal steps → one table."""

from dataclasses import replace
from pathlib import Path

from pydantic import ConfigDict, Field, TypeAdapter
from pydantic.dataclasses import dataclass

from dongsun.contract.durable import write_text
from dongsun.contract.errors import DongsunError
from dongsun.contract.stage import RunLog, StageResult
from dongsun.data.augmentation import AugmentRecipe
from dongsun.study.cell import CellResult
from dongsun.study.cell_runner import CellRunner
from dongsun.study.cell_store import CellStore
from dongsun.study.network import Workshop
from dongsun.study.sampling.plan import Trial, cell_of, trials
from dongsun.study.sampling.report import SamplingReport
from dongsun.study.sampling.saving import TrialRuns
from dongsun.study.sampling.settings import SamplingGrid
from dongsun.study.sampling.work import SamplingWork
from dongsun.study.shared_maps import SharedMaps
from dongsun.study.study_data import StudyData, digest_of, file_digest, read_study_data
from dongsun.train.device import DeviceChoice, resolve_device
from dongsun.train.reid.settings import OsnetSettings, ReidSettings, ReidTrunkSettings, YoloBackboneSettings
from dongsun.train.settings import TrainerSettings

_VERSION = "1"  # rises when the same settings would give another outcome


@dataclass(frozen=True, config=ConfigDict(extra="forbid", arbitrary_types_allowed=True))
class SamplingStudyStage:
    """Measures what training on a part of the pictures gives, with a frozen trunk whose maps are computed once.

    Attributes:
        data_dir: `data/processed/<store>/reid`, sampled with `sampling=full`.
        out_dir: `reports/<store>/study-sampling`; finished cells in its folder `cells` are kept.
        grid: What is compared.
        reid: The network and its training; `epochs`, `steps` and `keep` are the grid's to say.
        augment: Faults applied to training crops.
        trainer: The machine.
        minutes: Of wall clock; no cell is begun after them.
        crops_per_person_and_camera: Judged crops, at most.
        device: For training.
    """

    data_dir: Path
    out_dir: Path
    grid: SamplingGrid
    reid: ReidSettings
    augment: AugmentRecipe
    trainer: TrainerSettings
    minutes: float = Field(default=55.0, gt=0)
    crops_per_person_and_camera: int = Field(default=3, ge=1)
    device: DeviceChoice = "auto"

    def run(self, log: RunLog) -> StageResult:
        """Writes `table.csv`, `table.md` and plots.

        Raises:
            DongsunError: The trunk isn't a detector's, or there is nothing to train or judge on; cells that were
                finished are kept.
        """
        trunk = self._trunk()
        data = read_study_data(self.data_dir, crops_per_person_and_camera=self.crops_per_person_and_camera)
        workshop = Workshop(data.train, self.augment, self.trainer, resolve_device(self.device))
        judged = str([record.path for record in data.test.records])
        store = CellStore(
            self.out_dir / "cells",
            digest_of([_VERSION, data.fingerprint, judged, file_digest(trunk.checkpoint)]),
        )
        planned = tuple(trials(self.grid.shares))
        total = len(planned) * len(self.grid.seeds)
        with CellRunner(store, log, minutes=self.minutes, cells=total) as runner, SharedMaps(workshop) as maps:
            results = self._results(
                runner, SamplingWork(data, workshop, maps, self._settings(), self.grid.epochs), planned
            )
        report = self._report(results, data)
        artifacts = report.write(self.out_dir)
        write_text(self.out_dir / "summary.txt", report.summary())
        metrics = report.headline()
        log.metrics(metrics)
        return StageResult(metrics=metrics, artifacts=artifacts, summary=report.summary())

    def _trunk(self) -> YoloBackboneSettings | ReidTrunkSettings:
        if isinstance(self.reid.backbone, OsnetSettings):
            raise DongsunError(
                expected="a detector's backbone as the trunk",
                got=self.reid.backbone.name,
                where="reid.backbone",
                mend="reid=reid_trunk or reid=yolo_backbone: the study shares the feature maps of a frozen trunk",
            )
        return self.reid.backbone

    def _settings(self) -> ReidSettings:
        return replace(self.reid, start=None, trunk="frozen", keep="last", ema_decay=None)

    def _results(
        self, runner: CellRunner, work: SamplingWork, planned: tuple[Trial, ...]
    ) -> dict[Trial, tuple[CellResult, ...]]:
        """Seed by seed, so that a study cut short has something of every trial."""
        whole = digest_of(
            [
                TypeAdapter(ReidSettings).dump_json(self._settings()).decode(),
                TypeAdapter(AugmentRecipe).dump_json(self.augment).decode(),
            ]
        )
        results: dict[Trial, tuple[CellResult, ...]] = {trial: () for trial in planned}
        for seed in self.grid.seeds:
            for trial in planned:
                cell = cell_of(trial, seed, whole, self.grid.epochs)
                results[trial] += runner.run([cell], work.training(trial))
        return results

    def _report(self, results: dict[Trial, tuple[CellResult, ...]], data: StudyData) -> SamplingReport:
        runs, absent = [], {}
        for trial, cells in results.items():
            done = tuple(cell for cell in cells if cell.outcome.absent is None)
            if done:
                runs.append(TrialRuns(trial, done))
            if len(done) < len(cells):
                reason = next(cell.outcome.absent or "" for cell in cells if cell.outcome.absent is not None)
                absent[trial.row] = f"{len(cells) - len(done)} of {len(cells)} seeds: {reason}"
        trained_on = (
            f"{len(data.train):,} training crops of {len(data.train.person_ids)} people; judged on "
            f"{len(data.test.records)} crops of {len(data.test.persons)} others"
        )
        return SamplingReport(tuple(runs), absent, data.test.name, self.grid.tolerance, trained_on)
