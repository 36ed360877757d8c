"""Stage: raw data → verified manifests, with a list of everything that could not be used."""

import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass
from tqdm import tqdm

from dongsun.contract.durable import atomic_directory, write_json
from dongsun.contract.errors import DongsunError
from dongsun.contract.stage import RunLog, StageResult
from dongsun.data.audit import AuditResult
from dongsun.data.manifest import MANIFEST_NAME, write_manifest
from dongsun.data.problems import ProblemLog, problem_log
from dongsun.data.readers.reader import Reader, Workspace
from dongsun.data.records import DetectorRecord, ReidRecord
from dongsun.data.remarks import remarks
from dongsun.data.staging import StagingTable


@dataclass(frozen=True, config=ConfigDict(arbitrary_types_allowed=True))
class IngestStage:
    """Reads one store's data set.

    Attributes:
        reader: Where the records come from.
        out_dir: `data/interim/<store>`; replaced whole when ingest succeeds.
    """

    reader: Reader
    out_dir: Path

    def run(self, log: RunLog) -> StageResult:
        """Writes manifests, problems and the report.

        Raises:
            DongsunError: The data set is missing or breaks a rule of the manifests; `out_dir` is left as it was.
        """
        with atomic_directory(self.out_dir) as temporary:
            report = self._ingest(temporary)
            write_json(temporary / "ingest_report.json", report)
        shutil.rmtree(self._progress_dir, ignore_errors=True)
        metrics = _flat_counts(report)
        log.metrics(metrics)
        return StageResult(
            metrics=metrics,
            artifacts=(self.out_dir / "ingest_report.json", self.out_dir / "problems.csv"),
            summary=_summary(report),
        )

    @property
    def _progress_dir(self) -> Path:
        # Beside the data set, because `atomic_directory` discards what a killed run left in its own.
        return self.out_dir.with_name(f".{self.out_dir.name}.progress")

    def _ingest(self, temporary: Path) -> dict[str, Any]:
        workspace = Workspace(
            temporary / "detector", temporary / "reid", temporary / ".scratch", self._progress_dir.absolute()
        )
        for folder in (workspace.detector_dir, workspace.reid_dir, workspace.scratch_dir):
            folder.mkdir()
        with (
            problem_log(temporary / "problems.csv") as problems,
            closing(StagingTable(workspace.scratch_dir / "reid.sqlite", ReidRecord)) as crops,
            closing(StagingTable(workspace.scratch_dir / "detector.sqlite", DetectorRecord)) as frames,
        ):
            for record in tqdm(self.reader.read(workspace, problems), desc="ingest", unit="image", disable=None):
                if isinstance(record, ReidRecord):
                    crops.add(record)
                else:
                    frames.add(record)
            if not crops.rows + frames.rows:
                raise _nothing_found(self.reader.source, problems)
            detector = self._write_detector(frames, workspace) if frames.rows else None
            reid = self._write_reid(crops, workspace, problems) if crops.rows else None
        shutil.rmtree(workspace.scratch_dir)
        for folder, result in ((workspace.detector_dir, detector), (workspace.reid_dir, reid)):
            if result is None:
                shutil.rmtree(folder)
        return {
            "source": self.reader.source,
            "detector": asdict(detector) if detector else None,
            "reid": asdict(reid) if reid else None,
            "clips": [asdict(clip) for clip in workspace.clips],
            "remarks": remarks(reid) if reid else (),
            "problems": problems.counts,
            "left_out_on_purpose": problems.left_out,
            "first_examples": {kind: [asdict(p) for p in some] for kind, some in problems.examples.items()},
        }

    def _write_detector(self, frames: StagingTable[DetectorRecord], workspace: Workspace) -> AuditResult:
        final = self.out_dir.resolve() / "detector"
        path = workspace.detector_dir / MANIFEST_NAME
        with write_manifest(
            path, DetectorRecord, class_names=self.reader.class_names, box_extent=self.reader.box_extent
        ) as writer:
            for record in frames.in_stratum_order():
                label = None if record.label_path is None else reference_path(record.label_path, final)
                writer.write(replace(record, path=reference_path(record.path, final), label_path=label))
        return _verified(writer.result)

    def _write_reid(self, crops: StagingTable[ReidRecord], workspace: Workspace, problems: ProblemLog) -> AuditResult:
        final = self.out_dir.resolve() / "reid"
        path = workspace.reid_dir / MANIFEST_NAME
        split_of = self.reader.splits.plan(crops.person_summaries(), crops.camera_count())
        with write_manifest(path, ReidRecord, camera_rule=self.reader.splits.camera_rule) as writer:
            for record in crops.in_stratum_order():
                split = split_of(record)
                if split is None:
                    problems.set_aside("training_person_in_test_time")
                    if not Path(record.path).is_absolute():
                        (workspace.reid_dir / record.path).unlink()
                    continue
                writer.write(replace(record, path=reference_path(record.path, final), split=split))
        return _verified(writer.result)


def reference_path(path: str, manifest_dir: Path) -> str:
    """How a manifest spells a path.

    Files under the same `data/` folder (three levels above the manifest) are spelled relative to the manifest, so
    that the whole can move; others stay absolute.
    """
    # On strings: this runs millions of times, and pathlib would take half of the whole ingest.
    near, data, way_up = _surroundings(manifest_dir)
    if path.startswith(near):
        return os.path.relpath(path, manifest_dir)
    return f"{way_up}{path[len(data) :]}" if path.startswith(data) else path


@cache
def _surroundings(manifest_dir: Path) -> tuple[str, str, str]:
    """The folders `data/interim/` and `data/` above a manifest, and the way from it up to the latter."""
    data = manifest_dir.parents[2]
    way_up = os.path.relpath(data, manifest_dir)
    return f"{manifest_dir.parents[1]}{os.sep}", f"{data}{os.sep}", f"{way_up}{os.sep}"


def _verified(result: AuditResult | None) -> AuditResult:
    assert result is not None, "write_manifest sets the result on a clean exit"
    return result


def _nothing_found(source: str, problems: ProblemLog) -> DongsunError:
    return DongsunError(
        expected=f"images of data set {source}",
        got=f"none; problems: {problems.counts or 'none'}; left out: {problems.left_out or 'none'}",
        where="ingest",
        mend="check the folder and the reader's settings in conf/dataset",
    )


def _flat_counts(report: dict[str, Any]) -> dict[str, float]:
    counts: dict[str, float] = {"problems": float(sum(report["problems"].values()))}
    for part, what in (("detector", "images"), ("reid", "images"), ("reid", "persons")):
        for split, count in ((report[part] or {}).get(what) or {}).items():
            counts[f"{part}_{what}_{split}"] = float(count)
    return counts


def _summary(report: dict[str, Any]) -> str:
    return "\n".join(_summary_lines(report))


def _summary_lines(report: dict[str, Any]) -> Iterator[str]:
    for part in ("detector", "reid"):
        if report[part]:
            images = ", ".join(f"{split} {count}" for split, count in report[part]["images"].items())
            persons = ", ".join(f"{split} {count}" for split, count in report[part]["persons"].items())
            yield f"{part}: images {images}" + (f"; persons {persons}" if persons else "")
    yield from report["remarks"]
    for title in ("problems", "left_out_on_purpose"):
        if report[title]:
            yield f"{title.replace('_', ' ')}: " + ", ".join(f"{kind} {n}" for kind, n in report[title].items())
