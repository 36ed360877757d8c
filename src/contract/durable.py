"""Writing that a kill at any moment cannot leave half-done: temporary name, fsync, rename."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_TEMPORARY_SUFFIX = ".partial"


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _temporary_name(path: Path) -> Path:
    return path.with_name(f".{path.name}{_TEMPORARY_SUFFIX}")


@contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """Yields a temporary path beside `path`; on a clean exit it is fsynced and renamed to `path`.

    On an exception the temporary file is removed and `path` is what it was before.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # The suffix stays last so that writers which choose a format by it (cv2.imwrite, av.open) still can.
    temporary = path.with_name(f".{path.stem}{_TEMPORARY_SUFFIX}{path.suffix}")
    try:
        yield temporary
        _fsync(temporary)
        temporary.replace(path)
        _fsync(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def atomic_directory(path: Path) -> Iterator[Path]:
    """Yields an empty temporary directory beside `path`; on a clean exit it takes the place of `path` whole.

    What stood at `path` before stays until the new directory is complete and synced. A directory left by a killed
    run under the temporary name is discarded by the next one.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = _temporary_name(path)
    previous = path.with_name(f".{path.name}.previous")
    if previous.exists() and not path.exists():
        previous.replace(path)  # a kill fell between the two renames below: take the old one back
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir()
    try:
        yield temporary
        for entry in sorted(temporary.rglob("*")):
            if not entry.is_symlink():
                _fsync(entry)
        _fsync(temporary)
        shutil.rmtree(previous, ignore_errors=True)
        if path.exists():
            path.replace(previous)
        temporary.replace(path)
        _fsync(path.parent)
        shutil.rmtree(previous, ignore_errors=True)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def write_text(path: Path, text: str) -> None:
    """Writes `text` as UTF-8 to `path`, atomically."""
    with atomic_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, value: Any) -> None:
    """Writes `value` as indented JSON to `path`, atomically. NaN and infinity are refused (`ValueError`)."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")
