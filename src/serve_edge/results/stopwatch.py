"""Where the time of a frame goes."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class StageTime:
    """Time per frame of one stage, milliseconds."""

    p50_ms: float
    mean_ms: float


class Stopwatch:
    """Measures named stages of each frame.

    Args:
        stages: Their names, in order.
    """

    def __init__(self, stages: tuple[str, ...]) -> None:
        self._samples: dict[str, list[float]] = {stage: [] for stage in stages}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measures the block as one frame's time in a stage."""
        started = time.perf_counter()
        yield
        self.add(name, time.perf_counter() - started)

    def add(self, name: str, seconds: float) -> None:
        """Adds one frame's time in a stage."""
        self._samples[name].append(seconds)

    def times(self) -> dict[str, StageTime]:
        """Median and mean of every stage; zero where no frame was."""
        return {
            name: StageTime(round(float(np.median(s)) * 1e3, 3), round(float(np.mean(s)) * 1e3, 3))
            if s
            else StageTime(0.0, 0.0)
            for name, s in self._samples.items()
        }
