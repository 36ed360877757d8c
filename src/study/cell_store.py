"""Finished cells on disk, so that a study that was killed goes on where it was."""

import hashlib
import json
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from dongsun.contract.durable import write_json
from dongsun.study.cell import Cell, CellResult

_RESULT = TypeAdapter(CellResult)
_FINGERPRINT = "fingerprint"


class CellStore:
    """One JSON file a finished cell, named by the cell and a fingerprint of its settings and of the data.

    Args:
        folder: Where the files are; made when the first one is written.
        data_fingerprint: Of everything outside the cell's settings that decides its outcome.
    """

    def __init__(self, folder: Path, data_fingerprint: str) -> None:
        self._folder = folder
        self._data_fingerprint = data_fingerprint

    def fingerprint(self, cell: Cell) -> str:
        """SHA-256 of the data's fingerprint and the cell."""
        whole = {"data": self._data_fingerprint, "row": cell.row, "settings": dict(cell.settings), "seed": cell.seed}
        return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()

    def path_of(self, cell: Cell, suffix: str = ".json") -> Path:
        """The cell's file; with another suffix a place for what belongs to it, such as weights."""
        return self._folder / f"{cell.name}-{self.fingerprint(cell)[:12]}{suffix}"

    def read(self, cell: Cell) -> CellResult | None:
        """The finished cell; None where it isn't finished, or its file is of another cell or damaged."""
        path = self.path_of(cell)
        if not path.is_file():
            return None
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            if content.pop(_FINGERPRINT) != self.fingerprint(cell):
                return None
            return _RESULT.validate_python(content)
        except (ValueError, KeyError, TypeError, AttributeError, ValidationError):
            return None

    def write(self, result: CellResult) -> None:
        """Keeps a finished cell, durably."""
        path = self.path_of(result.cell)
        path.parent.mkdir(parents=True, exist_ok=True)
        content = _RESULT.dump_python(result, mode="json")
        write_json(path, {_FINGERPRINT: self.fingerprint(result.cell), **content})
