"""Walking folders of millions of files whose names may be in any spelling."""

import os
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from dongsun.data.problems import ProblemLog


def normalised(text: str) -> str:
    """NFC: macOS spells 한 as three letters (NFD), most archives as one syllable; compare in this spelling only."""
    return unicodedata.normalize("NFC", text)


def walk_files(root: Path, problems: ProblemLog) -> Iterator[Path]:
    """Yields every file below `root`, folder by folder, names sorted within one (memory: one folder's names).

    Paths are spelled as on disk. Those that are not UTF-8 (archives unpacked under another code page) cannot stand in
    a manifest; they, links to folders and unreadable folders are listed as problems.
    """
    try:
        with os.scandir(root) as scan:
            entries = sorted(scan, key=lambda entry: normalised(entry.name))
    except OSError as error:
        problems.add("unreadable_folder", str(root), str(error))
        return
    for entry in entries:
        path = Path(entry.path)
        if not _is_utf8(entry.name):
            problems.add("path_not_utf8", entry.path, "rename it (for Korean archives: unpack with unzip -O cp949)")
        elif entry.is_dir(follow_symlinks=False):
            yield from walk_files(path, problems)
        elif entry.is_dir():
            problems.add("linked_folder_not_followed", entry.path)
        else:
            yield path


def _is_utf8(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
