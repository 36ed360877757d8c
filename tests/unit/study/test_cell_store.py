from dataclasses import replace
from pathlib import Path

import pytest

from dongsun.study.cell import Cell, CellResult, CurvePoint, Outcome, PersonScores
from dongsun.study.cell_store import CellStore

CELL = Cell("frozen-P4-gap", {"cut": "P4", "steps": 40, "rate": 1e-3, "none": None, "yes": True}, 3)
SCORES = PersonScores((0.5, 1.25), (1, 2))
RESULT = CellResult(
    CELL, Outcome({"map": 0.1 + 0.2}, {"test": SCORES}, (CurvePoint(64, 1.5, 0.25, SCORES),)), seconds=2.5
)


@pytest.fixture
def store(tmp_path: Path) -> CellStore:
    return CellStore(tmp_path / "cells", "data")


def test_what_was_written_is_read_to_the_last_bit(store: CellStore) -> None:
    assert store.read(CELL) is None
    store.write(RESULT)
    assert store.read(CELL) == RESULT


@pytest.mark.parametrize(
    "other",
    [replace(CELL, seed=4), replace(CELL, row="frozen-P4-gem"), replace(CELL, settings={**CELL.settings, "steps": 41})],
)
def test_another_cell_is_another_file(store: CellStore, other: Cell) -> None:
    store.write(RESULT)
    assert store.read(other) is None
    assert store.fingerprint(other) != store.fingerprint(CELL)


def test_other_data_are_another_cell(store: CellStore, tmp_path: Path) -> None:
    store.write(RESULT)
    assert CellStore(tmp_path / "cells", "other data").read(CELL) is None


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"fingerprint": "x"}'])
def test_a_damaged_file_is_no_result(store: CellStore, content: str) -> None:
    store.write(RESULT)
    store.path_of(CELL).write_text(content, encoding="utf-8")
    assert store.read(CELL) is None


def test_a_file_of_another_fingerprint_is_no_result(store: CellStore) -> None:
    other = replace(CELL, seed=9)
    store.write(replace(RESULT, cell=other))
    store.path_of(other).rename(store.path_of(CELL))
    assert store.read(CELL) is None
