"""Golden figures: what a bench must measure again, within tolerances, or the stage fails."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dongsun.contract.durable import write_json
from dongsun.contract.errors import DongsunError
from dongsun.eval.twin_bench.bench_results import BenchResults

_TOLERANCE = {"id_switches_per_min": 6.0, "occupancy_error": 0.15, "dwell_error_p50_s": 0.3, "dwell_error_p90_s": 1.5}
_SHARE_TOLERANCE = 0.05
"""Films and counts are exact on one machine; another's processor moves a few boxes by a rounding."""


class GoldenFigure(BaseModel):
    """One figure and how far it may move."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    value: float
    tolerance: float = Field(ge=0)


class Golden(BaseModel):
    """A committed golden file: only the same bundle and settings may be compared with it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    bundle_version: str
    settings: dict[str, Any]
    figures: dict[str, GoldenFigure]


def read_golden(path: Path) -> Golden:
    """Reads a golden file.

    Raises:
        DongsunError: The file is absent or breaks the format.
    """
    try:
        return Golden.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except (FileNotFoundError, json.JSONDecodeError, ValidationError) as error:
        raise DongsunError(
            expected="golden figures",
            got="no file" if isinstance(error, FileNotFoundError) else str(error),
            where=str(path),
            mend="copy the golden.json that a trusted run of the bench wrote",
        ) from error


def golden_of(results: BenchResults) -> Golden:
    """The golden file that this bench would be: figures over all runs, with usual tolerances."""
    return Golden(
        bundle_version=results.bundle_version,
        settings=dict(results.settings),
        figures={
            name: GoldenFigure(value=round(figure.value, 4), tolerance=_TOLERANCE.get(name, _SHARE_TOLERANCE))
            for name, figure in results.overall().items()
        },
    )


def write_golden(results: BenchResults, path: Path) -> None:
    """Writes `golden_of(results)`."""
    write_json(path, golden_of(results).model_dump(mode="json"))


def compare_with_golden(results: BenchResults, golden: Golden, where: Path) -> None:
    """Returns quietly if every golden figure was measured again within its tolerance.

    Raises:
        DongsunError: Bundle or settings are others, a figure is missing, or one lies out of tolerance.
    """
    measured = golden_of(results)
    asked, ran = _asked(golden), _asked(measured)
    different = [key for key in sorted(asked.keys() | ran.keys()) if asked.get(key) != ran.get(key)]
    if different:
        raise DongsunError(
            expected="; ".join(f"{key} {asked.get(key)}" for key in different),
            got="; ".join(f"{key} {ran.get(key)}" for key in different),
            where=str(where),
            mend="run the bench with the settings of the golden file, or make the file again",
        )
    moved = [
        f"{name} {_text(measured.figures, name)} instead of {figure.value:.4g} ± {figure.tolerance:.3g}"
        for name, figure in golden.figures.items()
        if name not in measured.figures or abs(measured.figures[name].value - figure.value) > figure.tolerance
    ]
    if moved:
        raise DongsunError(
            expected=f"the golden figures of {where.name}",
            got="; ".join(moved),
            where=str(where),
            mend="find what changed the counts; if it is meant, copy the new golden.json and say why in the commit",
        )


def _asked(golden: Golden) -> dict[str, Any]:
    # Through JSON, so that tuples and lists compare alike.
    asked: dict[str, Any] = json.loads(json.dumps({"bundle_version": golden.bundle_version, **golden.settings}))
    return asked


def _text(figures: Mapping[str, GoldenFigure], name: str) -> str:
    return f"{figures[name].value:.4g}" if name in figures else "missing"
