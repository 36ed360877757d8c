"""Stage: the counting bench. A bundle on twins of several stores and seeds, against their exact truth."""

from pathlib import Path
from typing import Annotated

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass
from tqdm import tqdm

from dongsun.contract.bundle import read_bundle
from dongsun.contract.detections import BoxExtent
from dongsun.contract.durable import atomic_directory, write_json, write_text
from dongsun.contract.errors import DongsunError
from dongsun.contract.stage import RunLog, StageResult
from dongsun.contract.store import StoreConfig, load_store
from dongsun.eval.twin_bench.bench_results import BenchResults
from dongsun.eval.twin_bench.difficulty import Difficulty
from dongsun.eval.twin_bench.figures import CameraFigures, RunFigures
from dongsun.eval.twin_bench.golden import compare_with_golden, read_golden, write_golden
from dongsun.eval.twin_bench.judge_camera import FilmedCamera, judge_camera
from dongsun.eval.twin_bench.pictures import plot_counts, plot_stores
from dongsun.eval.twin_bench.tables import csv_table, faults_table, markdown_tables, summary_lines
from dongsun.serve_edge.count import run_count
from dongsun.serve_edge.settings import CountSettings
from dongsun.twin.film.split import TwinSplit
from dongsun.twin.plan.twin_plan import TwinPlan, twin_plan
from dongsun.twin.run_render import TwinStage

