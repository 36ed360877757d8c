"""Everything that ingest could not use, counted and listed, never silently skipped."""

import csv
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_EXAMPLES = 5


@dataclass(frozen=True)
class Problem:
    """One thing found wrong: its kind, the file and what was seen."""

    kind: str
    path: str
    detail: str


class ProblemLog:
    """Streams problems to a CSV and keeps counts and the first examples of each kind."""

    def __init__(self, stream: IO[str]) -> None:
        self._csv = csv.writer(stream)
        self._csv.writerow(["kind", "path", "detail"])
        self._counts: Counter[str] = Counter()
        self._set_aside: Counter[str] = Counter()
        self._examples: dict[str, list[Problem]] = {}

    def add(self, kind: str, path: str, detail: str = "") -> None:
        """Records one problem. Bytes that are not UTF-8 are shown escaped."""
        problem = Problem(kind, _printable(path), _printable(detail))
        self._csv.writerow([problem.kind, problem.path, problem.detail])
        self._counts[kind] += 1
        examples = self._examples.setdefault(kind, [])
        if len(examples) < _EXAMPLES:
            examples.append(problem)

    def set_aside(self, kind: str) -> None:
        """Counts something that the settings leave out on purpose (junk ids, boxes too small): no problem, no line."""
        self._set_aside[kind] += 1

    @property
    def counts(self) -> dict[str, int]:
        """Problems per kind."""
        return dict(sorted(self._counts.items()))

    @property
    def left_out(self) -> dict[str, int]:
        """Things left out on purpose, per kind."""
        return dict(sorted(self._set_aside.items()))

    @property
    def examples(self) -> dict[str, list[Problem]]:
        """The first problems of each kind."""
        return dict(sorted(self._examples.items()))


@contextmanager
def problem_log(path: Path) -> Iterator[ProblemLog]:
    """Opens the CSV at `path` and yields its log."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        yield ProblemLog(stream)


def _printable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
