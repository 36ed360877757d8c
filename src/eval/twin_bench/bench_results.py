"""All runs of a bench, and what they say together: over everything, by store, by line, by camera."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from dongsun.eval.counting_metrics import EventCounts
from dongsun.eval.twin_bench.estimate import Estimate, Ratio, estimate
from dongsun.eval.twin_bench.figures import RunFigures, camera_ratios, event_ratios, run_ratios

Estimates = dict[str, Estimate]
"""Figure → its estimate; a figure of which no run says anything is absent."""


@dataclass(frozen=True)
class BenchResults:
    """What a bench measured.

    Attributes:
        bundle_version: Of the bundle.
        detector_precision: It ran at.
        settings: What decides the figures besides bundle and code: stores, seeds, minutes, people and so on.
        runs: One a store and seed.
    """

    bundle_version: str
    detector_precision: str
    settings: Mapping[str, Any]
    runs: tuple[RunFigures, ...]

    @property
    def stores(self) -> tuple[str, ...]:
        """In the order of the runs."""
        return tuple(dict.fromkeys(run.store_id for run in self.runs))

    def seeds_of(self, store_id: str) -> tuple[int, ...]:
        """A store's runs."""
        return tuple(run.seed for run in self.runs if run.store_id == store_id)

    def overall(self) -> Estimates:
        """Every figure over all runs."""
        return _estimates(run_ratios(run) for run in self.runs)

    def by_store(self) -> dict[str, Estimates]:
        """Every figure over a store's seeds."""
        return {
            store: _estimates(run_ratios(run) for run in self.runs if run.store_id == store) for store in self.stores
        }

    def by_camera(self) -> dict[str, Estimates]:
        """`store/camera` → every figure over the seeds."""
        cameras: dict[str, list[dict[str, Ratio]]] = {}
        for run in self.runs:
            for camera in run.cameras:
                cameras.setdefault(f"{run.store_id}/{camera.camera_id}", []).append(camera_ratios(camera))
        return {name: _estimates(shares) for name, shares in cameras.items()}

    def by_line(self) -> dict[str, tuple[EventCounts, Estimates]]:
        """`store/camera/line` → its events over all seeds, and its figures over the seeds."""
        lines: dict[str, list[EventCounts]] = {}
        for run in self.runs:
            for camera in run.cameras:
                for line_id, counts in camera.lines.items():
                    lines.setdefault(f"{run.store_id}/{camera.camera_id}/{line_id}", []).append(counts)
        return {
            name: (sum(counts, start=EventCounts(0, 0, 0)), _estimates(event_ratios(c) for c in counts))
            for name, counts in lines.items()
        }

    def as_json(self) -> dict[str, Any]:
        """Plain values for `metrics.json`."""
        return {
            "footage": "synthetic",
            "bundle_version": self.bundle_version,
            "detector_precision": self.detector_precision,
            "settings": dict(self.settings),
            "overall": _plain(self.overall()),
            "stores": {name: _plain(figures) for name, figures in self.by_store().items()},
            "cameras": {name: _plain(figures) for name, figures in self.by_camera().items()},
            "lines": {
                name: {"events": asdict(counts), **_plain(figures)}
                for name, (counts, figures) in self.by_line().items()
            },
            "runs": [asdict(run) for run in self.runs],
        }


def _estimates(runs: Iterable[Mapping[str, Ratio]]) -> Estimates:
    gathered: dict[str, list[Ratio]] = {}
    for ratios in runs:
        for name, ratio in ratios.items():
            gathered.setdefault(name, []).append(ratio)
    found = {name: estimate(shares) for name, shares in gathered.items()}
    return {name: figure for name, figure in found.items() if figure is not None}


def _plain(figures: Estimates) -> dict[str, Any]:
    return {name: asdict(figure) for name, figure in figures.items()}