METRICS_NAME = "metrics.json"
_FIRST_PERSON, _PEOPLE_A_SEED, _SEEDS = 200_000, 1_000, 600
"""Each seed has people of its own, whom no training split uses, below the numbers of staff."""


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class TwinBenchStage:
    """Films twins, counts them with a bundle, and says how wrong every number is.

    Attributes:
        bundle: The bundle that `dongsun export` wrote.
        stores: Store files with a `twin:` section.
        seeds: Of the crowds; a run is a store and a seed.
        minutes: Length of each film.
        people: Visitors in a film; null lets the store's arrival curve say.
        out_dir: Receives figures, tables and pictures; replaced whole when the bench is done.
        work_dir: Keeps the films, one folder a store; films that are up to date aren't made again.
        warmup_s: How long the shop has been open when a film begins.
        starts_at: Time of day when films begin; several are taken in turn by the seeds, so that light can differ.
        difficulties: How the recall of crossings is split.
        tolerance_s: How far a crossing may lie from the true one.
        workers: Rendering processes.
        threads: CPU threads of the models; null takes all.
        golden: A committed golden file; figures out of its tolerances fail the stage, after everything is written.
    """

    bundle: Path
    stores: Annotated[tuple[Path, ...], Field(min_length=1)]
    seeds: Annotated[tuple[Annotated[int, Field(ge=0, lt=_SEEDS)], ...], Field(min_length=1)]
    minutes: Annotated[float, Field(gt=0)]
    people: Annotated[int, Field(ge=1, le=_PEOPLE_A_SEED)] | None
    out_dir: Path
    work_dir: Path
    warmup_s: Annotated[float, Field(ge=0)] = 20.0
    starts_at: Annotated[tuple[str, ...], Field(min_length=1)] = ("12:00",)
    difficulties: tuple[Difficulty, ...] = ("crowd", "occlusion", "light", "u_turn", "staff")
    tolerance_s: Annotated[float, Field(ge=0)] = 1.0
    workers: Annotated[int, Field(ge=1, le=64)] = 2
    threads: Annotated[int, Field(ge=1)] | None = None
    golden: Path | None = None

    def run(self, log: RunLog) -> StageResult:
        """Writes `metrics.json`, `table.md`, `table.csv`, `crossing_faults.csv`, `golden.json`, pictures and `replay/`.

        Raises:
            DongsunError: A store, the bundle or the golden file can't be used, or a figure is out of tolerance.
        """
        golden = read_golden(self.golden) if self.golden else None
        manifest = read_bundle(self.bundle)
        extent = manifest.detector.box_extent
        plans = self._plans()
        with atomic_directory(self.out_dir) as folder:
            runs: list[RunFigures] = []
            with tqdm(total=len(plans) * len(self.seeds), desc="counting bench", unit="run", disable=None) as bar:
                for path, (store, plan) in plans.items():
                    self._film(path, store, log)
                    for seed in self.seeds:
                        runs.append(self._count(path, store, plan, seed, folder / "replay", extent))
                        bar.update()
            results = BenchResults(
                bundle_version=manifest.version,
                detector_precision=manifest.detector.shipped_precision,
                settings=self._decides(tuple(store.id for store, _ in plans.values())),
                runs=tuple(runs),
            )
            _write(results, folder)
        flat = {name: figure.value for name, figure in results.overall().items()}
        log.metrics(flat)
        if golden and self.golden:
            compare_with_golden(results, golden, self.golden)
        files = (
            METRICS_NAME,
            "table.md",
            "table.csv",
            "crossing_faults.csv",
            "golden.json",
            "stores.png",
            "counts.png",
        )
        return StageResult(
            metrics=flat, artifacts=tuple(self.out_dir / name for name in files), summary=summary_lines(results)
        )

    def _plans(self) -> dict[Path, tuple[StoreConfig, TwinPlan]]:
        plans: dict[Path, tuple[StoreConfig, TwinPlan]] = {}
        for path in self.stores:
            store = load_store(path)
            if any(store.id == other.id for other, _ in plans.values()) or len(set(self.seeds)) < len(self.seeds):
                raise DongsunError(
                    expected="different stores and different seeds",
                    got=f"{[str(p) for p in self.stores]}, seeds {list(self.seeds)}",
                    where="twin bench",
                    mend="name each store and seed once: a repeated run is no new evidence",
                )
            plans[path] = (store, twin_plan(store, path))
        return plans

    def _film(self, path: Path, store: StoreConfig, log: RunLog) -> None:
        splits = tuple(self._split(seed) for seed in self.seeds)
        TwinStage(store=path, output_dir=self.work_dir / store.id, splits=splits, workers=self.workers).run(log)

    def _split(self, seed: int) -> TwinSplit:
        return TwinSplit(
            name=f"bench-{seed}",
            seed=seed,
            first_person=_FIRST_PERSON + seed * _PEOPLE_A_SEED,
            people=self.people,
            duration_s=self.minutes * 60.0,
            warmup_s=self.warmup_s,
            starts_at=self._starts_at(seed),
        )

    def _starts_at(self, seed: int) -> str:
        return self.starts_at[self.seeds.index(seed) % len(self.starts_at)]

    def _count(
        self, path: Path, store: StoreConfig, plan: TwinPlan, seed: int, replays: Path, box_extent: BoxExtent
    ) -> RunFigures:
        split_dir = self.work_dir / store.id / f"bench-{seed}"
        cameras: list[CameraFigures] = []
        for camera_id in store.cameras:
            out = replays / store.id / str(seed) / camera_id
            summary = run_count(
                CountSettings(
                    bundle=self.bundle,
                    store=store,
                    store_file=path,
                    camera_id=camera_id,
                    source=split_dir / f"{camera_id}.mp4",
                    out=out,
                    threads=self.threads,
                    progress=False,
                )
            )
            filmed = FilmedCamera(store, plan, camera_id, split_dir, self._starts_at(seed))
            cameras.append(
                judge_camera(
                    filmed,
                    out,
                    summary,
                    box_extent=box_extent,
                    tolerance_s=self.tolerance_s,
                    difficulties=self.difficulties,
                )
            )
        return RunFigures(store.id, seed, tuple(cameras))

    def _decides(self, store_ids: tuple[str, ...]) -> dict[str, object]:
        """What decides the figures besides bundle and code."""
        return {
            "stores": list(store_ids),
            "seeds": list(self.seeds),
            "minutes": self.minutes,
            "people": self.people,
            "warmup_s": self.warmup_s,
            "starts_at": list(self.starts_at),
            "tolerance_s": self.tolerance_s,
        }


def _write(results: BenchResults, folder: Path) -> None:
    write_json(folder / METRICS_NAME, results.as_json())
    write_text(folder / "table.md", markdown_tables(results))
    write_text(folder / "table.csv", csv_table(results))
    write_text(folder / "crossing_faults.csv", faults_table(results))
    write_golden(results, folder / "golden.json")
    plot_stores(results, folder / "stores.png")
    plot_counts(results, folder / "counts.png")
