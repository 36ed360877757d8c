"""What a pipeline stage receives and returns, free of Hydra and MLflow."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol


class RunLog(Protocol):
    """Where a running stage reports its curves; the front door puts them into MLflow."""

    def metrics(self, values: Mapping[str, float], step: int | None = None) -> None:
        """Records named values, at a step of a curve when `step` is given."""

    def child(self, name: str, params: Mapping[str, Any]) -> "AbstractContextManager[RunLog]":
        """A run of its own under this one, for a study's cell; an exception marks it failed."""


class SilentRunLog:
    """A `RunLog` that keeps nothing, for library use and tests."""

    def metrics(self, values: Mapping[str, float], step: int | None = None) -> None:
        """Drops the values."""

    @contextmanager
    def child(self, name: str, params: Mapping[str, Any]) -> "Iterator[RunLog]":
        """As silent."""
        yield self


@dataclass(frozen=True)
class StageResult:
    """What a finished stage says of itself.

    Attributes:
        metrics: Flat name → value; the headline figures.
        artifacts: Small files worth keeping with the run (plots, summaries, model cards), not data sets.
        registered_model: Directory of a bundle to register as a model version, if the stage made one.
        summary: A few lines for the person at the terminal.
    """

    metrics: Mapping[str, float] = field(default_factory=dict)
    artifacts: tuple[Path, ...] = ()
    registered_model: Path | None = None
    summary: str = ""


class Stage(Protocol):
    """A stage: a frozen dataclass of settings with one method."""

    def run(self, log: RunLog) -> StageResult:
        """Does the work; raises `DongsunError` on input that a user can mend."""
