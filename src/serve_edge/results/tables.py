"""The tables of a run, as CSV."""

import csv
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from dongsun.contract.clock import iso_utc
from dongsun.serve_edge.pipeline.people import IdentifiedSighting

TRACK_COLUMNS = ("frame_index", "track_id", "x0_px", "y0_px", "x1_px", "y1_px", "score")


def write_observations(path: Path, kind: type[BaseModel], rows: Sequence[BaseModel]) -> None:
    """Writes observations of one kind: a column a field, mappings as JSON, instants as ISO 8601 UTC, None empty."""
    columns = list(kind.model_fields)
    _write(path, columns, ([_cell(getattr(row, column)) for column in columns] for row in rows))


def write_tracks(path: Path, sightings: Iterable[IdentifiedSighting]) -> None:
    """Writes where every track was seen, by frame and track: geometry only."""
    ordered = sorted(sightings, key=lambda item: (item.sighting.frame_index, item.track_id))
    _write(path, TRACK_COLUMNS, (_track_row(item) for item in ordered))


def _track_row(item: IdentifiedSighting) -> list[str]:
    s = item.sighting
    return [str(s.frame_index), str(item.track_id), *(f"{v:.2f}" for v in s.seen_xyxy_px), f"{s.score:.4f}"]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):
        return json.dumps(value, sort_keys=True, ensure_ascii=False)
    if isinstance(value, float):
        return f"{value:.3f}"
    return iso_utc(value) if hasattr(value, "tzinfo") else str(value)


def _write(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
