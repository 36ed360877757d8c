"""Stage: heads × cuts × seeds, OSNet beside them, and nets given as they are → one table."""

from dataclasses import dataclass as plain_dataclass
from pathlib import Path

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from dongsun.contract.durable import write_text
from dongsun.contract.stage import RunLog, StageResult
from dongsun.data.augmentation import AugmentRecipe
from dongsun.data.manifest import MANIFEST_NAME
from dongsun.data.sampling.policy import SamplingPolicy
from dongsun.eval.reid_protocol import ReidProtocol
from dongsun.study.cell import CellResult
from dongsun.study.cell_runner import CellRunner
from dongsun.study.cell_store import CellStore
from dongsun.study.heads.contender import (
    Contender,
    cells_of,
    finetuned_contenders,
    frozen_contenders,
    osnet_contenders,
    other_contenders,
    reid_trunk_contenders,
)
from dongsun.study.heads.report import HeadsReport
from dongsun.study.heads.rows import Row
from dongsun.study.heads.settings import HeadsGrid
from dongsun.study.heads.work import HeadsWork, best_by_validation, given_cell, shipping_cell
from dongsun.study.judged_people import JudgedPeople, read_judged
from dongsun.study.network import Workshop
from dongsun.study.shared_maps import SharedMaps
from dongsun.study.study_data import StudyData, digest_of, drawn_rows, read_study_data
from dongsun.train.device import DeviceChoice, resolve_device
from dongsun.train.reid.settings import Cut, ReidSettings
from dongsun.train.settings import TrainerSettings

_VERSION = "1"  # rises when the same settings would give another outcome


@plain_dataclass(frozen=True)
class _Inputs:
    data: StudyData
    judged: tuple[JudgedPeople, ...]
    absent: dict[str, str]


