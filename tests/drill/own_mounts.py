"""Mounting a small disk without being root: in a mount namespace of one's own, where the system permits it."""

import shutil
import subprocess
from pathlib import Path

_PREFIX = ("unshare", "--user", "--map-root-user", "--mount")


def with_own_mounts(command: list[str]) -> list[str] | None:
    """The command in a namespace in which `mount_small_disk` works; None where the system permits none."""
    if shutil.which(_PREFIX[0]) is None:
        return None
    tried = subprocess.run([*_PREFIX, "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, check=False)
    return None if tried.returncode else [*_PREFIX, *command]


def mount_small_disk(folder: Path, size_bytes: int) -> None:
    """A file system of that size on `folder`, gone with the namespace."""
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size_bytes}", "tmpfs", str(folder)], check=True)
