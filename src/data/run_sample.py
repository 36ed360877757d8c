"""Stage: verified manifests → the training images that are worth the time, with the other splits whole."""

import csv
import os
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass
from tqdm import tqdm

from dongsun.contract.detections import BoxExtent
from dongsun.contract.durable import atomic_directory
from dongsun.contract.errors import DongsunError
from dongsun.contract.stage import RunLog, StageResult
from dongsun.data.manifest import (
    MANIFEST_NAME,
    count_rows,
    read_box_extent,
    read_class_names,
    read_manifest,
    write_manifest,
)
from dongsun.data.records import DetectorRecord, ReidRecord, Split
from dongsun.data.sampling.policy import SamplingPolicy
from dongsun.data.sampling.stream import SamplingPlan, StratumSummary, sample_stream
from dongsun.data.ultralytics_layout import write_lists

R = TypeVar("R", ReidRecord, DetectorRecord)
_STRATUM_COLUMNS: dict[type, list[str]] = {
    ReidRecord: ["person_id", "camera_id", "sequence_id"],
    DetectorRecord: ["camera_id", "sequence_id"],
}


@dataclass(frozen=True, config=ConfigDict(arbitrary_types_allowed=True))
class SampleStage:
    """Samples one store's training images.

    Attributes:
        in_dir: `data/interim/<store>`.
        out_dir: `data/processed/<store>`; replaced whole when sampling succeeds.
        reid: Policy for crops.
        detector: Policy for frames.
        seed: See `SamplingPlan`.
        calibration_cap: Calibration images to keep at most, of each kind; None keeps all.
        validation_cap: Validation images of people to keep at most; None keeps all, which is slow for large data sets.
        val_every: Every n-th sampled training frame validates the detector's training.
    """

    in_dir: Path
    out_dir: Path
    reid: SamplingPolicy
    detector: SamplingPolicy
    seed: int = 0
    calibration_cap: int | None = Field(default=None, ge=1)
    validation_cap: int | None = Field(default=None, ge=1)
    val_every: int = Field(default=5, ge=2)

    def run(self, log: RunLog) -> StageResult:
        """Writes the sampled manifests, summaries and the detector's lists.

        Raises:
            DongsunError: Ingest has not run, or too little is left to train on; `out_dir` is left as it was.
        """
        metrics: dict[str, float] = {}
        artifacts: list[Path] = []
        with atomic_directory(self.out_dir) as temporary:
            for name in ("detector", "reid"):
                if not (self.in_dir / name / MANIFEST_NAME).is_file():
                    continue
                (temporary / name).mkdir()
                if name == "detector":
                    before, after = self._sample(temporary, name, DetectorRecord, self.detector)
                    lists = write_lists(temporary / name, self.val_every, self.seed)
                    metrics |= {f"detector_list_{key}": float(count) for key, count in lists.items()}
                else:
                    before, after = self._sample(temporary, name, ReidRecord, self.reid)
                metrics |= {f"{name}_{split}": float(count) for split, count in after.items()}
                metrics[f"{name}_train_share"] = after["train"] / max(before["train"], 1)
                artifacts.append(self.out_dir / name / "sampling_summary.csv")
            if not artifacts:
                raise DongsunError(
                    expected="manifests of ingested data",
                    got="none",
                    where=str(self.in_dir),
                    mend="run `dongsun ingest` for this store",
                )
        log.metrics(metrics)
        summary = "\n".join(f"{name}: {value:g}" for name, value in metrics.items())
        return StageResult(metrics=metrics, artifacts=tuple(artifacts), summary=summary)

    def _sample(
        self, temporary: Path, name: str, kind: type[R], policy: SamplingPolicy
    ) -> tuple[dict[Split, int], dict[Split, int]]:
        source = self.in_dir / name / MANIFEST_NAME
        target = temporary / name / MANIFEST_NAME
        counts = count_rows(source, kind)
        plan = SamplingPlan(
            policy, self.seed, counts, self.calibration_cap, self.validation_cap if kind is ReidRecord else None
        )
        old, new = (self.in_dir / name).resolve(), (self.out_dir / name).resolve()
        classes: tuple[str, ...] = ()
        extent: BoxExtent = "visible"
        if kind is DetectorRecord:
            classes, extent = read_class_names(source), read_box_extent(source)
        with (
            (temporary / name / "sampling_summary.csv").open("w", encoding="utf-8", newline="") as stream,
            write_manifest(target, kind, class_names=classes, box_extent=extent) as writer,
        ):
            table = csv.writer(stream)
            table.writerow([*_STRATUM_COLUMNS[kind], "images", "kept"])

            def report(row: StratumSummary) -> None:
                table.writerow([*row.stratum, row.images, row.kept])

            rows = tqdm(
                read_manifest(source, kind), total=sum(counts.values()), desc=f"sample {name}", unit="row", disable=None
            )
            for record in sample_stream(rows, plan, report):
                writer.write(_moved(record, old, new))
        return counts, count_rows(target, kind)


def _moved(record: R, old_dir: Path, new_dir: Path) -> R:
    """The record as spelled from another folder; absolute paths stay."""

    def spelled(path: str) -> str:
        return path if path.startswith(os.sep) else os.path.relpath(f"{old_dir}{os.sep}{path}", new_dir)

    if isinstance(record, DetectorRecord) and record.label_path is not None:
        return replace(record, path=spelled(record.path), label_path=spelled(record.label_path))
    return replace(record, path=spelled(record.path))