@dataclass(frozen=True, config=ConfigDict(extra="forbid", arbitrary_types_allowed=True))
class HeadsStudyStage:
    """Compares what can stand on a decomposed detector.

    Attributes:
        data_dir: `data/processed/<store>/reid`: people seen by several cameras.
        across_time_dir: The same of a store with one camera; where it isn't there, its table is absent.
        out_dir: `reports/<store>/study-heads`; finished cells in its folder `cells` are kept.
        grid: What is compared.
        reid: What `grid` doesn't say of a training.
        sampling: Which of the training crops are used; the same for every network.
        augment: Faults applied to training crops.
        trainer: The machine.
        minutes: Of wall clock; no cell is begun after them.
        crops_per_person_and_camera: Judged crops, at most.
        min_gap_frames: See `ReidProtocol`, across time.
        seed: Of drawing the training crops.
        device: For training.
    """

    data_dir: Path
    across_time_dir: Path
    out_dir: Path
    grid: HeadsGrid
    reid: ReidSettings
    sampling: SamplingPolicy
    augment: AugmentRecipe
    trainer: TrainerSettings
    minutes: float = Field(default=55.0, gt=0)
    crops_per_person_and_camera: int = Field(default=4, ge=1)
    min_gap_frames: int = Field(default=20, ge=1)
    seed: int = 1
    device: DeviceChoice = "auto"

    def run(self, log: RunLog) -> StageResult:
        """Writes `table.csv`, `table.md` and plots.

        Raises:
            DongsunError: There is nothing to train or judge on; cells that were finished are kept.
        """
        inputs = self._inputs()
        store = CellStore(self.out_dir / "cells", self._fingerprint(inputs))
        train = inputs.data.train.subset(drawn_rows(inputs.data.manifest, inputs.data.train, self.sampling, self.seed))
        workshop = Workshop(train, self.augment, self.trainer, resolve_device(self.device))
        with (
            CellRunner(store, log, minutes=self.minutes, cells=self._cells()) as runner,
            SharedMaps(workshop) as maps,
        ):
            rows = self._rows(runner, HeadsWork(inputs.data, inputs.judged, workshop, maps, store))
        report = HeadsReport(
            rows, inputs.judged, inputs.absent, f"{len(train)} crops of {len(train.person_ids)} people"
        )
        artifacts = report.write(self.out_dir)
        write_text(self.out_dir / "summary.txt", report.summary())
        metrics = report.headline()
        log.metrics(metrics)
        return StageResult(metrics=metrics, artifacts=artifacts, summary=report.summary())

    def _inputs(self) -> _Inputs:
        data = read_study_data(self.data_dir, crops_per_person_and_camera=self.crops_per_person_and_camera)
        manifest = self.across_time_dir / MANIFEST_NAME
        if not manifest.is_file():
            reason = f"{manifest} isn't there: `dongsun ingest store=pets2009` and `sample` make it"
            return _Inputs(data, (data.validation, data.test), {"across_time": reason})
        protocol = ReidProtocol("across_time", self.min_gap_frames)
        # One camera sees everybody for long: more pictures of each, so that they are apart in time.
        crops = 4 * self.crops_per_person_and_camera
        later = read_judged(manifest, "test", "across_time", protocol, crops_per_person_and_camera=crops)
        return _Inputs(data, (data.validation, data.test, later), {})

    def _fingerprint(self, inputs: _Inputs) -> str:
        """Of what all cells share; the weights that a network starts from are in its own cells' settings."""
        judged = [str((people.name, people.protocol, [r.path for r in people.records])) for people in inputs.judged]
        train = str((self.sampling, self.seed))
        parts = [_VERSION, inputs.data.fingerprint, train, *judged]
        return digest_of(parts)

    def _cells(self) -> int:
        """How many there will be."""
        grid = self.grid
        trunks = len(grid.cuts) + grid.best_cuts + (2 if grid.reid_trunk else 0)
        networks = len(grid.heads) * trunks + len(grid.osnet) + len(grid.also)
        return len(grid.given) + networks * (len(grid.seeds) + 1)

    def _rows(self, runner: CellRunner, work: HeadsWork) -> tuple[Row, ...]:
        given = [
            Row(net.row, cells := runner.run([given_cell(net)], work.given(net, self.reid)), cells[0])
            for net in self.grid.given
        ]
        frozen = self._trained(runner, work, frozen_contenders(self.grid, self.reid))
        cuts = best_cuts(frozen, self.grid.cuts, self.grid.best_cuts)
        on_reid = self._trained(runner, work, reid_trunk_contenders(self.grid, self.reid, "frozen"))
        reid_tuned = self._trained(runner, work, reid_trunk_contenders(self.grid, self.reid, "finetuned"))
        others = self._trained(runner, work, (*other_contenders(self.grid), *osnet_contenders(self.grid, self.reid)))
        tuned = self._trained(runner, work, finetuned_contenders(self.grid, self.reid, cuts))
        return (*reid_tuned, *tuned, *on_reid, *frozen, *others, *given)

    def _trained(self, runner: CellRunner, work: HeadsWork, contenders: tuple[Contender, ...]) -> tuple[Row, ...]:
        """Seed by seed, so that a study cut short has something of every network; then what each costs."""
        cells = {c.row: cells_of(c, self.grid.seeds, self.augment) for c in contenders}
        results: dict[str, list[CellResult]] = {c.row: [] for c in contenders}
        for turn in range(len(self.grid.seeds)):
            for contender in contenders:
                results[contender.row] += runner.run([cells[contender.row][turn]], work.training(contender))
        rows = []
        for contender in contenders:
            done = tuple(results[contender.row])
            best = best_by_validation(done)
            shipped = None
            if best is not None:
                cell = shipping_cell(contender, best, work.store.fingerprint(best.cell))
                shipped = runner.run([cell], work.shipping(best))[0]
            rows.append(Row(contender.row, done, shipped))
        return tuple(rows)


def best_cuts(frozen: tuple[Row, ...], cuts: tuple[Cut, ...], count: int) -> tuple[Cut, ...]:
    """The cuts whose best head finds the validation people best, on average over seeds, the best first."""

    def validation_map(cut: Cut) -> float:
        figures = [row.figure("validation_map") for row in frozen if row.name.startswith(f"frozen-{cut}-")]
        return max((figure.mean for figure in figures if figure), default=0.0)

    return tuple(sorted(cuts, key=validation_map, reverse=True)[:count])
