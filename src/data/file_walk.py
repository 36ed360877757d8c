"""Walking folders of millions of files whose names may be in any spelling."""

import os
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from dongsun.data.problems import ProblemLog


def normalised(text: str) -> str:
    """NFC: macOS spells 한 as three letters (NFD), most archives as one syllable; compare in this spelling only."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def walk_files(root: Path, problems: ProblemLog) -> Iterator[Path]:
    """Yields every file below `root`, as `walk_names` does, as paths that begin with `root`."""
    for name in walk_names(root, problems):
        yield root / name


def walk_names(root: Path, problems: ProblemLog) -> Iterator[str]:
    """Yields every file below `root` relative to it, folder by folder, sorted within one (memory: one folder's names).

    Names are spelled as on disk. Those that are not UTF-8 (archives unpacked under another code page) cannot stand in
    a manifest; they, links to folders and unreadable folders are listed as problems.
    """
    yield from _walk(str(root), "", problems)


def _walk(root: str, folder: str, problems: ProblemLog) -> Iterator[str]:
    # Bare names, not entries or paths: one folder may hold millions.
    names: list[str] = []
    folders: set[str] = set()
    try:
        with os.scandir(f"{root}{os.sep}{folder}") as scan:
            for entry in scan:
                if not _is_utf8(entry.name):
                    problems.add(
                        "path_not_utf8", entry.path, "rename it (for Korean archives: unpack with unzip -O cp949)"
                    )
                elif entry.is_dir(follow_symlinks=False):
                    folders.add(entry.name)
                    names.append(entry.name)
                elif entry.is_symlink() and entry.is_dir():
                    problems.add("linked_folder_not_followed", entry.path)
                else:
                    names.append(entry.name)
    except OSError as error:
        problems.add("unreadable_folder", f"{root}{os.sep}{folder}", str(error))
        return
    names.sort()  # two spellings of one name may stand side by side
    names.sort(key=normalised)  # a pair as key would take as much memory again
    for name in names:
        inside = f"{folder}{os.sep}{name}" if folder else name
        if name in folders:
            yield from _walk(root, inside, problems)
        else:
            yield inside


def _is_utf8(name: str) -> bool:
    if name.isascii():
        return True
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
